"""Text of every colour reads on every background, in both schemes; computed from the style sheet itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from parlour.web.assets import AA, BACKGROUNDS, QUIET, contrast

TOKENS = Path(__file__).parents[3] / "themes/default/static/tokens.css"
TEXTS = ("ink", "muted", "accent", "good", "warn", "bad", "info")
GROUNDS = (
    "paper",
    "surface",
    "accent-soft",
    "sunken",
    "side",
    "good-soft",
    "warn-soft",
    "bad-soft",
    "info-soft",
)
FILLED = (
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-bad", "bad"),
    ("on-bad", "bad-strong"),
    *((f"hue-{number}", f"hue-{number}-soft") for number in range(1, 7)),
)
# What only marks the edge of a control needs 3:1 (WCAG 2.2, 1.4.11).
EDGES = tuple((edge, ground) for edge in ("field-line", "accent") for ground in ("paper", "surface"))


def tokens_after(opening: str) -> dict[str, str]:
    """The custom properties of the block that `opening` starts."""
    text = TOKENS.read_text()
    block = text[text.index(opening) + len(opening) :]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[: block.index("}")]))


LIGHT = tokens_after(':root,\n[data-theme="light"] {')
DARK = tokens_after('\n[data-theme="dark"] {')
SCHEMES = {"light": LIGHT, "dark": DARK}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_reads_on_every_background(scheme: str, text: str, ground: str) -> None:
    tokens = SCHEMES[scheme]
    assert contrast(tokens[text], tokens[ground]) >= AA


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground"), FILLED)
def test_text_reads_on_what_is_filled_with_colour(scheme: str, text: str, ground: str) -> None:
    tokens = SCHEMES[scheme]
    assert contrast(tokens[text], tokens[ground]) >= AA


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_the_edge_of_a_box_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    tokens = SCHEMES[scheme]
    assert contrast(tokens[edge], tokens[ground]) >= 3


def test_dark_is_the_same_whether_chosen_or_asked_for_by_the_system() -> None:
    by_system = tokens_after(':root:not([data-theme="light"]) {')
    assert by_system == DARK
    assert set(LIGHT) == set(DARK)


def test_the_shift_of_organisation_colours_knows_the_real_backgrounds() -> None:
    for scheme, tokens in SCHEMES.items():
        assert BACKGROUNDS[scheme] == (tokens["paper"], tokens["surface"])
        assert QUIET[scheme] == tokens["muted"]


def test_contrast_is_computed_as_the_guidelines_say() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")
