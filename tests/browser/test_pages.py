"""Every page there is: nothing inline, nothing wider than the screen, no serious fault for who cannot see or use a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from parlour.testing.browsers import inline_parts
from tests.browser.conftest import Enter, desks
from tests.browser.desk import Desk
from tests.browser.salon import CONTACT, Salon, phone
from tests.browser.windows import NARROW, Windows

CLIENTS = f"/r/{CONTACT}"
FAULTS = ("serious", "critical")
AXE = Axe().axe_script
# Rows that are drawn as those before them: looking at each takes most of the time and finds nothing new.
SIMILAR = {
    "exclude": [[f"{rows}:nth-child(n+9)"] for rows in (".list-table tbody tr", ".found li", ".pairs li")]
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}


def full_card(salon: Salon) -> int:
    """A client with everything a card can show."""
    row = salon.client(
        "Полная Карточка Ивановна",
        phones=[{"number": phone(), "label": "work"}, {"number": phone()}],
        emails=[{"address": f"full{phone()[1:]}@example.com"}],
        tags=["VIP", "brows"],
        birthday="1990-02-28",
        must_know="Allergic to latex",
        blocked=True,
        blocked_reason="did not come three times",
        note="Likes silence.\nAnd green tea.",
        spent_before={"amount": "12500", "currency": "RUB"},
    )
    salon.change(row, profession="Pilot")
    return row


def company(salon: Salon) -> int:
    return salon.client("Ромашка", kind="company", phones=[{"number": phone()}], tax_number="7707083893")


def pair(salon: Salon) -> str:
    one = salon.client("Двойников Олег", phones=[{"number": phone()}])
    other = salon.client("Двойников Олег Петрович", phones=[{"number": phone()}])
    return f"{CLIENTS}/merge?keep={one}&lose={other}"


def of_card(verb: str = "", make: Callable[[Salon], int] = full_card) -> Callable[[Salon], str]:
    return lambda salon: f"{CLIENTS}/{make(salon)}{verb}"


def member(salon: Salon) -> str:
    _token, user = salon.log_in("receptionist")
    return f"/settings/members/{user.id}"


def explained(salon: Salon) -> str:
    _token, user = salon.log_in("specialist")
    row = salon.client("Объяснимая Анна")
    return f"/settings/explain?who={user.id}&record={CONTACT}&row={row}&action=write&field=phones"


Where = str | Callable[[Salon], str]
PAGES: dict[str, Where] = {
    "today": "",
    "search": "/search?q=anna",
    "search for nothing": "/search",
    "what needs me": "/needs",
    "list": CLIENTS,
    "list with filters": f'{CLIENTS}?q=a&f=[["is_client","=",true],["birthday","within",30]]',
    "list without results": f"{CLIENTS}?q=zzzzzz",
    "archive": f"{CLIENTS}?archived=1",
    "new client": f"{CLIENTS}/new",
    "card": of_card(),
    "card of a company": of_card(make=company),
    "edit": of_card("/edit"),
    "history": of_card("/history"),
    "delete": of_card("/delete"),
    "personal data": of_card("/person"),
    "merge": pair,
    "export": f"{CLIENTS}/export",
    "import": f"{CLIENTS}/import",
    "segment": f'{CLIENTS}/segments?f=[["birthday","within",30]]',
    "tags": "/r/contacts.tag",
    "new tag": "/r/contacts.tag/new",
    "birthdays": "/contacts/birthdays",
    "services and goods": "/r/catalog.item",
    "new item": "/r/catalog.item/new",
    "card of an item": "/r/catalog.item/1",
    "edit an item": "/r/catalog.item/1/edit",
    "specialists": "/r/schedule.staff",
    "new specialist": "/r/schedule.staff/new",
    "edit a specialist": "/r/schedule.staff/1/edit",
    "rooms and equipment": "/r/schedule.resource",
    "absences": "/r/schedule.absence",
    "new absence": "/r/schedule.absence/new",
    "public holidays": "/schedule/holidays?country=RU&year=2026",
    "grades": "/r/schedule.grade",
    "outside calendars": "/r/schedule.calendar",
    "new outside calendar": "/r/schedule.calendar/new",
    "calendar": "/bookings/day",
    "week of all": "/bookings/day/week",
    "week of one": "/bookings/day/week?staff=1",
    "list of visits": "/bookings/day/list",
    "day and waiting list": "/bookings/day?waiting=1",
    "my day": "/bookings/my-day",
    "find a time": "/bookings/day/free?item0=1",
    "visits nobody works at": "/bookings/uncovered",
    "visits": "/r/bookings.appointment",
    "new visit": "/r/bookings.appointment/new",
    "clients who are due": "/bookings/due",
    "repeat a visit": "/bookings/visits/1/repeat?count=5",
    "reviews": "/r/bookings.review",
    "new review": "/r/bookings.review/new",
    "technical notes": "/r/bookings.treatment",
    "new technical note": "/r/bookings.treatment/new",
    "waiting list": "/r/bookings.waiting",
    "new waiting list entry": "/r/bookings.waiting/new",
    "group sessions": "/r/bookings.group",
    "new group session": "/r/bookings.group/new",
    "messages": "/r/messages.message",
    "texts of messages": "/messages/kinds",
    "set up messages": "/messages/settings",
    "channels of messages": "/messages/settings/channels",
    "write to a client": of_card("/do/write"),
    "taxes": "/r/catalog.tax",
    "new tax rate": "/r/catalog.tax/new",
    "duplicates": "/contacts/duplicates",
    "who looks after whom": "/contacts/responsible",
    "consent": lambda salon: f"/contacts/{full_card(salon)}/consents",
    "plugins": "/plugins",
    "organisation": "/settings/organisation",
    "branches": "/settings/branches",
    "new branch": "/settings/branches/new",
    "branch": "/settings/branches/1",
    "personal data text": "/settings/terms",
    "new revision": "/settings/terms/new",
    "terms": "~/terms/jasmine",
    "cookies": "~/cookies",
    "block": of_card("/do/block"),
    "members": "/settings/members",
    "new member": "/settings/members/new",
    "member": member,
    "invite": "/settings/members/invite",
    "logging in": "/settings/security",
    "roles": "/settings/roles",
    "new role": "/settings/roles/new",
    "role": "/settings/roles/2",
    "owner's role": "/settings/roles/1",
    "role and clients": f"/settings/roles/2/r/{CONTACT}",
    "rows of a role": f'/settings/roles/2/r/{CONTACT}/rows?act=read&f=[["created_by","=","me"]]',
    "restriction": f"/settings/roles/2/r/{CONTACT}/rows?act=read&only=1",
    "roles compared": "/settings/roles/2/compare?with=3",
    "rights explained": explained,
    "safety": "/settings/safety",
    "tokens": "/settings/tokens",
    "data that left": "/settings/log",
    "background work": "/jobs",
    "my account": "~/me",
    "second factor": "~/me/factor",
    "forgotten password": "~/forgot",
    "nothing there": "/nothing",
}


# Pages whose heading is a name that somebody gave.
CALLED = ("branch", "member", "card of an item")


@pytest.fixture(scope="module")
def paths() -> dict[str, str]:
    """Pages whose rows are made once and looked at in both languages."""
    return {}


@pytest.fixture(scope="module")
def _reader(windows: Windows, salon: Salon) -> Iterator[Desk]:
    with desks(windows, salon) as enter:
        yield enter("owner")


@pytest.fixture(scope="module")
def _phone(windows: Windows, salon: Salon) -> Iterator[Desk]:
    with desks(windows, salon) as enter:
        yield enter("owner", width=NARROW, locale="ru")


@pytest.fixture
def reader(_reader: Desk) -> Iterator[Desk]:
    """One owner at the desk for all pages, because a browser that is new each time loads everything anew."""
    _reader.page.emulate_media(color_scheme="light")
    yield _reader
    assert not _reader.faults


@pytest.fixture
def phone_reader(_phone: Desk) -> Iterator[Desk]:
    """One owner with a phone in Russian for all pages."""
    yield _phone
    assert not _phone.faults


def open_page(desk: Desk, name: str, paths: dict[str, str]) -> None:
    where = PAGES[name]
    if name not in paths:
        paths[name] = where if isinstance(where, str) else where(desk.salon)
    desk.go(paths[name])
    expect(desk.page.locator("h1").first).to_be_visible()


def serious(page: Page, options: dict[str, object] | None = None) -> list[str]:
    """What axe finds that keeps people from using the page; its half megabyte goes into a page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    looking = "([where, how]) => axe.run(where, how).then(results => results.violations)"
    found = page.evaluate(looking, [SIMILAR, options or {"resultTypes": ["violations"]}])
    return [
        f"{fault['id']}: {fault['help']}: {[node['target'] for node in fault['nodes'][:4]]}"
        for fault in found
        if fault["impact"] in FAULTS
    ]


