"""What every response carries, and that no page holds script or style of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from pyramid.request import Request
from pyramid.router import Router
from sqlalchemy import Engine
from webtest import TestApp

from parlour.access import users
from parlour.access.models import Organisation
from parlour.app import make_app
from parlour.db.session import open_session
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
        assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert page.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert page.headers["Permissions-Policy"].startswith("accelerometer=()")
        if page.status_int == 200 and page.content_type == "text/html":
            assert "no-store" in page.headers["Cache-Control"], address
        if page.content_type != "text/html":
            continue
        assert not inline_parts(page.text), address
        assert "<script>alert" not in page.text
        for link in page.html.select("a[href], link[href], script[src], img[src]"):
            target = urlsplit(urljoin(address, link.get("href") or link.get("src")))
            # What stands in frames of other sites has a policy of its own.
            if not target.netloc and target.path.startswith("/") and not target.path.startswith("/widget/"):
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    assert len(seen) > 40


def test_https_asks_browsers_to_stay_with_https(login: Enter, app: Router) -> None:
    browser = login()
    assert "Strict-Transport-Security" not in browser.get("/login").headers
    secure = TestApp(app, extra_environ={"wsgi.url_scheme": "https"})
    assert "max-age=" in secure.get("/login").headers["Strict-Transport-Security"]


def test_behind_a_proxy_that_speaks_https_browsers_are_told_the_same(login: Enter, app: Router) -> None:
    settings = app.registry["parlour.settings"]
    app.registry["parlour.settings"] = replace(settings, url="https://salon.example", trusted_proxies=1)
    page = TestApp(app).get("/login")
    assert "max-age=" in page.headers["Strict-Transport-Security"]
    app.registry["parlour.settings"] = replace(settings, url="https://salon.example")
    assert "Strict-Transport-Security" not in TestApp(app).get("/login").headers


def test_over_https_every_cookie_is_bound_to_this_host_and_out_of_reach(app: Router, login: Enter) -> None:
    settings = app.registry["parlour.settings"]
    site = make_app(replace(settings, url="https://localhost"), engine=app.registry["parlour.engine"])
    somebody = login("owner")
    secure = TestApp(site, extra_environ={"wsgi.url_scheme": "https"})
    seen: list[str] = []

    def posted(address: str, action: str, **fields: str) -> Any:
        page = secure.get(f"https://localhost{address}")
        seen.extend(page.headers.getall("Set-Cookie"))
        asked = next(item for item in page.forms.values() if item.action == action)
        for name, value in fields.items():
            asked[name] = value
        answer = asked.submit(headers={"Referer": f"https://localhost{address}"})
        seen.extend(answer.headers.getall("Set-Cookie"))
        return answer

    page = secure.get("https://localhost/login")
    seen.extend(page.headers.getall("Set-Cookie"))
    language = next(item for item in page.forms.values() if item.action == "/language")
    referred = {"Referer": "https://localhost/login"}
    seen.extend(language.submit("language", value="ru", headers=referred).headers.getall("Set-Cookie"))
    with open_session(app.registry["parlour.engine"]) as session:
        users.set_password(session, somebody.user.id, "eleven purple geese")
        session.commit()
    posted("/login", "/login", email=somebody.user.email, password="eleven purple geese")
    posted("/me", "/me")
    names = {cookie.partition("=")[0] for cookie in seen}
    assert names == {f"__Host-parlour_{name}" for name in ("csrf", "language", "session", "flash")}
    for cookie in seen:
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, cookie
        assert not any(flag.startswith("domain") for flag in flags)


def test_files_of_the_program_last_for_ever_and_pages_are_never_kept_by_others(
    login: Enter, app: Router
) -> None:
    page = login().get("/o/jasmine")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert TestApp(app).get("/login").headers["Cache-Control"] == "private, no-cache"
    sheet = page.html.select_one("link[rel=stylesheet]")["href"]
    # Not through WebTest, which unpacks what it gets.
    sent = Request.blank(sheet, headers={"Accept-Encoding": "gzip"}).get_response(app)
    assert "immutable" in sent.headers["Cache-Control"]
    assert sent.headers["Content-Encoding"] == "gzip"
    other_hash = re.sub(r"/[0-9a-f]{12}/", "/000000000000/", sheet)
    assert page.test_app.get(other_hash).headers["Cache-Control"] == "no-cache"
    for address in ("/static/themes/default/../../core/app.py", "/static/nothing/x.css", "/static/"):
        assert page.test_app.get(address, expect_errors=True).status_int == 404


def test_files_of_the_program_are_sent_to_who_is_logged_in_as_to_everybody(login: Enter) -> None:
    """They ask no database, so nothing that looks at the person may stand before them."""
    browser = login("owner")
    address = next(iter(re.findall(r'="(/static/[^"]+\.js)"', browser.get("/me").text)))
    assert browser.get(address).content_type == "text/javascript"
