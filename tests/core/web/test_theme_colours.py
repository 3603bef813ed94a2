"""An organisation may choose any colour; what is made of it can always be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.web.assets import (
    AA,
    BACKGROUNDS,
    QUIET,
    contrast,
    organisation_stylesheet,
    organisation_tokens,
    readable,
)

COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(colour=COLOURS, scheme=st.sampled_from(sorted(BACKGROUNDS)))
def test_any_colour_is_shifted_until_it_reads(colour: str, scheme: str) -> None:
    found = readable(colour, BACKGROUNDS[scheme])
    assert all(contrast(found, ground) >= AA for ground in BACKGROUNDS[scheme])


@given(colour=COLOURS)
def test_a_colour_that_reads_already_stays(colour: str) -> None:
    found = readable(colour, BACKGROUNDS["light"])
    if all(contrast(colour, ground) >= AA for ground in BACKGROUNDS["light"]):
        assert found == colour
    else:
        assert found != colour


@given(colour=COLOURS)
def test_every_token_made_of_a_colour_reads_where_it_is_used(colour: str) -> None:
    for scheme, tokens in organisation_tokens(colour).items():
        for ground in (*BACKGROUNDS[scheme], tokens["accent-soft"]):
            assert contrast(tokens["accent"], ground) >= AA
        assert contrast(tokens["on-accent"], tokens["accent"]) >= AA
        assert contrast(tokens["on-accent"], tokens["accent-strong"]) >= AA
        assert contrast(QUIET[scheme], tokens["accent-soft"]) >= AA


def test_a_colour_is_shifted_no_further_than_needed() -> None:
    found = readable("#ff8800", ("#ffffff",))
    assert AA <= contrast(found, "#ffffff") < 4.6


@pytest.mark.parametrize("wrong", ["", "red", "#fff", "8a3b6a", "#8a3b6g", "#8a3b6a;}body{", "url(x)"])
def test_what_is_not_a_colour_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="A colour is written like"):
        organisation_stylesheet(wrong)


def test_backgrounds_that_no_colour_suits_are_named() -> None:
    with pytest.raises(ValueError, match="#000000, #ffffff"):
        readable("#8a3b6a", ("#000000", "#ffffff"))


def test_the_sheet_of_an_organisation_sets_accents_and_nothing_else() -> None:
    sheet = organisation_stylesheet("#FF8800")
    names = set(re.findall(r"--([a-z-]+):", sheet))
    assert names == {"accent", "accent-strong", "accent-soft", "on-accent"}
    assert sheet.count("{") == sheet.count("}") == 4