def test_control_what_keeps_people_out_is_found_each_time(enter: Enter) -> None:
    desk = enter(None)
    desk.page.set_content("<main><button></button><p style='color: #eee; background: #fff'>pale</p></main>")
    found = {fault.partition(":")[0] for fault in serious(desk.page)}
    assert {"button-name", "color-contrast"} <= found
    assert [fault.partition(":")[0] for fault in serious(desk.page, COLOURS)] == ["color-contrast"]


@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_it_and_it_fits_on_a_desk(reader: Desk, name: str, paths: dict[str, str]) -> None:
    desk = reader
    open_page(desk, name, paths)
    assert not inline_parts(desk.page.content())
    assert desk.fits(), "wider than 1280 pixels"
    assert serious(desk.page) == []
    desk.page.emulate_media(color_scheme="dark")
    assert serious(desk.page, COLOURS) == []


@pytest.mark.parametrize("name", PAGES)
def test_it_fits_on_a_phone_in_russian(phone_reader: Desk, name: str, paths: dict[str, str]) -> None:
    desk = phone_reader
    open_page(desk, name, paths)
    assert desk.fits(), "wider than a phone"
    expect(desk.page.locator("html")).to_have_attribute("lang", "ru")
    if name not in CALLED:
        assert re.search("[А-Яа-яЁё]", desk.page.locator("h1").first.inner_text())


