"""The widget's addresses: who may show it, what they cost, and that they work without any cookie."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from pyramid.router import Router
from sqlalchemy import Engine, update
from webtest import TestApp

from parlour.access.models import Organisation, User
from parlour.access.plugin_settings import save_plugin_settings
from parlour.access.policy import COOKIE
from parlour.db.session import Session, system
from parlour.errors import Invalid
from parlour.plugin import lifecycle
from parlour.plugins.bookings.online.words import _TEXTS
from parlour.plugins.catalog.models import Category, Item
from parlour.records.write import save
from parlour.settings import Settings
from parlour.testing.browsers import inline_parts
from parlour.testing.people import trusted
from parlour.testing.site import Enter
from tests.plugins.bookings.conftest import Salon

PAGE = "/widget/jasmine/bookings"
MODULE = f"{PAGE}/widget.js"
CALLS = "/api/v1/public/jasmine/bookings"


@pytest.fixture
def salon(session: Session) -> Salon:
    """Within the window of clients: in three days from now."""
    return Salon(session, day=datetime.now(ZoneInfo("Europe/Moscow")).date() + timedelta(days=3))


@pytest.fixture
def cut(salon: Salon, session: Session) -> int:
    made = salon.service("Haircut", 60, by=[salon.person("Anna")])
    session.commit()
    return made


@pytest.fixture
def web(app: Router, login: Enter) -> TestApp:
    login()  # somebody must exist, or the site leads to its set-up
    return TestApp(app)


@pytest.fixture
def token(web: TestApp, salon: Salon, cut: int) -> str:
    day = salon.day
    start = datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Europe/Moscow")).isoformat()
    body = {
        "start": start,
        "services": [{"service": cut, "staff": None}],
        "client": {"name": "Anna", "phone": "+79161112233"},
        "consents": ["data"],
    }
    made: str = web.post_json(f"{CALLS}/appointments", body).json["token"]
    return made


def policy(response: Any) -> dict[str, str]:
    parts = (part.split(None, 1) for part in response.headers["Content-Security-Policy"].split(";"))
    return {part[0]: part[1] for part in parts}


def test_only_the_web_sites_of_the_settings_may_show_the_page(
    web: TestApp, session: Session, login: Enter
) -> None:
    assert policy(web.get(PAGE))["frame-ancestors"] == "'self'"
    save_plugin_settings(
        session, "bookings", {"origins": "https://salon.example/, https://Shop.example:8443"}
    )
    session.commit()
    answer = web.get(PAGE)
    assert policy(answer)["frame-ancestors"] == "'self' https://salon.example https://shop.example:8443"
    assert inline_parts(answer.text) == []
    # No other page, and none that the page could be sent on to.
    for address in ("/o/jasmine", "/o/jasmine/r/bookings.appointment", "/login", f"{PAGE}/nothing"):
        other = login("owner").get(address, expect_errors=True)
        assert policy(other)["frame-ancestors"] == "'none'", address
    assert policy(web.get(CALLS))["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    "wrong", ["*", "https://a.example; script-src *", "salon.example", "https://a.example/x"]
)
def test_a_setting_cannot_say_more_than_addresses(session: Session, wrong: str) -> None:
    with pytest.raises(Invalid):
        save_plugin_settings(session, "bookings", {"origins": wrong})


@pytest.mark.parametrize("address", [PAGE, MODULE, CALLS, "/widget/nobody/bookings", f"{PAGE}/nothing"])
def test_no_cookie_is_set_or_makes_a_difference(
    web: TestApp, login: Enter, session: Session, address: str
) -> None:
    without = web.get(address, expect_errors=True)
    assert "Set-Cookie" not in without.headers
    assert not without.headers.get("Vary", "").count("Cookie")
    browser = login("owner")
    assert COOKIE in browser.cookies
    # Whoever read the log-in would speak the person's language, as pages do.
    with system(session):
        session.execute(update(User).where(User.id == browser.user.id).values(locale="ru"))
    session.commit()
    assert '<html lang="ru">' in browser.get("/o/jasmine").text
    browser.set_cookie("parlour_language", "ru")
    with_cookies = browser.get(address, expect_errors=True)
    assert "Set-Cookie" not in with_cookies.headers
    if without.status_int == 200:
        assert with_cookies.body == without.body
        assert with_cookies.headers["Cache-Control"] == without.headers["Cache-Control"]


def test_what_the_widget_keeps_in_a_browser_is_told(web: TestApp) -> None:
    source, told = web.get(MODULE).text, web.get("/cookies").text
    for name in ("parlour.visits.", "parlour.waiting.", "parlour.proofs."):
        assert name in source and name in told


def test_any_web_site_may_load_the_module_and_keep_it_for_a_while(web: TestApp) -> None:
    answer = web.get(MODULE, headers={"Origin": "https://salon.example", "Accept-Encoding": "gzip"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert web.get(MODULE, headers={"If-None-Match": answer.headers["ETag"]}, status=304).body == b""
    plain = web.get(MODULE, headers={"Accept-Encoding": "identity"}).text
    assert "parlour-booking" in plain and "eval(" not in plain and "innerHTML" not in plain


def test_the_widget_is_small(web: TestApp, cut: int) -> None:
    module = web.get(MODULE, headers={"Accept-Encoding": "identity"}).body
    packed = len(gzip.compress(module, 9))
    assert packed < 25_000
    # As they go over the wire: the module packed, the first answer not.
    assert packed + len(web.get(CALLS).body) < 60_000


def test_everything_the_widget_says_is_in_the_first_answer(web: TestApp, cut: int) -> None:
    english = web.get(CALLS, headers={"Accept-Language": "en"}).json
    russian = web.get(CALLS, headers={"Accept-Language": "ru-RU, en;q=0.5"}).json
    assert english["language"] == "en" and russian["language"] == "ru"
    assert set(english["texts"]) == set(russian["texts"]) == set(_TEXTS)
    assert english["texts"]["book"] == "Book the visit" and russian["texts"]["book"] == "Записаться"
    source = web.get(MODULE, headers={"Accept-Encoding": "identity"}).text
    unused = [name for name in _TEXTS if name not in source and not name.startswith(("status_", "deposit_"))]
    assert unused == []
    # A language that nobody has translated gets the salon's words.
    other = web.get(CALLS, headers={"Accept-Language": "ar"}).json
    assert other["texts"] in (english["texts"], russian["texts"])


def test_services_stand_under_headings_in_the_readers_language(
    web: TestApp, cut: int, session: Session
) -> None:
    hair = save(session, Category, {"name": "Hair", "names": [{"text": "Волосы", "language": "ru"}]})
    save(session, Item, {"category": hair}, cut)
    session.commit()
    for language, heading in (("ru", "Волосы"), ("en", "Hair")):
        told = web.get(CALLS, headers={"Accept-Language": language}).json["services"]
        assert [one["category"] for one in told] == [heading]


def test_the_page_speaks_the_language_of_its_address(web: TestApp, cut: int) -> None:
    assert '<html lang="ru">' in web.get(f"{PAGE}?locale=ru").text
    assert '<html lang="en">' in web.get(f"{PAGE}?locale=en").text
    arabic = web.get(f"{PAGE}?locale=ar&service=7&staff=%22%3E%3Cscript%3E").text
    assert 'locale="ar"' in arabic and 'service="7"' in arabic and "<script>" not in arabic.split("<body>")[1]


def test_the_settings_tell_where_clients_book_and_what_goes_into_a_web_site(
    login: Enter, settings: Settings, session: Session
) -> None:
    page = login("owner").get("/o/jasmine/settings/plugins/bookings")
    site = settings.url.rstrip("/")
    assert page.html.select_one("#booking-page").text == f"{site}{PAGE}"
    snippet = page.html.select_one("#booking-widget").text
    assert f'<script type="module" src="{site}{MODULE}"></script>' in snippet
    assert (
        f'<parlour-booking salon="jasmine"><a href="{site}{PAGE}">Book online</a></parlour-booking>'
        in snippet
    )
    assert page.html.select_one("#booking-frame").text.startswith(f'<iframe src="{site}{PAGE}" title=')
    assert inline_parts(page.text) == []
    # Above the settings of this plugin, and no other.
    assert "booking-page" not in login("owner").get("/o/jasmine/settings/plugins/schedule").text


def test_where_the_plugin_is_off_there_is_no_widget(
    web: TestApp, engine: Engine, organisation: Organisation, other_organisation: Organisation
) -> None:
    for address in (PAGE, MODULE, CALLS):
        assert web.get(address).status_int == 200
    with trusted(engine, organisation) as session:
        lifecycle.disable(session, "bookings")
        session.commit()
    for address in (PAGE, MODULE, CALLS, "/widget/nobody/bookings"):
        web.get(address, status=404)
    web.get(f"/widget/{other_organisation.slug}/bookings")


def event(web: TestApp, token: str) -> tuple[Any, Any]:
    answer = web.get(f"{CALLS}/appointments/{token}/visit.ics")
    assert answer.content_type == "text/calendar" and "attachment" in answer.headers["Content-Disposition"]
    calendar = Calendar.from_ical(answer.body)
    (found,) = calendar.walk("VEVENT")
    return calendar, found


def test_a_visit_goes_into_a_calendar_and_follows_what_becomes_of_it(
    web: TestApp, salon: Salon, token: str
) -> None:
    calendar, first = event(web, token)
    start = datetime(salon.day.year, salon.day.month, salon.day.day, 10, tzinfo=ZoneInfo("Europe/Moscow"))
    assert calendar["method"] == "PUBLISH" and first["status"] == "CONFIRMED"
    assert first.decoded("dtstart") == start.astimezone(UTC)
    assert first.decoded("dtend") - first.decoded("dtstart") == timedelta(hours=1)
    assert "Haircut" in first["summary"] and "+7" not in first["summary"]

    later = (start + timedelta(hours=2)).isoformat()
    web.post_json(f"{CALLS}/appointments/{token}/reschedule", {"start": later})
    _calendar, moved = event(web, token)
    assert moved["uid"] == first["uid"] and moved["sequence"] > first["sequence"]
    assert moved.decoded("dtstart") == (start + timedelta(hours=2)).astimezone(UTC)

    web.post_json(f"{CALLS}/appointments/{token}/cancel", {})
    calendar, gone = event(web, token)
    assert (calendar["method"], gone["status"], gone["transp"]) == ("CANCEL", "CANCELLED", "TRANSPARENT")
    assert gone["uid"] == first["uid"] and gone["sequence"] > moved["sequence"]
    web.get(f"{CALLS}/appointments/{token[:-1]}/visit.ics", status=404)
