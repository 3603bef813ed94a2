"""Every address of the site with the numbers of another salon in it, and every form sent to it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from pyramid.router import Router

from parlour.plugin.registry import current
from parlour.records.registry import record_type
from parlour.testing.browsers import Browser
from tests.isolation.world import DIGITS, MARK, World

_PLACE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\})?[^{}]*)?\}")
# What `{id}` means in the addresses of the core; in those of records it is a row, in unknown ones every number there is.
MEANT = {
    "settings.branch": "branch",
    "settings.member": "member",
    "settings.role": "role",
    "settings.segment": "segment",
}
# Logging in and out, and what changes nothing but the person's own view.
LEFT_OUT = frozenset({"static"})


@dataclass(frozen=True)
class Door:
    """A route of an organisation with the methods that its views answer."""

    route: str
    pattern: str
    methods: frozenset[str]


@dataclass(frozen=True)
class Call:
    """One request: where, and for a form what is sent."""

    route: str
    method: str
    path: str
    body: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dict(self.body)}"


def doors(site: Router) -> Iterator[Door]:
    """Every page below an organisation, in order of definition; calls and what is for everybody have their own tests."""
    introspector = site.registry.introspector
    methods: dict[str, set[str]] = {}
    for found in introspector.get_category("views") or ():
        view = found["introspectable"]
        stated = view["request_methods"] or ("GET",)
        methods.setdefault(view["route_name"], set()).update((stated,) if isinstance(stated, str) else stated)
    for found in introspector.get_category("routes") or ():
        route = found["introspectable"]
        pattern = "/" + route["pattern"].lstrip("/")
        elsewhere = pattern.startswith(("/api/", "/widget/"))
        if "{organisation}" in pattern and route["name"] not in LEFT_OUT and not elsewhere:
            yield Door(route["name"], pattern, frozenset(methods.get(route["name"], set())))


# A record of each sort: with a card of its own, on the cards of others, a list of values, a vendor's.
SOME = ("contacts.contact", "contacts.note", "contacts.tag", "visitors.visitor")


def calls(site: Router, slug: str, world: World, *, some: bool = False) -> Iterator[Call]:
    """Everything that can be asked of a salon's address with the numbers of `world`; of `some` records only."""
    for door in doors(site):
        for path, values in _paths(door, slug, world):
            if some and values.get("record", SOME[0]) not in SOME:
                continue
            if "GET" in door.methods:
                for query in _queries(door, values, world):
                    yield Call(door.route, "GET", path + query)
            for method in sorted(door.methods - {"GET", "HEAD", "OPTIONS"}):
                for body in _bodies(door, values, world):
                    yield Call(door.route, method, path, tuple(body))


def _paths(door: Door, slug: str, world: World) -> Iterator[tuple[str, dict[str, str]]]:
    names = [match.group(1) for match in _PLACE.finditer(door.pattern)]
    for record in world.rows if "record" in names else [""]:
        options = [_options(door, name, slug, record, world) for name in names]
        for chosen in itertools.product(*options):
            values = dict(zip(names, map(str, chosen), strict=True))
            yield _PLACE.sub(lambda match, values=values: quote(values[match.group(1)]), door.pattern), values


def _options(door: Door, name: str, slug: str, record: str, world: World) -> list[Any]:
    every = sorted({*world.rows.values(), *world.ids.values()})
    if name == "organisation":
        return [slug]
    if name == "record":
        return [record]
    if name == "plugin":
        return sorted(current().loaded)
    if name == "action":
        return list(record_type(record).actions) or ["nothing"]
    if name == "name":
        return ["picture.png"]
    meant = next((word for route, word in MEANT.items() if door.route.startswith(route)), None)
    if name == "id" and meant:
        return [world.ids[meant]]
    if name == "id":
        return [world.rows[record]] if record else every
    if name == "file" and record:
        return [world.ids["upload"]]
    return [world.ids[name]] if name in world.ids else every


def _queries(door: Door, values: dict[str, str], world: World) -> list[str]:
    """Nothing, and then everything at once that a page may be asked for: parts of the mark and rows by number.

    Of the mark only a part, so that a page which repeats the question does not look like a leak.
    """
    row = world.rows.get(values.get("record", ""), world.rows["contacts.contact"])
    numbers = {"id": row, "keep": row, "lose": row, "preview": row, "segment": world.ids["segment"]}
    asked: list[dict[str, Any]] = [{}, {"q": MARK[:5], **numbers}]
    if door.route in ("record.list", "search", "search.suggest", "record.export.file"):
        asked += [{"q": MARK[:5]}, {"q": DIGITS[:6]}, {"f": f'{{"and":[["id","=",{row}]]}}'}]
    return ["?" + urlencode(one) if one else "" for one in asked]


def _bodies(door: Door, values: dict[str, str], world: World) -> list[list[tuple[str, str]]]:
    """What a form could say to do harm; names that a page does not know cost nothing."""
    contact = world.rows["contacts.contact"]
    row = world.rows.get(values.get("record", ""), contact)
    common = {
        "id": row,
        "ids": row,
        "keep": contact,
        "lose": row,
        "one": contact,
        "other": contact + 1,
        "typed": "1",
        "branch": world.ids["branch"],
        "branch_id": world.ids["branch"],
        "role": world.ids["role"],
        "user": world.ids["member"],
        "name": "taken over",
        "title": "taken over",
        "text": "taken over",
        "confirm": "1",
    }
    bodies = [common]
    if door.route == "record.bulk":
        bodies = [
            {**common, "action": act, "field": "note"}
            for act in ("archive", "delete", "set", "merge", "export", "block")
        ]
    if door.route == "record.edit":
        bodies = [common, {**common, "_charset_": "UTF-8", "photo": world.ids["file"], "version": "1"}]
    return [[(name, str(value)) for name, value in body.items()] for body in bodies]


def ask(browser: Browser, call: Call) -> tuple[int, str]:
    """The status and everything that came back: headers, and the body as text."""
    if call.method == "GET":
        answer = browser.get(call.path, expect_errors=True)
    elif call.method == "POST":
        answer = browser.post(call.path, list(call.body), expect_errors=True)
    else:
        answer = browser._gen_request(
            call.method,
            call.path,
            urlencode(call.body),
            expect_errors=True,
            headers={"X-CSRF-Token": browser.csrf},
        )
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return answer.status_int, headers + "\n" + answer.body.decode("utf-8", "replace")


def shows(text: str) -> bool:
    """Whether anything of the other salon stands in an answer."""
    plain = text.casefold()
    return MARK.casefold() in plain or DIGITS in re.sub(r"[\s()+-]|&nbsp;|\u00a0", "", plain)
