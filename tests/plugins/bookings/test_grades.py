"""A grade of specialists has prices and durations of its own, unless a specialist's own line says otherwise."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from parlour.db.session import Session
from parlour.plugins.bookings.models import Appointment, GradePrice, Line, Skill
from parlour.plugins.bookings.offers import Wanted
from parlour.plugins.bookings.online import public
from parlour.plugins.catalog.models import Item
from parlour.plugins.schedule.models import Grade, Staff
from parlour.records.write import save
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import Salon


def test_the_own_line_goes_before_the_grade_and_that_before_the_catalogue(
    salon: Salon, session: Session
) -> None:
    top = save(session, Grade, {"name": "Top stylist"})
    anna, boris, vera = (salon.person(name) for name in ("Anna", "Boris", "Vera"))
    cut = salon.service("Haircut", 60, by=[anna, boris, vera], price="1000")
    save(session, GradePrice, {"item": cut, "grade": top, "price": "1500", "minutes": 45})
    for who in (anna, boris):
        save(session, Staff, {"grade": top, "about": "Cuts with a razor."}, row_id=who)
    own = session.scalar(select(Skill.id).where(Skill.staff_id == boris))
    save(session, Skill, {"price": "2000"}, row_id=own)

    (offered,) = salon.search(Wanted(cut)).offered
    told = {who: (one.price and one.price.amount, one.minutes) for who, one in offered.items()}
    assert told == {
        anna: (Decimal("1500.00"), 45),
        boris: (Decimal("2000.00"), 45),
        vera: (Decimal("1000.00"), 60),
    }
    visit = salon.book(10, Wanted(cut, anna))
    assert [(row.minutes, row.price_amount) for row in salon.lines(visit)] == [(45, 150000)]
    # A service that is added on the visit's card is worked out in the same way.
    by_hand = save(session, Appointment, {"starts": salon.day.isoformat() + "T14:00"})
    save(session, Line, {"appointment": by_hand, "item": cut, "staff": anna})
    assert [(row.minutes, row.price_amount) for row in salon.lines(by_hand)] == [(45, 150000)]

    (service,) = public.services(session, "en")
    by_staff = {one["staff"]: one for one in service["staff"]}
    assert by_staff[anna]["minutes"] == 45
    assert by_staff[anna]["price"]["amount"] == "1500.00"
    assert "price" not in by_staff[vera]
    shown = {one["id"]: (one["grade"], one["about"]) for one in public.staff(session)}
    assert shown[anna] == ("Top stylist", "Cuts with a razor.")
    assert shown[vera] == (None, None)


def test_who_does_what_stands_on_the_cards_of_both_and_is_added_there(
    salon: Salon, session: Session, login: Enter
) -> None:
    anna = salon.person("Anna")
    cut = salon.service("Haircut", 60, by=[anna])
    goods = save(session, Item, {"name": "Shampoo", "type": "goods"})
    session.commit()
    owner, desk = login("manager"), login("receptionist")
    person = owner.get(f"/o/jasmine/r/schedule.staff/{anna}")
    assert "Haircut" in person
    assert f"/r/bookings.skill/new?staff={anna}" in person
    service = owner.get(f"/o/jasmine/r/catalog.item/{cut}")
    for record in ("skill", "grade_price", "need"):
        assert f"/r/bookings.{record}/new?item={cut}" in service
    assert "bookings.skill/new" not in owner.get(f"/o/jasmine/r/catalog.item/{goods}")
    assert "bookings.skill/new" not in desk.get(f"/o/jasmine/r/catalog.item/{cut}")
