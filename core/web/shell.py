"""The shell around staff pages: menus built from what is on and allowed, branches, quick add, what needs me."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from parlour.access.memberships import my_branches
from parlour.access.organisations import branches as all_branches
from parlour.access.rules import allows
from parlour.access.settings_nav import nav
from parlour.i18n import _
from parlour.jobs.listing import attention
from parlour.jobs.models import FAILED, UNCERTAIN
from parlour.plugin.calls import collect
from parlour.plugin.gate import CORE
from parlour.plugin.registry import current
from parlour.records.pages.addresses import new_url
from parlour.records.registry import RecordType, enabled_records
from parlour.web.slots import NEEDS, Figure, LoudLine, MenuItem, Need, PageContext, SlotItem

# What people do, in the order in which a day goes; entries name one of these or bring a title of their own.
GROUPS = {
    "today": _("Today"),
    "clients": _("Clients"),
    "calendar": _("Calendar"),
    "desk": _("Desk"),
    "events": _("Events"),
    "stock": _("Stock"),
    "team": _("Team"),
    "reports": _("Reports"),
    "settings": _("Settings"),
}
_CORE_MENU = "parlour.menu"


def includeme(config: Configurator) -> None:
    config.registry.setdefault(_CORE_MENU, [])
    config.add_directive("add_menu_item", add_menu_item)


def add_menu_item(config: Configurator, item: MenuItem) -> None:
    """Directive for the core's own pages; plugins use the hook `menu`."""

    def register() -> None:
        config.registry[_CORE_MENU].append(item)

    config.action(("parlour.menu", item.route, tuple(sorted(item.parts.items()))), register)


def slot_items(request: Request, name: str, subject: Any = None) -> list[SlotItem]:
    """What plugins put into a slot; one hook call. Without a `subject` the slot is about the page."""
    if request.organisation is None:
        return []
    context = subject if subject is not None else PageContext(request.loc, request.url_of)
    return collect(request.db, "slot_items", slot=name, context=context)


def figures(request: Request, name: str, subject: Any) -> list[dict[str, Any]]:
    """The figures of a slot, as the theme's strip wants them."""
    return as_figures(slot_items(request, name, subject))


def as_figures(items: Iterable[SlotItem]) -> list[dict[str, Any]]:
    """Those of some slot items that are figures, for the theme's strip."""
    return [
        {
            "title": item.title,
            "value": item.value,
            "sub": item.sub,
            "tone": item.tone,
            "href": item.href,
            "spark": item.spark,
        }
        for item in items
        if isinstance(item, Figure)
    ]


def loud(request: Request, name: str, subject: Any) -> list[dict[str, Any]]:
    """The loud lines of a slot."""
    return [
        {"text": item.text, "icon": item.icon}
        for item in slot_items(request, name, subject)
        if isinstance(item, LoudLine)
    ]


def needs(request: Request) -> list[dict[str, Any]]:
    """What waits for this person."""
    if request.organisation is None:
        return []
    items = [item for item in slot_items(request, NEEDS) if isinstance(item, Need)]
    return [
        {"title": item.title, "sub": item.sub, "url": item.url, "icon": item.icon, "tone": item.tone}
        for item in (*_jobs_in_trouble(request), *items)
    ]


def _jobs_in_trouble(request: Request) -> list[Need]:
    """Background work that only a person can help, for who may do so."""
    if not allows(request.db, "core:jobs:write"):
        return []
    found, loc = attention(request.db), request.loc
    url = request.url_of("jobs", query={"show": "attention"})
    failed, uncertain = found.get(FAILED, 0), found.get(UNCERTAIN, 0)
    needs = []
    if uncertain:
        title = loc.plural("${n} message: was it sent?", "${n} messages: were they sent?", uncertain)
        needs.append(Need(title=title, url=url, icon="circle-question-mark", tone="warn"))
    if failed:
        title = loc.plural("${n} background job failed", "${n} background jobs failed", failed)
        needs.append(Need(title=title, url=url, icon="circle-alert", tone="bad"))
    return needs


