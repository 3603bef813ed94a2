"""Doors of the site: every page asks for a log-in, a right and a switched-on plugin, and every write for a token."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.request import Request, apply_request_extensions
from pyramid.router import Router
from sqlalchemy import Engine, update
from sqlalchemy.exc import DBAPIError
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.db.session import SYSTEM
from parlour.plugin import lifecycle
from parlour.plugin.registry import Plugins
from parlour.plugins.contacts.models import Contact
from parlour.records.write import save
from parlour.testing import people
from parlour.testing.site import Enter

HERE = "/o/jasmine"
# Calls have tokens instead of log-ins, and what stands in other web sites is for everybody.
OPEN = ("api/v1/", "widget/")


@pytest.fixture
def anna(engine: Engine, organisation: Organisation) -> int:
    with people.trusted(engine, organisation) as session:
        made = save(session, Contact, {"name": "Орлова Анна", "phones": ["+79130000001"]})
        session.commit()
    return made


def pages(app: Router, row_id: int, *, plugin: str | None = None) -> list[str]:
    """The addresses of all pages under an organisation that can be looked at, with real numbers in them."""
    parts = {
        "organisation": "jasmine",
        "record": "contacts.contact",
        "plugin": "contacts",
        "id": str(row_id),
        "job": "1",
        "change_set": "1",
        "action": "block",
        "name": "x",
        "file": "1",
        "subpath": ("a.css",),
        "kind": "x",
    }
    found = []
    for views in app.registry.introspector.get_category("views"):
        view = views["introspectable"]
        methods = view["request_methods"]
        if methods is not None and "GET" not in methods:
            continue
        route = app.registry.introspector.get("routes", view["route_name"]) if view["route_name"] else None
        # Calls of the API have tests of their own.
        if (
            route is None
            or "{organisation}" not in route["pattern"]
            or route["pattern"].lstrip("/").startswith(OPEN)
        ):
            continue
        if plugin is not None and not route["name"].startswith(f"{plugin}."):
            continue
        request = Request.blank("/")
        request.registry = app.registry
        try:
            found.append(request.route_path(route["name"], **parts))
        except (
            KeyError
        ) as missing:  # a part that this test does not know: say so rather than leave the page out
            raise AssertionError(f"{route['pattern']} needs {missing}") from missing
    return sorted(set(found))


def test_every_page_sends_who_is_not_logged_in_to_the_log_in(app: Router, login: Enter, anna: int) -> None:
    login()  # somebody must exist, or the site leads to its set-up
    stranger = TestApp(app)
    for address in pages(app, anna):
        response = stranger.get(address, expect_errors=True)
        assert response.status_int == 302, address
        assert "/login" in response.location, address
        assert "Орлова" not in response.text


def test_another_organisations_pages_are_not_there(
    app: Router, login: Enter, other_organisation: Organisation, anna: int
) -> None:
    stranger = login("owner", other_organisation)
    for address in pages(app, anna):
        assert stranger.get(address, expect_errors=True).status_int == 404, address


def test_every_page_of_a_plugin_that_is_off_answers_404(
    app: Router, login: Enter, engine: Engine, organisation: Organisation, plugins: Plugins, anna: int
) -> None:
    owner = login("owner")
    own = [
        *pages(app, anna, plugin="contacts"),
        *(page for page in pages(app, anna) if "/r/contacts." in page),
    ]
    assert len(own) > 15
    before = {page: owner.get(page, expect_errors=True).status_int for page in own}
    assert sum(status in (200, 302) for status in before.values()) > 12
    with people.trusted(engine, organisation) as session:
        for name in reversed(plugins.order):
            lifecycle.disable(session, name)
        session.commit()
    assert {page: owner.get(page, expect_errors=True).status_int for page in own} == dict.fromkeys(own, 404)
    assert "/r/contacts." not in owner.get(HERE).text
    with people.trusted(engine, organisation) as session:
        for name in plugins.order:
            lifecycle.enable(session, name)
        session.commit()
    assert {page: owner.get(page, expect_errors=True).status_int for page in own} == before


def test_pages_ask_for_their_right(login: Enter, anna: int) -> None:
    specialist = login("specialist")
    record = f"{HERE}/r/contacts.contact"
    refused = (
        f"{HERE}/plugins",
        f"{record}/new",
        f"{record}/export",
        f"{record}/export/file?format=csv",
        f"{record}/merge?keep=1&lose=2",
        f"{record}/{anna}/history",
        f"{record}/{anna}/delete",
        f"{record}/{anna}/person",
        f"{record}/{anna}/person/copy",
        f"{HERE}/contacts/duplicates",
        f"{HERE}/r/contacts.consent",
    )
    for address in refused:
        page = specialist.get(address, expect_errors=True)
        assert page.status_int == 403, address
        assert "You may not" in page.text


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/plugins", {"name": "contacts", "switch": "off"}),
        ("/r/contacts.contact/new", {"name": "Кто-то"}),
        ("/r/contacts.contact/{id}/archive", {}),
        ("/r/contacts.contact/{id}/delete", {}),
        ("/r/contacts.contact/bulk", {"id": "1", "action": "archive"}),
        ("/changes/1/undo", {}),
    ],
)
def test_a_write_without_the_token_is_refused_and_changes_nothing(
    login: Enter, anna: int, address: str, fields: dict[str, Any]
) -> None:
    owner = login("owner")
    before = owner.get(f"{HERE}/r/contacts.contact").html.select_one("h1 .count").get_text()
    for token in ("", "wrong"):
        owner.csrf = token
        page = owner.post(HERE + address.format(id=anna), fields, expect_errors=True)
        assert page.status_int == 400
    assert owner.get(f"{HERE}/r/contacts.contact").html.select_one("h1 .count").get_text() == before


@pytest.mark.parametrize(("method", "refused"), [("GET", True), ("HEAD", True), ("POST", False)])
def test_reading_requests_have_a_session_that_cannot_write(
    app: Router, organisation: Organisation, method: str, refused: bool
) -> None:
    """The control is the same statement in a request that may write."""
    request = Request.blank("/", method=method)
    request.registry = app.registry
    apply_request_extensions(request)
    request.tm.begin()
    change = update(Organisation).values(name="Changed")
    try:
        if refused:
            with pytest.raises(DBAPIError):
                request.db.execute(change, execution_options={SYSTEM: True})
        else:
            request.db.execute(change, execution_options={SYSTEM: True})
    finally:
        request.tm.abort()


def test_no_page_that_is_looked_at_writes(app: Router, login: Enter, anna: int) -> None:
    """Every page answers on the read-only engine; one that wrote would be a server error."""
    owner = login("owner")
    for address in pages(app, anna):
        assert owner.get(address, expect_errors=True).status_int < 500, address
