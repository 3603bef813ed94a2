"""An owner looks at the site as somebody else: sees what they see, changes nothing, and it is written down."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parlour.access import accesslog, viewing
from parlour.access.memberships import Duty, set_duties
from parlour.access.models import LoginSession
from parlour.access.roles import add_role, remove_role, role_by_code
from parlour.db.session import system
from parlour.errors import NotAllowed
from parlour.records.registry import record_type
from parlour.records.write import save
from parlour.testing import people

HOME = "/o/jasmine"
CLIENTS = f"{HOME}/r/contacts.contact"


@pytest.fixture
def client(engine, organisation):
    with people.trusted(engine, organisation) as session:
        row = save(
            session,
            record_type("contacts.contact"),
            {"kind": "person", "name": "Rare Bird", "phones": [{"number": "+79161234567"}]},
        )
        session.commit()
        return row


@pytest.fixture
def roles(engine, organisation):
    with people.trusted(engine, organisation) as session:
        return {code: role_by_code(session, code).id for code in ("owner", "specialist", "receptionist")}


def look_as(browser, address):
    token = browser.get(f"{HOME}/settings/organisation").forms["form"]["csrf_token"].value
    return browser.post(f"{HOME}/settings/{address}/view", {"csrf_token": token}, expect_errors=True), token


def test_an_owner_sees_what_the_role_sees(login, client, roles):
    owner = login("owner")
    assert "tel:+79161234567" in owner.get(f"{CLIENTS}/{client}").text
    answer, _token = look_as(owner, f"roles/{roles['specialist']}")
    assert answer.status_code == 303
    card = owner.get(f"{CLIENTS}/{client}")
    assert "Bird" in card.text and "tel:+79161234567" not in card.text
    assert "You see the site as Specialist" in card.text
    assert owner.get(f"{HOME}/settings/safety", status=403)
    assert "You see the site as Specialist" in owner.get(f"{HOME}/settings/safety", status=403).text


def test_a_member_is_seen_in_their_own_roles_and_with_what_is_theirs(
    login, client, roles, engine, organisation
):
    owner, desk = login("owner"), login("receptionist")
    with people.trusted(engine, organisation) as session:
        set_duties(session, desk.user.id, [Duty(roles["specialist"])])
        session.commit()
    look_as(owner, f"members/{desk.user.id}")
    page = owner.get(f"{CLIENTS}/{client}")
    assert f"You see the site as {desk.user.name}" in page.text and "tel:+79161234567" not in page.text


def test_nothing_can_be_changed_meanwhile(login, client, roles, monkeypatch, capsys):
    owner = login("owner")
    _answer, token = look_as(owner, f"roles/{roles['receptionist']}")
    form = {"csrf_token": token, "name": "Changed"}
    for address in (
        f"{CLIENTS}/{client}/archive",
        f"{CLIENTS}/{client}/edit",
        f"{HOME}/branch",
        "/me",
        "/me/password",
        "/me/factor",
        "/me/factor/off",
        "/language",
    ):
        refused = owner.post(address, form, status=403)
        assert "nothing can be changed" in refused.text
    # The control: with the first gate open the session itself refuses.
    monkeypatch.setattr(viewing, "_READING", ("GET", "POST"))
    owner.post(f"{CLIENTS}/{client}/archive", form, status=500)
    assert "This session only looks" in capsys.readouterr().out
    monkeypatch.undo()
    owner.post("/viewing/stop", {"csrf_token": token}, status=303)
    owner.post(f"{CLIENTS}/{client}/archive", {"csrf_token": token}, status=303)


def test_begin_and_end_and_every_look_are_in_the_log_under_the_owners_name(
    login, client, roles, engine, organisation
):
    owner, desk = login("owner"), login("receptionist")
    _answer, token = look_as(owner, f"members/{desk.user.id}")
    owner.get(f"{CLIENTS}/{client}")
    owner.post("/viewing/stop", {"csrf_token": token}, status=303)
    with people.trusted(engine, organisation) as session:
        lines = list(reversed(accesslog.latest(session)))
    assert [(line.what, line.user_id) for line in lines] == [
        ("viewing", owner.user.id),
        ("card", owner.user.id),
        ("viewing", owner.user.id),
    ]
    assert [(line.detail or {}).get("began") for line in lines] == [True, None, False]
    assert lines[1].detail == {"as": desk.user.id}
    look_as(owner, f"roles/{roles['specialist']}")
    owner.post("/viewing/stop", {"csrf_token": token}, status=303)
    page = owner.get(f"{HOME}/settings/log?kind=changes").text
    assert f"{desk.user.name} · began" in page and f"{desk.user.name} · stopped" in page
    assert "Specialist · began" in page


def test_an_export_meanwhile_is_the_owners(login, client, engine, organisation):
    owner, books = login("owner"), login("accountant")
    look_as(owner, f"members/{books.user.id}")
    owner.get(f"{CLIENTS}/export/file?format=csv&id={client}")
    with people.trusted(engine, organisation) as session:
        (line,) = accesslog.latest(session, what=[accesslog.EXPORT])
        assert (line.user_id, line.detail["as"]) == (owner.user.id, books.user.id)
        assert accesslog.exported_since(session, owner.user.id, line.at) == 1


def test_a_look_whose_role_is_gone_blocks_nothing_and_can_be_stopped(login, client, engine, organisation):
    owner = login("owner")
    with people.trusted(engine, organisation) as session:
        made = add_role(session, "Short-lived")
        session.commit()
        _answer, token = look_as(owner, f"roles/{made.id}")
        remove_role(session, made.id)
        session.commit()
    owner.post(f"{CLIENTS}/{client}/archive", {"csrf_token": token}, status=303)
    owner.post("/me", {"csrf_token": token}, status=403)
    page = owner.get(HOME)
    assert "have not stopped looking" in page.text
    stop = next(form for form in page.forms.values() if form.action == "/viewing/stop")
    stop.submit(status=303)
    assert "have not stopped looking" not in owner.get(HOME).text


def test_nobody_but_an_owner_looks_and_nobody_looks_as_an_owner(login, roles):
    manager, owner, other = login("manager"), login("owner"), login("owner")
    refused, _token = look_as(manager, f"roles/{roles['specialist']}")
    assert refused.status_code == 403
    for address in (f"roles/{roles['owner']}", f"members/{other.user.id}"):
        assert look_as(owner, address)[0].status_code == 409
    assert look_as(owner, "members/999999")[0].status_code == 404


def test_it_ends_with_the_owners_own_rights(login, client, roles, engine, organisation):
    """Who is no owner any more is seen as what they are, and not as what they looked at."""
    owner, _other = login("owner"), login("owner")
    look_as(owner, f"roles/{roles['receptionist']}")
    with people.trusted(engine, organisation) as session:
        set_duties(session, owner.user.id, [Duty(roles["specialist"])])
        session.commit()
    page = owner.get(f"{CLIENTS}/{client}")
    assert "You see the site as" not in page.text and "tel:+79161234567" not in page.text


def test_it_does_not_cross_organisations(login, roles, engine, organisation, other_organisation):
    owner = login("owner")
    with people.trusted(engine, other_organisation) as session:
        theirs = role_by_code(session, "specialist").id
        stranger = people.add_person(session, "specialist")
        session.commit()
    assert look_as(owner, f"roles/{theirs}")[0].status_code == 404
    assert look_as(owner, f"members/{stranger.id}")[0].status_code == 404
    look_as(owner, f"roles/{roles['specialist']}")
    owner.get(f"/o/{other_organisation.slug}", status=404)
    # What is kept with a log-in counts in its own organisation only.
    with people.trusted(engine, organisation) as session:
        with system(session):
            login_row = session.scalars(select(LoginSession).where(LoginSession.viewing.is_not(None))).one()
            login_row.viewing = {"organisation": other_organisation.id, "role": theirs}
        session.commit()
    assert "You see the site as" not in owner.get(HOME).text


def test_the_functions_refuse_by_themselves(session, session_as, engine):
    manager = session_as("manager")
    with system(manager):
        login_row = LoginSession(token_hash="x", user_id=manager.scope.user_id, csrf="x")
    for someone in (manager, session):
        with pytest.raises(NotAllowed):
            viewing.start(someone, login_row, role_id=1)
