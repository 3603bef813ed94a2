"""Input that is wrong in every way there is, and what is said to it."""

from __future__ import annotations

import json

import pytest
from webtest import TestApp

from parlour.web.api import body

LIST = "/api/v1/records/contacts.contact"
DEEP = "[" * 40 + "]" * 40
VERY_DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"nonsense", 400),
        (b'{"name": NaN}', 400),
        (b'{"name": 1e999}', 400),
        (b'{"name": ' + b"9" * 5000 + b"}", 400),
        (b'{"name": "A", "name": "B"}', 400),
        (b'{"name": "\xff"}', 400),
        (rb'{"name": "\ud800"}', 400),
        (b'"text"', 400),
        (b"[]", 400),
        (b"[1]", 400),
        (json.dumps({"note": json.loads(DEEP)}).encode(), 400),
        (VERY_DEEP.encode(), 400),
        (json.dumps([{"name": "A"}] * 501).encode(), 413),
        (b'{"note": "' + b"x" * 1_000_000 + b'"}', 413),
        (b'{"name": "\x00"}', 400),
        (rb'{"name": "\u0000"}', 422),
        (b'{"name": {"a": 1}}', 422),
        (b'{"name": "A", "birthday": "31.31.31"}', 422),
        (b'{"name": "A", "spent_before": {"amount": "NaN"}}', 422),
        (b'{"name": "A", "tags": [9223372036854775808]}', 422),
        (b'{"name": "A", "source": 1e300}', 422),
        (b'{"name": "A", "phones": [[1]]}', 422),
    ],
)
def test_bodies_that_are_wrong(program, sent, status):
    answer = program().post(LIST, sent, content_type="application/json", status=status)
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]
    assert answer.json["code"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=cp1251", ""]
)
def test_a_body_of_another_kind(program, kind):
    caller = program()
    answer = caller.post(LIST, b'{"name": "A"}', content_type=kind or "x/y", status=415)
    assert answer.headers["Accept"]


class Endless:
    """A body that has no end; counts what was read of it."""

    def __init__(self):
        self.read_bytes = 0

    def read(self, size=-1):
        assert size > 0, "somebody wants all of it"
        self.read_bytes += size
        return b" " * size


@pytest.mark.parametrize("told", [True, False])
def test_a_body_of_100_mb_is_not_read(app, program, told):
    source = Endless()
    length = {"CONTENT_LENGTH": str(100_000_000)} if told else {"wsgi.input_terminated": True}
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {program().token}",
        "wsgi.input": source,
        **length,
    }
    if not told:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    from pyramid.request import Request

    answer = Request.blank(LIST, environ=environ).get_response(app)
    assert answer.status_int == 413
    assert source.read_bytes <= body.MAX_BYTES + 1


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", f"{LIST}/1", "DELETE, GET, HEAD, PATCH"),
        ("DELETE", LIST, "GET, HEAD, PATCH, POST"),
        ("GET", f"{LIST}/1/actions/block", "POST"),
        ("POST", "/api/v1/records", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_there_are(program, method, path, allowed):
    answer = program().request(path, method=method, status=405)
    assert answer.headers["Allow"] == allowed


def test_an_address_that_is_none(program, app):
    assert program().get("/api/v1/nothing", status=404).content_type == "application/problem+json"
    for path in ("/api/v2/records", "/api/v1/public", "/api/v1/public/jasmine/nothing"):
        assert TestApp(app).get(path, status=404).content_type == "application/problem+json"


def test_a_fault_of_ours_has_a_code_to_quote_and_no_secrets(program, monkeypatch):
    from parlour.web.api import reading

    def broken(*_given, **_named):
        raise RuntimeError("secret details")

    monkeypatch.setattr(reading.query, "page", broken)
    answer = program().get(LIST, status=500)
    assert answer.json["code"] == answer.headers["X-Request-Id"]
    assert "secret" not in answer.text