def menus(request: Request) -> list[dict[str, Any]]:
    """The groups of the menu, each with its entries, for the theme."""
    if request.organisation is None:
        return []
    entries = [
        item for item in _entries(request) if not item.permission or allows(request.db, item.permission)
    ]
    shown = [
        {
            "title": item.title,
            "url": request.url_of(item.route, **item.parts),
            "icon": item.icon,
            "count": item.count,
            "group": item.group,
        }
        for item in entries
    ]
    open_page = _open(request.path, [entry["url"] for entry in shown], request.url_of("today"))
    if sections(request):
        # Lists of values and the plugins lie in Settings, whatever their addresses begin with.
        open_page = request.url_of("settings")
    groups: dict[Any, dict[str, Any]] = {}
    for code, title in GROUPS.items():
        groups[code] = {"name": code, "title": title, "items": []}
    for entry in shown:
        entry["active"] = entry["url"] == open_page
        code = _group(entry.pop("group"))
        groups.setdefault(code, {"name": "", "title": code, "items": []})["items"].append(entry)
    settings = groups.pop("settings")
    return [group for group in (*groups.values(), settings) if group["items"]]


def _group(wanted: Any) -> Any:
    """The code of a group that is named by its code or, as a manifest's category, by its title."""
    if wanted in GROUPS:
        return wanted
    return next((code for code, title in GROUPS.items() if str(title) == str(wanted)), wanted or "clients")


def sections(request: Request) -> list[dict[str, Any]]:
    """The menu of Settings, beside every page that belongs to them; empty elsewhere."""
    if request.organisation is None:
        return []
    found = nav(request)
    return found if any(item["active"] for group in found for item in group["items"]) else []


def _entries(request: Request) -> list[MenuItem]:
    """The core's entries, every record that has no entry of its own, and what plugins bring."""
    brought: list[MenuItem] = collect(request.db, "menu")
    named = {item.parts.get("record") for item in brought if item.route == "record.list"}
    core: Sequence[MenuItem] = request.registry[_CORE_MENU]
    entries = [*core, *(_of_record(record) for record in _main_records(request) if record.name not in named)]
    return sorted([*entries, *brought], key=lambda item: item.sequence)


def _main_records(request: Request) -> list[RecordType]:
    """Records that people work in, unlike lists of values, which stand in Settings, and what belongs to a card."""
    return [record for record in enabled_records(request.db) if record.menu and not record.lookup]


def _of_record(record: RecordType) -> MenuItem:
    group = "settings" if record.plugin == CORE else current().loaded[record.plugin].manifest.category
    return MenuItem(
        title=record.plural,
        route="record.list",
        parts={"record": record.name},
        icon=record.icon,
        group=group,
        permission=record.permission("read"),
    )


def _open(path: str, urls: Sequence[str], home: str) -> str | None:
    """The entry that leads nearest to the page that is open. Everything lies under home, which says nothing."""
    around = [url for url in urls if path == url or (url != home and path.startswith(f"{url}/"))]
    return max(around, key=len, default=None)


def branches(request: Request) -> list[dict[str, Any]]:
    """The branches in which this person works; nothing to choose from where there is one."""
    if request.organisation is None:
        return []
    mine = set(my_branches(request.db))
    if len(mine) < 2:
        return []
    chosen = request.db.scope.branch_id
    return [
        {"id": branch.id, "name": branch.name, "active": branch.id == chosen}
        for branch in all_branches(request.db)
        if branch.id in mine
    ]


def quick_add(request: Request) -> list[dict[str, Any]]:
    """What can be added from every page, in the order of the menu: who is at the desk adds clients first."""
    if request.organisation is None:
        return []
    places = {code: place for place, code in enumerate(GROUPS)}
    records = sorted(
        _main_records(request), key=lambda record: places.get(_group(_of_record(record).group), len(places))
    )
    return [
        {"title": record.title, "url": new_url(request, record), "icon": record.icon}
        for record in records
        if allows(request.db, record.permission("create"))
    ]
