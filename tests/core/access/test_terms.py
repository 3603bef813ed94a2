"""What a salon tells people about their data: revisions, who may change them, and what everybody may read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pyramid.router import Router
from sqlalchemy import Engine

from parlour.access import terms
from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.errors import Invalid, Refusal
from parlour.records.write import save
from parlour.testing import people
from parlour.testing.browsers import Browser
from parlour.testing.site import Enter, statements

HERE = "/o/jasmine/settings/terms"


@pytest.fixture
def today(organisation: Organisation) -> date:
    return datetime.now(ZoneInfo(organisation.zone)).date()


@pytest.fixture
def stranger(app: Router, login: Enter) -> Browser:
    """A browser in which nobody is logged in, at a site where somebody works already."""
    login("owner")
    return Browser(app)


def test_the_latest_revision_that_has_begun_is_in_effect(session: Session, today: date) -> None:
    days = (today - timedelta(days=90), today, today + timedelta(days=1))
    made = [terms.save_version(session, None, day, {"en": f"from {day}"}) for day in days]
    assert [one.name for one in terms.in_effect(session)] == [made[1].name, made[0].name]
    assert terms.versions(session)[0] is made[2]


def test_the_names_of_revisions_are_read_without_their_texts(
    session: Session, engine: Engine, today: date
) -> None:
    terms.save_version(session, None, today, {"en": "a"})
    session.commit()
    session.expunge_all()
    with statements(engine) as seen:
        (held,) = terms.in_effect(session)
    assert held.name == f"{today}"
    (asked,) = [one for one in seen if "core_terms" in one]
    assert "texts" not in asked
    assert held.texts == {"en": "a"}


def test_a_day_may_have_several_revisions_with_names_of_their_own(session: Session, today: date) -> None:
    names = [terms.save_version(session, None, today, {"en": text}).name for text in "abc"]
    assert names == [f"{today}", f"{today}-2", f"{today}-3"]
    assert terms.in_effect(session)[0].texts == {"en": "c"}


def test_what_holds_is_never_changed_and_what_comes_may_be(session: Session, today: date) -> None:
    held = terms.save_version(session, None, today, {"en": "Old"})
    coming = terms.save_version(session, None, today + timedelta(days=5), {"en": "New"})
    with pytest.raises(Refusal):
        terms.save_version(session, held, today, {"en": "Swapped"})
    with pytest.raises(Refusal):
        terms.remove_version(session, held.id)
    terms.save_version(session, coming, today + timedelta(days=7), {"en": "Newer"})
    assert coming.name == f"{today + timedelta(days=7)}"
    terms.remove_version(session, coming.id)
    assert [one.texts for one in terms.versions(session)] == [{"en": "Old"}]


def test_the_text_in_the_language_of_the_salon_is_needed(session: Session, today: date) -> None:
    with pytest.raises(Invalid) as refused:
        terms.save_version(session, None, today, {"ru": "Только по-русски", "en": "  "})
    assert set(refused.value.fields) == {"text_en"}


def test_everybody_reads_what_holds_and_earlier_revisions_in_their_language(
    stranger: Browser, session: Session, today: date
) -> None:
    stranger.get("/terms/jasmine", status=404)
    for day, text in ((today - timedelta(days=9), "Прежний"), (today, "Нынешний")):
        terms.save_version(session, None, day, {"ru": text, "en": f"{text} (en)"})
    terms.save_version(session, None, today + timedelta(days=1), {"en": "Будущий"})
    session.commit()
    page = stranger.get("/terms/jasmine", headers={"Accept-Language": "ru"})
    assert page.html.select_one(".reading").get_text() == "Нынешний"
    assert [link.get_text() for link in page.html.select(".revisions a")]
    assert "Будущий" not in page.text
    stranger.get(f"/terms/jasmine?version={today + timedelta(days=1)}", status=404)
    earlier = stranger.get(page.html.select_one(".revisions a")["href"], headers={"Accept-Language": "en"})
    assert earlier.html.select_one(".reading").get_text() == "Прежний (en)"
    assert "This is an earlier revision" in earlier.text


def test_nobody_reads_the_text_of_one_salon_at_another(
    stranger: Browser, other_organisation: Organisation, session: Session, today: date
) -> None:
    terms.save_version(session, None, today, {"en": "Текст Жасмина"})
    session.commit()
    assert "Текст Жасмина" in stranger.get("/terms/jasmine").text
    stranger.get(f"/terms/{other_organisation.slug}", status=404)
    stranger.get("/terms/nobody", status=404)


def test_a_revision_is_written_in_the_settings_and_only_there_by_who_may(login: Enter, today: date) -> None:
    owner = login("owner")
    form = owner.get(f"{HERE}/new").forms["form"]
    form["text_en"] = "Храним имя и телефон."
    form["effective_on"] = "2020-13-01"
    refused = form.submit(expect_errors=True)
    assert refused.status_int == 422
    form = refused.forms["form"]
    assert form["text_en"].value == "Храним имя и телефон."
    form["effective_on"] = f"{today}"
    form.submit().follow()
    assert f"/terms/jasmine?version={today}" in owner.get(HERE).text
    assert owner.get(f"{HERE}/new").forms["form"]["text_en"].value == "Храним имя и телефон."
    receptionist = login("receptionist")
    receptionist.get(f"{HERE}/new", status=403)
    receptionist.post(f"{HERE}/new", {"text_en": "x", "effective_on": f"{today}"}, status=403)


def test_a_consent_names_the_revision_and_leads_to_it(
    login: Enter, session: Session, engine: Engine, organisation: Organisation, today: date
) -> None:
    anna = save(session, "contacts.contact", {"name": "Орлова Анна"})
    for day in (today - timedelta(days=9), today):
        terms.save_version(session, None, day, {"en": "Текст"})
    session.commit()
    owner = login("owner")
    form = owner.get(f"/o/jasmine/contacts/{anna}/consents").forms["consent"]
    assert form["version_of_text"].value == f"{today}"
    form["version_of_text"] = f"{today - timedelta(days=9)}"
    card = form.submit().follow()
    (link,) = card.html.select('a[href^="/terms/jasmine"]')
    assert link["href"] == f"/terms/jasmine?version={today - timedelta(days=9)}"
    assert Browser(owner.app).get(link["href"]).status_int == 200
    with people.trusted(engine, organisation) as own:
        assert terms.in_effect(own)[1].name == f"{today - timedelta(days=9)}"


def test_what_is_stored_in_a_browser_is_told_without_logging_in(stranger: Browser) -> None:
    link = stranger.get("/login").html.select_one(".stored-note a")
    page = stranger.get(link["href"])
    assert {code.get_text() for code in page.html.select(".stored code")} >= {
        "parlour_session",
        "parlour_csrf",
    }
    assert set(stranger.cookies) <= {code.get_text() for code in page.html.select(".stored code")}
