"""`parlour users token` and `parlour openapi`."""

from __future__ import annotations

import json

from tests.core.cli.conftest import Parlour


def test_a_token_is_printed_once_and_what_is_wrong_is_said_in_one_line(parlour: Parlour) -> None:
    parlour("orgs", "add", "Jasmine", "--region", "RU")
    parlour("users", "add", "anna@example.com")
    said = parlour("users", "token", "anna@example.com", "--scope", "read", "--expires", "2099-12-31")
    assert said.code == 0
    assert said.out.strip().startswith("parlour_")
    made = parlour("users", "token", "anna@example.com", "--title", "Robot", "--json").json
    assert made[0]["token"] != said.out.strip()
    for wrong in (
        ["nobody@example.com"],
        ["anna@example.com", "--scope", "everything"],
        ["anna@example.com", "--scope", ""],
        ["anna@example.com", "--expires", "2001-01-01"],
        ["anna@example.com", "--expires", "soon"],
        ["anna@example.com", "--title", ""],
    ):
        said = parlour("users", "token", *wrong)
        assert (said.code, said.out, len(said.err.strip().splitlines())) == (2, "", 1)


def test_the_openapi_document_is_printed(parlour: Parlour) -> None:
    parlour("orgs", "add", "Jasmine", "--region", "RU")
    document = json.loads(parlour("openapi").out)
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/records/contacts.contact" in document["paths"]
