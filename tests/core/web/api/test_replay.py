"""Idempotency-Key: repeated, mistaken and simultaneous calls."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlalchemy import update
from webtest import TestApp

from parlour.access.models import ApiAnswer
from parlour.db.base import now
from parlour.testing import people
from parlour.web.api import replay

LIST = "/api/v1/records/contacts.contact"
ANNA = {"name": "Anna"}


def post(caller, values, key, **kw):
    return caller.post_json(LIST, values, headers={"Idempotency-Key": key}, **kw)


def names(caller):
    return [item["name"] for item in caller.get(LIST, {"fields": "name"}).json["items"]]


def test_a_repeated_call_is_answered_alike_and_does_nothing(program):
    caller = program()
    first, again = post(caller, ANNA, "k1"), post(caller, ANNA, "k1")
    assert (again.status_int, again.body, again.headers["ETag"]) == (201, first.body, first.headers["ETag"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert names(caller) == ["Anna"]


def test_the_same_key_for_something_else_is_a_mistake(program):
    caller = program()
    post(caller, ANNA, "k1")
    assert "Idempotency-Key" in post(caller, {"name": "Boris"}, "k1", status=422).json["detail"]
    post(caller, ANNA, "k\x7f", status=400)
    post(caller, ANNA, "k" * 201, status=400)


def test_keys_of_others_are_others(program):
    one, other = program(), program()
    post(one, ANNA, "k1")
    assert "Idempotency-Replayed" not in post(other, ANNA, "k1").headers
    assert names(one) == ["Anna", "Anna"]


def test_what_was_refused_may_be_tried_again(program):
    caller = program()
    post(caller, {"name": ""}, "k1", status=422)
    post(caller, ANNA, "k1", status=201)


def test_a_key_is_forgotten_after_a_day(program, engine, organisation):
    caller = program()
    post(caller, ANNA, "k1")
    with people.trusted(engine, organisation) as session:
        session.execute(update(ApiAnswer).values(at=now() - timedelta(hours=25)))
        session.commit()
    post(caller, {"name": "Boris"}, "k1", status=201)
    with people.trusted(engine, organisation) as session:
        replay.prune(session, now() + timedelta(days=2))
        assert session.query(ApiAnswer).count() == 0


def _at_once(app, token, headers):
    """The answers to eight calls that start together."""
    barrier, answers = threading.Barrier(8), []

    def call():
        caller = TestApp(app, extra_environ={"HTTP_AUTHORIZATION": f"Bearer {token}"})
        barrier.wait(30)
        answers.append(caller.post_json(LIST, ANNA, headers=headers, status="*"))

    threads = [threading.Thread(target=call) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_calls_at_the_same_instant_make_one_record(app, program):
    caller = program()
    answers = _at_once(app, caller.token, {"Idempotency-Key": "k1"})
    statuses = sorted(answer.status_int for answer in answers)
    assert len(answers) == 8
    assert set(statuses) <= {201, 409}, statuses
    assert statuses[0] == 201
    assert len({answer.json["id"] for answer in answers if answer.status_int == 201}) == 1
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status_int == 409)
    assert names(caller) == ["Anna"]


def test_without_a_key_the_same_calls_make_eight(app, program):
    """The control: it is the key that made one of them."""
    caller = program()
    answers = _at_once(app, caller.token, {})
    assert [answer.status_int for answer in answers] == [201] * 8
    assert len(names(caller)) == 8


def test_while_the_first_call_works_the_second_is_sent_away(
    program, engine, organisation, database_kind, monkeypatch
):
    if database_kind != "postgresql":
        # A writing transaction on SQLite is alone, so the second call waits; here it meets a first one that never ends.
        monkeypatch.setattr(replay, "alone", lambda *_given: False)
        answer = post(program(), ANNA, "k1", status=409)
    else:
        import hashlib

        caller = program()
        shown = people.trusted(engine, organisation)
        with shown as session:
            from parlour.access import tokens

            (token,) = tokens.shown(session, caller.user.id)
            assert replay.alone(session, f"token:{token.id}", hashlib.sha256(b"k1").hexdigest())
            answer = post(caller, ANNA, "k1", status=409)
            session.rollback()
        post(caller, ANNA, "k1", status=201)
    assert answer.headers["Retry-After"] == "1"
