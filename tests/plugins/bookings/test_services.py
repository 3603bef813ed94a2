"""What becomes of a visit: booked, moved, cancelled, brought back; and that its time follows it everywhere."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from threading import Barrier
from time import sleep
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine, func, select

from parlour.access.models import Organisation
from parlour.access.organisations import save_branch
from parlour.access.plugin_settings import save_plugin_settings
from parlour.db.session import Session
from parlour.errors import NotFound, Refusal
from parlour.i18n import localizer
from parlour.plugins.bookings import occupied, services, tokens
from parlour.plugins.bookings.ics import visit_file
from parlour.plugins.bookings.models import Appointment, Hold, Line, Skill, Waiting
from parlour.plugins.bookings.occupied import hold, release_hold
from parlour.plugins.bookings.offers import NotOffered, Wanted
from parlour.plugins.bookings.online import public
from parlour.plugins.bookings.services import cancel, move, set_status
from parlour.plugins.bookings.statuses import CANCELLED, STATUSES
from parlour.plugins.catalog.models import Item
from parlour.plugins.contacts.models import Contact
from parlour.plugins.schedule.clocks import minutes, moment
from parlour.plugins.schedule.models import Staff
from parlour.plugins.schedule.services import Taken
from parlour.records.history import undo
from parlour.records.merge import merge
from parlour.records.models import Change as HistoryRow
from parlour.records.persons import copy_of, erase
from parlour.records.query import get
from parlour.records.registry import record_type
from parlour.records.removal import archive, delete
from parlour.records.write import Change, save, write
from parlour.testing.people import trusted
from tests.plugins.bookings.conftest import Salon

VISIT = record_type(Appointment)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def anna(salon: Salon) -> int:
    return salon.person("Anna")


@pytest.fixture
def boris(salon: Salon) -> int:
    return salon.person("Boris")


@pytest.fixture
def cut(salon: Salon, anna: int, boris: int) -> int:
    return salon.service("Haircut", 60, by=[anna, boris])


@pytest.fixture
def eve(monkeypatch: pytest.MonkeyPatch, salon: Salon) -> datetime:
    """The evening before: what clients may do depends on how far away a visit is."""
    present = moment(salon.at(20)) - timedelta(days=1)
    for module in ("offers", "services", "occupied"):
        monkeypatch.setattr(f"parlour.plugins.bookings.{module}.now", lambda: present)
    return present


def test_a_visit_knows_when_it_ends_and_what_it_costs(salon: Salon, anna: int, cut: int) -> None:
    dry = salon.service("Blow-dry", 30, by=[anna], price="499.50")
    client = save(salon.session, Contact, {"name": "Olga Orlova"})
    visit = salon.book(10, Wanted(cut, anna), Wanted(dry), values={"client": client})
    row = get(salon.session, VISIT, visit)
    assert row["name"] == "2031-05-05 10:00" and row["client"]["title"] == "Orlova Olga"
    assert row["starts"].astimezone(UTC) == moment(salon.at(10)) and row["ends"] == moment(salon.at(11.5))
    assert str(row["total"].amount) == "1499.50" and row["status"] == "booked"
    wall = salon.session.execute(select(Appointment.starts_wall, Appointment.starts_zone)).one()
    assert tuple(wall) == ("2031-05-05T10:00", "Europe/Moscow")


def test_t_b11_cancelling_frees_everything_once(salon: Salon, anna: int) -> None:
    colour = salon.service("Colouring", 90, by=[anna], before=10, after=10, gap_from=30, gap=30)
    salon.room("Chair", needed_by=[colour])
    before = salon.starts(Wanted(colour))
    visit = salon.book(10, Wanted(colour))
    assert salon.starts(Wanted(colour)) != before and len(salon.busy()) == 3
    cancel(salon.session, visit, by="staff")
    cancel(salon.session, visit, by="staff")
    assert salon.busy() == [] and salon.starts(Wanted(colour)) == before
    assert salon.visit(visit).status == "cancelled_salon"


@pytest.mark.parametrize("status", list(STATUSES))
def test_t_b12_each_status_blocks_or_does_not(salon: Salon, anna: int, cut: int, status: str) -> None:
    """One table says which; a status that is not in it cannot be given."""
    visit = salon.book(10, Wanted(cut, anna))
    write(salon.session, Appointment, [Change({"status": status}, visit)], system=True)
    assert bool(salon.busy()) == STATUSES[status].blocks
    assert ("10:00" in salon.starts(Wanted(cut, anna))) != STATUSES[status].blocks


def test_every_status_says_where_it_may_go(salon: Salon, cut: int) -> None:
    assert {then for status in STATUSES.values() for then in status.then} <= set(STATUSES)
    visit = salon.book(10, Wanted(cut))
    for status in ("confirmed", "arrived", "in_progress", "done"):
        set_status(salon.session, visit, status)
    with pytest.raises(Refusal, match=r"Done.* cannot become .*Booked"):
        set_status(salon.session, visit, "booked")
    set_status(salon.session, visit, "done")
    assert salon.visit(visit).status == "done"


def test_what_was_cancelled_comes_back_only_where_there_is_room(salon: Salon, anna: int, cut: int) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    cancel(salon.session, visit, by="staff")
    other = salon.book(10.5, Wanted(cut, anna))
    with pytest.raises(Taken), salon.session.begin_nested():
        set_status(salon.session, visit, "booked")
    assert salon.visit(visit).status in CANCELLED
    cancel(salon.session, other, by="staff")
    set_status(salon.session, visit, "booked")
    assert len(salon.busy()) == 1


def test_t_b13_a_visit_is_not_in_its_own_way(salon: Salon, anna: int, cut: int) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    move(salon.session, visit, salon.at(10.5), by="staff")
    assert salon.busy() == [(anna, None, salon.at(10.5), salon.at(11.5))]
    salon.book(12, Wanted(cut, anna))
    with pytest.raises(NotOffered), salon.session.begin_nested():
        move(salon.session, visit, salon.at(11.25), by="staff")
    assert salon.visit(visit).starts == moment(salon.at(10.5))
    assert (anna, None, salon.at(10.5), salon.at(11.5)) in salon.busy()
    move(salon.session, visit, salon.at(10.5), by="staff")


def test_a_chain_moves_into_its_own_places(salon: Salon, anna: int, boris: int) -> None:
    one, two = salon.service("One", 60, by=[anna]), salon.service("Two", 60, by=[boris])
    salon.room("Room", needed_by=[one, two])
    visit = salon.book(10, Wanted(one), Wanted(two))
    move(salon.session, visit, salon.at(11), by="staff")
    assert {row[:2] for row in salon.busy()} == {(anna, None), (boris, None), (None, 1)}
    assert min(row[2] for row in salon.busy()) == salon.at(11)


def test_moving_to_somebody_else(salon: Salon, anna: int, boris: int, cut: int) -> None:
    skill = salon.session.scalars(select(Skill.id).where(Skill.staff_id == boris)).one()
    save(salon.session, Skill, {"minutes": 90, "price": "2000"}, skill)
    visit = salon.book(10, Wanted(cut, anna))
    move(salon.session, visit, salon.at(10), by="staff", staff={0: boris})
    assert salon.busy() == [(boris, None, salon.at(10), salon.at(11.5))]
    assert salon.visit(visit).total_amount == 200_000 and salon.visit(visit).ends == moment(salon.at(11.5))


def test_t_b14_what_was_agreed_on_stays(salon: Salon, anna: int, cut: int) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    save(salon.session, Item, {"bookings_minutes": 90, "prices": [{"price": "5000"}]}, cut)
    assert salon.lines(visit)[0].minutes == 60 and salon.visit(visit).total_amount == 100_000
    # Only the beginning is moved; the end follows.
    save(salon.session, Appointment, {"starts": moment(salon.at(14))}, visit)
    assert salon.visit(visit).ends == moment(salon.at(15))
    assert salon.busy() == [(anna, None, salon.at(14), salon.at(15))]


def test_t_b22_without_the_middle_service_the_others_close_up(salon: Salon, anna: int, boris: int) -> None:
    one, two, three = (salon.service(name, 30, by=[anna, boris]) for name in ("One", "Two", "Three"))
    visit = salon.book(10, Wanted(one, anna), Wanted(two, boris), Wanted(three, anna))
    middle = salon.session.scalars(select(Line.id).where(Line.staff_id == boris)).one()
    write(salon.session, Line, [Change(id=middle, act="delete")])
    assert [line.offset for line in salon.lines(visit)] == [0, 30]
    assert salon.visit(visit).ends == moment(salon.at(11)) and salon.visit(visit).total_amount == 200_000
    assert salon.busy() == [(anna, None, salon.at(10), salon.at(11))] or len(salon.busy()) == 1


def test_a_visit_by_plain_records_occupies_too(salon: Salon, anna: int, cut: int) -> None:
    """Files and programs write visits and services as records; the time is refused all the same."""
    visit = save(salon.session, Appointment, {"starts": "2031-05-05 10:00", "visitor": "Walk-in"})
    save(salon.session, Line, {"appointment": visit, "item": cut, "staff": anna})
    assert salon.busy() == [(anna, None, salon.at(10), salon.at(11))]
    assert salon.visit(visit).total_amount == 100_000
    other = save(salon.session, Appointment, {"starts": "2031-05-05 10:30"})
    with pytest.raises(Taken), salon.session.begin_nested():
        save(salon.session, Line, {"appointment": other, "item": cut, "staff": anna})
    assert salon.lines(other) == []


def test_undo_and_deleting_take_the_time_along(salon: Salon, anna: int, cut: int) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    done = write(salon.session, Appointment, [Change({"status": "cancelled_client"}, visit)], system=True)
    assert salon.busy() == [] and done.change_set is not None
    undo(salon.session, done.change_set)
    assert len(salon.busy()) == 1
    write(salon.session, Appointment, [Change(id=visit, act="archive")])
    assert salon.busy() == []
    write(salon.session, Appointment, [Change(id=visit, act="restore")])
    assert len(salon.busy()) == 1
    delete(salon.session, VISIT, [visit])
    assert salon.busy() == []


def test_merged_specialists_bring_their_visits(salon: Salon, anna: int, boris: int, cut: int) -> None:
    salon.book(10, Wanted(cut, anna))
    visit = salon.book(12, Wanted(cut, boris))
    skill = salon.session.scalars(select(Skill.id).where(Skill.staff_id == boris)).one()
    write(salon.session, Skill, [Change(id=skill, act="delete")])
    merge(salon.session, record_type(Staff), anna, [boris])
    assert {row[0] for row in salon.busy()} == {anna} and salon.lines(visit)[0].staff_id == anna


def test_staff_with_the_right_put_one_over_another(salon: Salon, anna: int, cut: int) -> None:
    salon.book(10, Wanted(cut, anna))
    forced = salon.book(10.5, Wanted(cut, anna), force=True)
    assert len(salon.busy()) == 2
    cancel(salon.session, forced, by="staff")
    set_status(salon.session, forced, "booked")
    assert len(salon.busy()) == 2
    with pytest.raises(NotOffered):
        salon.book(11.25, Wanted(cut, anna))


def test_clients_cancel_and_move_in_time_only(salon: Salon, anna: int, cut: int, eve: datetime) -> None:
    late = salon.book(7.5, Wanted(cut, anna), force=True)
    early = salon.book(12, Wanted(cut, anna))
    for act in (
        lambda: cancel(salon.session, late, by="client"),
        lambda: move(salon.session, late, salon.at(15), by="client"),
    ):
        with pytest.raises(Refusal, match="too late"):
            act()
    move(salon.session, early, salon.at(15), by="client")
    cancel(salon.session, early, by="client")
    assert salon.visit(early).status == "cancelled_client"
    with pytest.raises(Refusal, match="cannot be changed"):
        move(salon.session, early, salon.at(16), by="client")


def test_a_time_is_kept_while_the_form_is_filled_in(salon: Salon, anna: int, cut: int, eve: datetime) -> None:
    token, until = hold(salon.session, [Wanted(cut, anna)], salon.at(10), network="192.0.2.7")
    assert until - eve == 10 * MINUTE
    with pytest.raises(NotOffered):
        salon.book(10, Wanted(cut, anna), by="client")
    visit = salon.book(10, Wanted(cut, anna), by="client", hold=token)
    assert salon.busy() == [(anna, None, salon.at(10), salon.at(11))]
    assert salon.session.scalar(select(func.count()).select_from(Hold)) == 0
    assert not release_hold(salon.session, token) and salon.visit(visit).status == "booked"


def test_one_visitor_keeps_one_time_and_a_network_a_few(
    salon: Salon, anna: int, cut: int, eve: datetime
) -> None:
    save_plugin_settings(salon.session, "bookings", {"holds_per_network": 2})
    salon.session.scope.cache.clear()
    first, _until = hold(salon.session, [Wanted(cut, anna)], salon.at(10), network="192.0.2.7")
    hold(salon.session, [Wanted(cut, anna)], salon.at(11), network="192.0.2.7", instead_of=first)
    assert [row[2] for row in salon.busy()] == [salon.at(11)]
    hold(salon.session, [Wanted(cut, anna)], salon.at(12), network="192.0.2.7")
    with pytest.raises(Refusal, match="from your network"):
        hold(salon.session, [Wanted(cut, anna)], salon.at(13), network="192.0.2.7")
    hold(salon.session, [Wanted(cut, anna)], salon.at(13), network="192.0.2.8")


@pytest.mark.parametrize("careless", [False, True], ids=["locked", "control"])
def test_who_asks_many_times_at_once_keeps_no_more(
    salon: Salon, engine: Engine, organisation: Organisation, eve: datetime, monkeypatch: Any, careless: bool
) -> None:
    people = [salon.person(f"Anna {number}") for number in range(4)]
    cut = salon.service("Haircut", 60, by=people)
    save_plugin_settings(salon.session, "bookings", {"holds_per_network": 1})
    salon.session.commit()
    looked = occupied.check
    together = Barrier(4)

    def slowly(*given: Any, **more: Any) -> Any:
        found = looked(*given, **more)
        together.wait(20)
        return found

    if fault := careless and engine.dialect.name == "postgresql":
        monkeypatch.setattr(occupied, "_one_at_a_time", lambda _session, _network: None)
        monkeypatch.setattr(occupied, "check", slowly)

    def keep(staff: int) -> bool:
        with trusted(engine, organisation) as mine:
            try:
                hold(mine, [Wanted(cut, staff)], salon.at(10), network="192.0.2.7")
            except Refusal:
                return False
            mine.commit()
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(keep, people)) == (4 if fault else 1)


def test_t_b8_a_visit_lasts_as_long_as_it_takes_though_the_clock_is_changed_in_it(salon: Salon) -> None:
    branch = save_branch(salon.session, None, {"name": "Berlin", "zone": "Europe/Berlin"}).id
    salon.zone, salon.day = "Europe/Berlin", date(2030, 10, 27)
    cut = salon.service("Colouring", 120, by=[salon.person("Vera", "0:00", "8:00", branch=branch)])
    visit = salon.book(1.5, Wanted(cut), branch_id=branch)
    assert minutes(salon.visit(visit).ends) - salon.at(1.5) == 120
    move(salon.session, visit, salon.at(1), by="staff")
    assert minutes(salon.visit(visit).ends) - salon.at(1) == 120
    [(_staff, _room, first, last)] = salon.busy()
    assert last - first == 120


def test_a_service_that_we_confirm_is_a_request_first(salon: Salon, anna: int, eve: datetime) -> None:
    laser = salon.service("Laser", 60, by=[anna], confirm=True)
    assert salon.visit(salon.book(10, Wanted(laser), by="client")).status == "requested"
    assert salon.visit(salon.book(12, Wanted(laser), by="staff")).status == "booked"


def test_a_client_who_moves_what_we_confirm_asks_again(
    salon: Salon, anna: int, cut: int, eve: datetime
) -> None:
    laser = salon.service("Laser", 60, by=[anna], confirm=True)
    ours, plain = salon.book(10, Wanted(laser)), salon.book(12, Wanted(cut, anna))
    set_status(salon.session, ours, "confirmed")
    move(salon.session, ours, salon.at(14), by="staff")
    assert salon.visit(ours).status == "confirmed"
    for visit in (ours, plain):
        move(salon.session, visit, salon.at(15 if visit == ours else 16), by="client")
    assert (salon.visit(ours).status, salon.visit(plain).status) == ("requested", "booked")


def test_a_service_that_is_in_no_catalogue_is_moved_as_it_was_agreed_on(
    salon: Salon, anna: int, cut: int, eve: datetime
) -> None:
    """Visits of another system bring such services."""
    boris, room = salon.person("Boris"), salon.room("Room", needed_by=[])
    visit = salon.book(10, Wanted(cut, anna))
    line = {
        "appointment": visit,
        "position": 1,
        "name": "Old massage",
        "staff": boris,
        "resources": [room],
        "minutes": 45,
        "price": "700",
    }
    extra = write(salon.session, Line, [Change(line)], system=True).ids[0]
    move(salon.session, visit, salon.at(12), by="client")
    assert [tuple(one)[:3] for one in salon.lines(visit)] == [(anna, 0, 60), (boris, 60, 45)]
    assert (boris, None, salon.at(13), salon.at(13.75)) in salon.busy()
    assert (None, room, salon.at(13), salon.at(13.75)) in salon.busy()
    # Somebody else does it as long and for as much.
    move(salon.session, visit, salon.at(14), by="staff", staff={1: anna})
    assert [tuple(one) for one in salon.lines(visit)] == [(anna, 0, 60, 100000), (anna, 60, 45, 70000)]
    write(salon.session, Line, [Change({"staff": None}, extra)])
    with pytest.raises(Refusal, match="cannot be booked"):
        move(salon.session, visit, salon.at(12), by="staff")
    with pytest.raises(Refusal, match="cannot be booked"):
        salon.book(16, *services.wanted_of(salon.session, visit))


def test_a_visit_that_is_moved_while_a_service_of_it_grows_is_where_it_was_moved_to(
    salon: Salon, session: Session, engine: Engine, organisation: Organisation, anna: int, cut: int
) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    line = session.scalars(select(Line.id)).one()
    session.commit()
    later = moment(salon.at(14)).astimezone(ZoneInfo(salon.zone))
    write(session, Appointment, [Change({"starts": later}, visit)])

    def lengthen() -> None:
        with trusted(engine, organisation) as other:
            write(other, Line, [Change({"minutes": 90}, line)])
            other.commit()

    with ThreadPoolExecutor(1) as pool:
        grown = pool.submit(lengthen)
        sleep(0.3)  # until it waits for the visit
        session.commit()
        grown.result(20)
    assert salon.busy() == [(anna, None, salon.at(14), salon.at(15.5))]
    assert salon.visit(visit).ends == moment(salon.at(15.5))


def test_t_b18_two_requests_for_one_time_are_not_possible(salon: Salon, anna: int, eve: datetime) -> None:
    laser = salon.service("Laser", 60, by=[anna], confirm=True)
    salon.book(10, Wanted(laser), by="client")
    with pytest.raises(NotOffered):
        salon.book(10, Wanted(laser), by="client")


def test_keys_of_what_is_long_over_go(
    salon: Salon, session: Session, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = services.book(session, [Wanted(cut)], salon.at(10), by="staff")
    entry = save(session, Waiting, {"item": cut, "visitor": "A", "since": salon.day, "until": salon.day})
    key = tokens.make_waiting_token(session, entry)
    monkeypatch.setattr(tokens, "now", lambda: moment(salon.at(11)) + timedelta(days=399))
    assert tokens.prune(session) == 0
    assert (tokens.visit_of_token(session, booked.token), tokens.waiting_of_token(session, key)) == (
        booked.id,
        entry,
    )
    monkeypatch.setattr(tokens, "now", lambda: moment(salon.at(11)) + timedelta(days=401))
    assert tokens.prune(session) == 2
    with pytest.raises(NotFound):
        tokens.visit_of_token(session, booked.token)


def test_a_visit_that_was_put_away_is_told_as_cancelled(salon: Salon, session: Session, cut: int) -> None:
    visit, over = salon.book(10, Wanted(cut)), salon.book(12, Wanted(cut))
    set_status(session, over, "done")
    archive(session, record_type(Appointment), [visit, over])
    shown = public.visits(session, [visit, over])
    assert [shown[one]["status"] for one in (visit, over)] == ["cancelled_salon", "done"]
    assert not shown[visit]["can"]["cancel"] and not shown[visit]["can"]["move"]
    assert b"STATUS:CANCELLED" in visit_file(session, visit, localizer("en"))
    assert b"STATUS:CONFIRMED" in visit_file(session, over, localizer("en"))


def test_whoever_a_visit_was_taken_from_has_no_key_to_it_any_more(
    salon: Salon, session: Session, cut: int
) -> None:
    anna, twin, olga = (save(session, Contact, {"name": name}) for name in ("Anna", "Anna", "Olga"))
    booked = services.book(session, [Wanted(cut)], salon.at(10), by="staff", values={"client": anna})
    merge(session, record_type(Contact), twin, [anna])
    assert tokens.visit_of_token(session, booked.token) == booked.id
    save(session, Appointment, {"client": olga}, booked.id)
    with pytest.raises(NotFound):
        tokens.visit_of_token(session, booked.token)


def test_a_token_opens_one_visit_and_is_kept_nowhere(salon: Salon, session: Session, cut: int) -> None:
    booked = services.book(session, [Wanted(cut)], salon.at(10), by="staff")
    assert tokens.visit_of_token(session, booked.token) == booked.id
    with pytest.raises(NotFound):
        tokens.visit_of_token(session, booked.token[:-1])
    with pytest.raises(NotFound):
        tokens.visit_of_token(session, tokens.hash_of(booked.token))


@given(
    acts=some.lists(
        some.tuples(
            some.sampled_from(["book", "move", "cancel"]), some.integers(0, 5), some.integers(36, 72)
        ),
        max_size=10,
    ),
    gap=some.sampled_from([None, 15, 30]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_book_move_and_cancel_leave_free_what_nobody_has(
    salon: Salon, acts: list[tuple[str, int, int]], gap: int | None
) -> None:
    """Any order of acts on the quarters of a day: no two visits overlap, and cancelling all restores what was free."""
    with salon.session.begin_nested() as kept:
        people = [salon.person("Anna"), salon.person("Boris")]
        more: dict[str, Any] = {"gap_from": 15, "gap": gap} if gap else {}
        cut = salon.service("Colouring", 60, by=people, before=5, after=10, **more)
        salon.room("Chair", capacity=1, needed_by=[cut])
        before = salon.starts(Wanted(cut))
        visits: list[int] = []
        for act, number, quarter in acts:
            try:
                with salon.session.begin_nested():
                    if act == "book":
                        visits.append(salon.book(quarter / 4, Wanted(cut, people[number % 2])))
                    elif visits and act == "move":
                        move(salon.session, visits[number % len(visits)], salon.at(quarter / 4), by="staff")
                    elif visits:
                        cancel(salon.session, visits.pop(number % len(visits)), by="staff")
            except (NotOffered, Taken):
                pass
            rooms = sorted((start, end) for _staff, room, start, end in salon.busy() if room)
            assert all(one[1] <= other[0] for one, other in pairwise(rooms))
            assert len(rooms) == len(visits)
        for visit in visits:
            cancel(salon.session, visit, by="staff")
        assert salon.busy() == [] and salon.starts(Wanted(cut)) == before
        kept.rollback()


def test_the_wall_of_the_branch_is_what_counts(salon: Salon, anna: int, cut: int) -> None:
    visit = salon.book(10, Wanted(cut, anna))
    starts = get(salon.session, VISIT, visit)["starts"]
    assert starts.tzinfo == ZoneInfo("Europe/Moscow") and f"{starts:%H:%M}" == "10:00"


def test_who_is_forgotten_leaves_a_visit_without_a_name(salon: Salon, anna: int, cut: int) -> None:
    client = save(salon.session, Contact, {"name": "Olga Orlova", "phones": [{"number": "+79161112233"}]})
    values = {
        "client": client,
        "visitor": "Masha Orlova",
        "phone": "+79161112233",
        "comment": "allergic to acetone",
    }
    visit = salon.book(10, Wanted(cut, anna), values=values)
    (section,) = [
        one for one in copy_of(salon.session, record_type(Contact), client) if str(one.title) == "Visits"
    ]
    assert section.rows[0]["visitor"] == "Masha Orlova" and section.rows[0]["services"] == ["Haircut"]
    erase(salon.session, record_type(Contact), client)
    row = get(salon.session, VISIT, visit)
    assert "Orlova" not in str(row) and "acetone" not in str(row) and "79161112233" not in str(row)
    assert row["status"] == "booked" and len(salon.busy()) == 1
    told = salon.session.scalars(select(HistoryRow.values).where(HistoryRow.record == VISIT.name)).all()
    assert "Orlova" not in str(told)


def test_a_visit_that_is_moved_to_where_it_is_keeps_its_time(salon: Salon) -> None:
    cut = salon.service("Haircut", 60, by=[salon.person("Anna")])
    visit = salon.book(10, Wanted(cut))
    before = salon.busy()
    move(salon.session, visit, salon.at(10), by="staff")
    assert salon.busy() == before != []


def test_a_move_to_somebody_else_asks_for_neither_half_of_it(salon: Salon) -> None:
    anna, boris = salon.person("Anna"), salon.person("Boris")
    cut = salon.service("Haircut", 60, by=[anna, boris])
    visit = salon.book(10, Wanted(cut, anna))
    # He is busy at the old time, and she at the new one.
    salon.book(10, Wanted(cut, boris))
    salon.book(12, Wanted(cut, anna))
    move(salon.session, visit, salon.at(12), by="staff", staff={0: boris})
    assert (boris, None, salon.at(12), salon.at(13)) in salon.busy()
    assert len(salon.busy()) == 3
    with pytest.raises(NotOffered):
        move(salon.session, visit, salon.at(12), by="staff", staff={0: anna})
    move(salon.session, visit, salon.at(12), by="staff", staff={0: anna}, force=True)
    assert len(salon.busy()) == 3