@pytest.mark.parametrize(("width", "locale"), [(1280, "en"), (NARROW, "ru")])
def test_the_site_as_a_role_sees_it_fits_and_says_so(enter: Enter, width: int, locale: str) -> None:
    desk = enter("owner", width=width, locale=locale)
    desk.go("/settings/roles/3")
    desk.page.evaluate("document.querySelector('form[action$=\"/roles/3/view\"]').submit()")
    expect(desk.page.locator(".viewing")).to_be_visible()
    assert desk.fits()
    assert serious(desk.page) == []
    desk.page.locator(".viewing button").click()
    expect(desk.page.locator(".viewing")).to_have_count(0)


@pytest.mark.parametrize("path", ["/settings/roles/2", f"{CLIENTS}/import"])
def test_nothing_is_cut_off_on_a_phone(phone_reader: Desk, path: str) -> None:
    """What scrolls sideways within the page is not seen by who does not know that it does."""
    phone_reader.go(path)
    cut = "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 && "
    cut += "getComputedStyle(e).overflowX === 'auto' && !e.closest('nav')).map(e => e.className)"
    assert phone_reader.page.evaluate(cut) == []


def test_the_button_of_a_file_is_in_the_language_of_the_page(phone_reader: Desk) -> None:
    desk = phone_reader
    desk.go(f"{CLIENTS}/import")
    file = {"name": "clients.csv", "mimeType": "text/csv", "buffer": b"Name"}
    desk.page.set_input_files("input[type=file]", files=[file])
    shown = desk.page.locator(".file-choice")
    expect(shown).to_have_text(f"{desk.say('Choose a file')}clients.csv")
    with desk.page.expect_file_chooser():
        shown.locator("button").click()


class Links(HTMLParser):
    """Where a page leads."""

    def __init__(self, address: str, html: str):
        super().__init__()
        self.address = address
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href and not href.startswith(("#", "tel:", "mailto:")):
            self.found.add(urljoin(self.address, href).partition("#")[0])


# Lists of values that differ in nothing but their words.
ALIKE = re.compile(r"/r/contacts\.(category|reason|source)\b")


def shape(address: str) -> tuple[str, frozenset[str]]:
    """What kind of page an address leads to, and what is asked of it: numbers and values make no other page."""
    parts = urlsplit(address)
    path = re.sub("[0-9]+", "N", ALIKE.sub("/r/contacts.tag", parts.path))
    return path, frozenset(item.partition("=")[0] for item in parts.query.split("&"))


def test_whatever_can_be_reached_from_today_is_there_and_has_nothing_inline(enter: Enter) -> None:
    desk = enter("owner")
    row = full_card(desk.salon)
    ahead = [
        desk.salon.home,
        f"{desk.salon.home}{CLIENTS}/{row}",
        f"{desk.salon.home}{CLIENTS}/{company(desk.salon)}",
    ]
    # Every page once, and once more for everything that can be asked of it.
    seen: dict[str, set[str]] = {}
    faults = []
    while ahead:
        address = ahead.pop(0)
        path, asked = shape(address)
        if path in seen and asked <= seen[path]:
            continue
        seen.setdefault(path, set()).update(asked)
        answer = desk.context.request.get(address)
        if answer.status != 200:
            faults.append(f"{address} answers {answer.status}")
        if "text/html" in answer.headers.get("content-type", ""):
            html = answer.text()
            faults += [f"{address} {part}" for part in inline_parts(html)]
            ahead += [
                link for link in sorted(Links(address, html).found) if link.startswith(desk.salon.address)
            ]
    assert not faults
    assert len(seen) > 40
    # A page that is new in the menus belongs into PAGES.
    named = {shape(f"{desk.salon.home}{where}")[0] for where in PAGES.values() if isinstance(where, str)}
    desk.go()
    menu = {
        urljoin(desk.salon.address, str(link.get_attribute("href")))
        for link in desk.page.locator("nav.side a").all()
    }
    assert {shape(link)[0] for link in menu} - named <= {
        f"/o/{desk.salon.organisation.slug}/r/visitors.visitor",
        f"/o/{desk.salon.organisation.slug}/settings",
    }
