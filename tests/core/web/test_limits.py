"""What is too large is refused by what it says of itself, and not read."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.request import Request
from pyramid.router import Router

from parlour.testing.site import Enter
from parlour.web import limits

HERE = "/o/jasmine"


class Untouched:
    """A body that nobody may read."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"the body was asked for: {name}")


def sent(app: Router, path: str, cookies: str, **environ: Any) -> Any:
    asked = Request.blank(path, method="POST", headers={"Cookie": cookies, "Accept": "application/json"})
    asked.environ |= {"wsgi.input": Untouched(), **environ}
    return asked.get_response(app)


@pytest.fixture
def cookies(login: Enter) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in login("owner").cookiejar)


def test_a_body_of_a_hundred_megabytes_is_refused_unread(app: Router, cookies: str) -> None:
    for path in (f"{HERE}/r/contacts.contact/new", "/login", "/nowhere", "/static/base.css"):
        answer = sent(app, path, cookies, CONTENT_LENGTH="100000000")
        assert answer.status_int == 413, path
        assert answer.json["detail"].startswith("More was sent at once")


def test_a_body_of_unknown_length_is_refused_unread(app: Router, cookies: str) -> None:
    more = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert sent(app, "/login", cookies, **more).status_int == 411


def test_a_page_may_take_more_than_the_others(app: Router, cookies: str) -> None:
    """The control: the file of an import may have a hundred megabytes, so its body is read."""
    with pytest.raises(AssertionError, match="the body was asked for"):
        sent(app, f"{HERE}/r/contacts.contact/import", cookies, CONTENT_LENGTH="100000000")
    assert (
        sent(app, f"{HERE}/r/contacts.contact/import", cookies, CONTENT_LENGTH="300000000").status_int == 413
    )
    with pytest.raises(AssertionError, match="the body was asked for"):
        sent(app, "/login", cookies, CONTENT_LENGTH=str(limits.USUAL))
