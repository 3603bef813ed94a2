"""What every response carries, and that no page holds script or style of its own."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from pyramid.request import Request
from pyramid.router import Router
from sqlalchemy import Engine
from webtest import TestApp

from parlour.access.models import Organisation
from parlour.plugins.contacts.models import Contact
from parlour.records.write import Change, write
from parlour.testing import people
from parlour.testing.browsers import inline_parts
from parlour.testing.site import Enter
from parlour.web.headers import POLICY

MOST_PAGES = 150


@pytest.fixture
def salon(engine: Engine, organisation: Organisation) -> None:
    rows = [
        {"name": "Орлова Анна", "phones": ["+79130000001"], "tags": ["VIP"], "must_know": "<b>Аллергия</b>"},
        {"name": "<script>alert(1)</script>", "note": '"><img src=x onerror=alert(1)>'},
    ]
    with people.trusted(engine, organisation) as session:
        write(session, Contact, [Change(row) for row in rows])
        session.commit()


def test_the_search_for_inline_parts_finds_them() -> None:
    """The control: each kind of fault is one."""
    for fault in (
        "<script>1</script>",
        "<style>a{}</style>",
        '<p onclick="x">',
        '<p style="x">',
        '<a href="javascript:1">',
    ):
        assert inline_parts(fault), fault


def test_every_page_that_can_be_reached_has_the_policy_and_nothing_inline(login: Enter, salon: None) -> None:
    browser = login("owner")
    waiting, seen = ["/o/jasmine", "/me", "/login", "/nowhere"], set()
    while waiting and len(seen) < MOST_PAGES:
        address = waiting.pop(0)
        shape = re.sub(r"\d+", "N", urlsplit(address).path)
        if shape in seen:
            continue
        seen.add(shape)
        page = browser.get(address, expect_errors=True)
        assert page.status_int < 500, address
        policy = page.headers["Content-Security-Policy"]
        assert "'unsafe" not in policy
        assert policy.startswith((POLICY, "default-src 'none'")), address
        assert "frame-ancestors 'none'" in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["X-Request-Id"]
        if page.content_type != "text/html":
            continue
        assert not inline_parts(page.text), address
        assert "<script>alert" not in page.text
        for link in page.html.select("a[href], link[href], script[src], img[src]"):
            target = urlsplit(urljoin(address, link.get("href") or link.get("src")))
            if not target.netloc and target.path.startswith("/"):
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    assert len(seen) > 40


def test_https_asks_browsers_to_stay_with_https(login: Enter, app: Router) -> None:
    browser = login()
    assert "Strict-Transport-Security" not in browser.get("/login").headers
    secure = TestApp(app, extra_environ={"wsgi.url_scheme": "https"})
    assert "max-age=" in secure.get("/login").headers["Strict-Transport-Security"]


def test_files_of_the_program_last_for_ever_and_pages_are_never_kept_by_others(
    login: Enter, app: Router
) -> None:
    page = login().get("/o/jasmine")
    assert page.headers["Cache-Control"] == "private, no-cache"
    sheet = page.html.select_one("link[rel=stylesheet]")["href"]
    # Not through WebTest, which unpacks what it gets.
    sent = Request.blank(sheet, headers={"Accept-Encoding": "gzip"}).get_response(app)
    assert "immutable" in sent.headers["Cache-Control"]
    assert sent.headers["Content-Encoding"] == "gzip"
    other_hash = re.sub(r"/[0-9a-f]{12}/", "/000000000000/", sheet)
    assert page.test_app.get(other_hash).headers["Cache-Control"] == "no-cache"
    for address in ("/static/themes/default/../../core/app.py", "/static/nothing/x.css", "/static/"):
        assert page.test_app.get(address, expect_errors=True).status_int == 404
