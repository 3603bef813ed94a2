"""New, changed and deleted records, batches and actions over the API."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parlour.access import accesslog
from parlour.access.models import Organisation
from parlour.db.session import system
from parlour.plugin.registry import current
from parlour.plugins.contacts.models import Contact
from parlour.records import query
from parlour.records.kinds import DateKind, TextKind
from parlour.records.models import ChangeSet
from parlour.testing import people
from parlour.testing.site import statements

LIST = "/api/v1/records/contacts.contact"


def test_a_new_record_is_answered_as_it_was_kept(program):
    caller = program("receptionist")
    answer = caller.post_json(LIST, {"name": "Вера", "phones": ["8 (916) 111-22-33"]}, status=201)
    assert answer.json["phones"][0]["number"] == "+79161112233"
    assert answer.headers["Location"].endswith(f"{LIST}/{answer.json['id']}")
    read = caller.get(answer.headers["Location"])
    assert (read.json, read.headers["ETag"]) == (answer.json, answer.headers["ETag"])


def test_values_that_cannot_be_kept_are_named_by_field(program):
    answer = program().post_json(LIST, {"name": "", "emails": ["nobody"], "shoe_size": 40}, status=422)
    assert set(answer.json["errors"]) >= {"emails", "shoe_size"}
    assert answer.content_type == "application/problem+json"


def test_problems_speak_the_language_that_is_asked_for(program):
    caller = program()
    russian = caller.post_json(LIST, {}, headers={"Accept-Language": "ru-RU, en;q=0.5"}, status=422).json
    english = caller.post_json(LIST, {}, headers={"Accept-Language": "en"}, status=422).json
    assert english["title"] == "This cannot be saved"
    assert russian["title"] != english["title"]
    assert russian["errors"]["name"] != english["errors"]["name"]


def test_without_a_language_of_its_own_every_problem_speaks_the_salons(program, engine, organisation):
    with people.trusted(engine, organisation) as session, system(session):
        session.get_one(Organisation, organisation.id).locale = "ru"
        session.commit()
    caller = program()
    one = caller.post_json(LIST, {}, status=422).json
    several = caller.post_json(LIST, [{}], status=422).json
    assert one["title"] == several["title"] == "Это нельзя сохранить"
    assert caller.get(f"{LIST}/999999", status=404).json["title"] == "Здесь ничего нет"
    assert caller.post_json(LIST, {}, headers={"Accept-Language": "en"}, status=422).json["errors"] == {
        "name": "This is needed."
    }


def test_a_change_touches_only_what_it_names(program, client):
    caller = program()
    answer = caller.patch_json(f"{LIST}/{client}", {"note": "likes tea"})
    assert (answer.json["name"], answer.json["note"], answer.json["version"]) == ("Anna", "likes tea", 2)


def test_a_change_of_what_somebody_changed_meanwhile_is_refused_with_what_stands(program, client):
    caller = program()
    seen = caller.get(f"{LIST}/{client}").headers["ETag"]
    caller.patch_json(f"{LIST}/{client}", {"note": "first"}, headers={"If-Match": seen})
    late = caller.patch_json(f"{LIST}/{client}", {"note": "second"}, headers={"If-Match": seen}, status=412)
    assert late.json["current"]["note"] == "first"
    caller.delete(f"{LIST}/{client}", headers={"If-Match": seen}, status=412)
    caller.patch_json(f"{LIST}/{client}", {"note": "x"}, headers={"If-Match": '"nonsense"'}, status=412)
    caller.patch_json(f"{LIST}/{client}", {"note": "x"}, headers={"If-Match": "nonsense"}, status=400)
    caller.patch_json(f"{LIST}/{client}", {"note": "third"}, headers={"If-Match": "*"}, status=200)
    fresh = caller.get(f"{LIST}/{client}").headers["ETag"]
    caller.patch_json(f"{LIST}/{client}", {"note": "4"}, headers={"If-Match": f"{seen}, {fresh}"}, status=200)


def test_what_stands_is_written_as_answers_are(program, client, monkeypatch):
    """A kind that leaves its values as they are in Python is no fault of a refusal."""
    caller = program()
    caller.patch_json(f"{LIST}/{client}", {"client_since": "2024-03-01"})
    seen = {"If-Match": caller.get(f"{LIST}/{client}").headers["ETag"]}
    caller.patch_json(f"{LIST}/{client}", {"note": "x"})
    monkeypatch.setattr(DateKind, "to_json", lambda kind, value: value)
    late = caller.patch_json(f"{LIST}/{client}", {"note": "y"}, headers=seen, status=412)
    assert late.json["current"]["client_since"] == "2024-03-01"


def test_what_stands_is_in_the_log_of_who_saw_what(app, program, client, session):
    caller = program()
    seen = caller.get(f"{LIST}/{client}").headers["ETag"]
    caller.patch_json(f"{LIST}/{client}", {"note": "first"})
    before = len(accesslog.latest(session))
    session.rollback()
    caller.patch_json(f"{LIST}/{client}", {"note": "second"}, headers={"If-Match": seen}, status=412)
    (line, *older) = accesslog.latest(session)
    assert len(older) == before
    assert (line.what, line.row_id, line.user_id) == (accesslog.API, client, caller.user.id)


def test_without_if_match_the_last_one_wins(program, client):
    caller = program()
    caller.patch_json(f"{LIST}/{client}", {"note": "first"})
    assert caller.patch_json(f"{LIST}/{client}", {"note": "second"}).json["note"] == "second"


def test_deleting_and_the_archive(program, client):
    caller = program()
    caller.post_json(f"{LIST}/{client}/actions/archive", {})
    assert caller.get(LIST).json["items"] == []
    assert [item["id"] for item in caller.get(LIST, {"archived": "only"}).json["items"]] == [client]
    caller.post(f"{LIST}/{client}/actions/restore")
    assert caller.get(f"{LIST}/{client}").json["archived_at"] is None
    assert caller.delete(f"{LIST}/{client}", status=204).body == b""
    caller.get(f"{LIST}/{client}", status=404)
    caller.delete(f"{LIST}/{client}", status=404)


def test_a_delete_reads_the_row_no_more_often_than_it_must(program, engine):
    """Whether it is the caller's, for the plugins that may refuse, and once its links are empty.

    What plugins ask about their own links to it is theirs: one more that links to clients makes the rest no dearer.
    """
    caller = program()
    made = caller.post_json(LIST, [{"name": "Anna"}, {"name": "Boris"}]).json["items"]
    caller.delete(f"{LIST}/{made[0]['id']}")
    with statements(engine) as seen:
        caller.delete(f"{LIST}/{made[1]['id']}")
    assert sum(one.startswith("SELECT contacts_contact.id, contacts_contact.version") for one in seen) == 3
    others = [f" {name}_" for name in current().order if name != "contacts"]
    assert len([one for one in seen if not any(name in one for name in others)]) <= 12


def test_a_batch_is_all_or_nothing(program, engine, organisation):
    caller = program()
    wrong = [{"name": "Anna"}, {"name": "Boris", "emails": ["nobody"]}, {"nick": "V"}]
    answer = caller.post_json(LIST, wrong, status=422)
    assert [(item["index"], set(item["errors"])) for item in answer.json["items"]] == [
        (1, {"emails"}),
        (2, {"nick", "name"}),
    ]
    assert caller.get(LIST).json["items"] == []
    made = caller.post_json(LIST, [{"name": "Anna"}, {"name": "Boris"}], status=201).json["items"]
    assert [(item["status"], item["version"]) for item in made] == [(201, 1), (201, 1)]


def test_a_batch_of_changes(program):
    caller = program()
    ids = [item["id"] for item in caller.post_json(LIST, [{"name": "Anna"}, {"name": "Boris"}]).json["items"]]
    changed = caller.patch_json(LIST, [{"id": one, "note": "x", "version": 1} for one in ids]).json["items"]
    assert [(item["id"], item["version"]) for item in changed] == [(one, 2) for one in ids]
    late = caller.patch_json(LIST, [{"id": ids[0], "version": 1, "note": "y"}], status=409)
    assert late.json["current"] == {"id": ids[0], "version": 2}
    caller.patch_json(LIST, [{"note": "y"}], status=422)
    caller.patch_json(LIST, {"id": ids[0]}, status=400)
    caller.patch_json(LIST, [{"id": ids[0], "note": "1"}, {"id": ids[0], "note": "2"}], status=422)


def test_a_write_reads_its_organisation_once_and_asks_who_works_there_only_where_that_matters(
    program, engine, client
):
    caller = program()
    caller.patch_json(f"{LIST}/{client}", {"note": "x"})
    asked = {}
    for values in ({"note": "y"}, {"responsible": [{"user": caller.user.id, "branch": None}]}):
        with statements(engine) as seen:
            caller.patch_json(f"{LIST}/{client}", values)
        assert sum(one.startswith("SELECT core_organisation.id") for one in seen) == 1
        asked[min(values)] = sum("JOIN core_membership" in one for one in seen)
    # One of them is how the token is looked up.
    assert asked == {"note": 1, "responsible": 2}


def test_the_statements_of_a_batch_do_not_depend_on_its_size(program, engine):
    caller = program()
    caller.post_json(LIST, [{"name": "Zoe"}])
    with statements(engine) as few:
        caller.post_json(LIST, [{"name": f"A{n}"} for n in range(2)])
    with statements(engine) as many:
        caller.post_json(LIST, [{"name": f"B{n}"} for n in range(100)])
    assert len(many) == len(few)


def test_an_action_runs_with_its_values(program, client):
    caller = program()
    answer = caller.post_json(f"{LIST}/{client}/actions/block", {"reason": "does not come"})
    assert answer.json["change_set"]
    assert caller.get(f"{LIST}/{client}").json["blocked_reason"] == "does not come"
    caller.post_json(f"{LIST}/{client}/actions/block", {"colour": "red"}, status=422)
    caller.post_json(f"{LIST}/{client}/actions/dance", {}, status=404)
    caller.post_json(f"{LIST}/999/actions/block", {}, status=404)


def test_an_action_takes_values_of_the_types_that_are_described(program, client):
    caller = program()
    for wrong in (5, ["a"], True):
        answer = caller.post_json(f"{LIST}/{client}/actions/block", {"reason": wrong}, status=422)
        assert answer.json["errors"] == {"reason": "This must be text."}
    assert caller.get(f"{LIST}/{client}").json["blocked"] is False


@pytest.mark.parametrize(
    "schema", [{"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": ["string", "null"]}]
)
def test_types_are_checked_in_whatever_way_a_kind_describes_them(program, monkeypatch, schema):
    monkeypatch.setattr(TextKind, "input_schema", lambda kind: schema)
    answer = program().post_json(LIST, {"name": 5}, status=422)
    assert answer.json["errors"] == {"name": "This must be text."}
    program().post_json(LIST, {"name": "Anna"}, status=201)


def test_what_the_api_writes_is_in_the_history_as_such(program, engine, organisation, client):
    caller = program("receptionist")
    caller.patch_json(f"{LIST}/{client}", {"note": "x"})
    with people.trusted(engine, organisation) as session:
        last = session.scalars(select(ChangeSet).order_by(ChangeSet.id.desc())).first()
        assert (last.via, last.user_id) == ("api", caller.user.id)
        assert query.get(session, Contact.__record__, client)["note"] == "x"


def test_who_may_not_write_is_refused_in_words(program, client):
    caller = program("accountant")
    for answer in (
        caller.post_json(LIST, {"name": "Boris"}, status=403),
        caller.patch_json(f"{LIST}/{client}", {"name": "Boris"}, status=403),
        caller.delete(f"{LIST}/{client}", status=403),
    ):
        assert answer.json["detail"]
