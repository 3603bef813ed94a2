"""Every page has a stated number of statements, the same for one row and for many, for one plugin and for eight."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.distributions import run_python, write_plugin

HOOKS = """
from markupsafe import Markup
from parlour.hooks import hookimpl
from parlour.web.slots import Figure, LoudLine, MenuItem, Need, SlotItem

@hookimpl
def menu(session):
    return [MenuItem(title="{name}", route="today", icon="circle")]

@hookimpl
def slot_items(session, slot, context):
    kinds = {{
        "card.loud": LoudLine(text="{name}"),
        "card.figures": Figure(title="{name}", value="1"),
        "needs": Need(title="{name}", url="/"),
    }}
    return [kinds.get(slot) or SlotItem(html=Markup("<p>{name}</p>"))]

@hookimpl
def timeline(session, record, ids, before, limit):
    return []
"""

COUNT = """
import json, structlog
from pathlib import Path
structlog.configure(processors=[lambda *_a: (_ for _ in ()).throw(structlog.DropEvent())])
from parlour.app import make_app
from parlour.access.organisations import add_organisation
from parlour.db.engine import make_engine
from parlour.db.session import open_session
from parlour.migrations import runner
from parlour.plugin import lifecycle
from parlour.settings import load
from parlour.testing import people
from parlour.testing.browsers import browser_of
from parlour.testing.site import statements

folder = Path({folder!r})
settings = load({{}}, folder, data=folder)
runner.upgrade(settings)
engine = make_engine(settings.database_url)
app = make_app(settings, engine=engine)
# What a page has to say in the log of access is written with it and not with the next.
app.registry["parlour.access_log"].pause = 0
from parlour.plugins.contacts.models import Contact
from parlour.records.write import Change, write

with open_session(engine) as session:
    organisation = add_organisation(session, "Jasmine", region="RU")
    lifecycle.enable(session, "contacts")
    owner = people.add_person(session, "owner")
    session.commit()

def fill(number, count):
    with people.trusted(engine, organisation) as session:
        rows = [
            {{"name": f"Клиент {{n}}", "phones": [f"+7916{{n:07}}", f"+7917{{n:07}}"], "tags": [f"t{{n % 5}}"],
              "birthday": "1990-05-04", "must_know": "x", "note": "y"}}
            for n in range(number, number + count)
        ]
        write(session, Contact, [Change(row) for row in rows])
        session.commit()

browser = browser_of(app, engine, owner)
HERE = "/o/jasmine"
LIST = HERE + "/r/contacts.contact"
PAGES = [HERE, HERE + "/needs", HERE + "/plugins", HERE + "/search?q=a", HERE + "/search/suggest?q=a", LIST, LIST + "?q=7",
         LIST + "/new", LIST + "/1", LIST + "/1/preview", LIST + "/1/edit", LIST + "/1/history", LIST + "/1/delete",
         HERE + "/jobs", LIST + "/1/person", LIST + "/merge?keep=1&lose=2", LIST + "/export", LIST + "/suggest?q=7",
         LIST + '/segments?f=[["blocked","=",true]]']

def count():
    found = {{}}
    for page in PAGES:
        browser.get(page)
        with statements(engine) as asked:
            answer = browser.get(page)
        found[page] = len(asked)
    return found

fill(7, 2)
few = count()
for start in range(9, 609, 200):
    fill(start, 200)
many = count()
with people.trusted(engine, organisation) as session:
    for name in {names!r}:
        lifecycle.enable(session, name)
    session.commit()
shown = browser.get(LIST + "/1").text
print(json.dumps({{"few": few, "many": many, "plugins": count(), "shown": all(name in shown for name in {names!r})}}))
"""

NAMES = [f"thing{number}" for number in range(7)]


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("statements")
    for name in NAMES:
        write_plugin(folder, name, {"hooks.py": HOOKS.format(name=name)})
    return run_python(folder, COUNT.format(folder=str(folder), names=NAMES))


def test_pages_cost_the_same_for_two_rows_and_for_six_hundred(counted: Any) -> None:
    assert counted["many"] == counted["few"]


def test_pages_cost_the_same_for_one_plugin_and_for_eight(counted: Any) -> None:
    assert counted["shown"], "the plugins do take part"
    assert counted["plugins"] == counted["few"]


def test_pages_keep_to_the_number_that_they_state(counted: Any) -> None:
    from parlour.jobs import views
    from parlour.records.pages import (
        card,
        exporting,
        form,
        history,
        listing,
        merging,
        person,
        preview,
        removing,
        segments,
        suggest,
    )
    from parlour.web.pages import plugins, search, today

    stated = {
        "": today, "/needs": today, "/plugins": plugins, "/jobs": views, "/search": search, "/search/suggest": search,
        "/r/contacts.contact": listing, "/new": form, "/1": card, "/1/preview": preview, "/1/edit": form,
        "/1/history": history, "/1/delete": removing, "/1/person": person, "/merge": merging, "/export": exporting,
        "/suggest": suggest, "/segments": segments,
    }  # fmt: skip
    for page, asked in counted["many"].items():
        path = page.partition("?")[0].removeprefix("/o/jasmine")
        module = stated[path.removeprefix("/r/contacts.contact") or path]
        assert asked <= module.max_queries, f"{page}: {asked}"
