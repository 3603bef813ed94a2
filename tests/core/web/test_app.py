"""How the site is put together: what it imports, which views it takes in, and which plugins it puts aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyramid.router import Router
from pyramid.security import NO_PERMISSION_REQUIRED

from parlour.app import INCLUDES
from parlour.plugin.gate import plugin_of
from tests.support.distributions import run_python, write_plugin

START = """
import json, sys, structlog
from pathlib import Path
from parlour.app import make_app
from parlour.plugin import registry
from parlour.settings import load
from parlour.db.engine import make_engine

structlog.configure(processors=[lambda *_a: (_ for _ in ()).throw(structlog.DropEvent())])
folder = Path({folder!r})
settings = load({{}}, folder, data=folder)
engine = make_engine(settings.database_url)
# Whatever is found counts as installed: this is about views, not about tables.
from parlour.plugin.state import State
registry.read_state = lambda _engine, plugins: State(
    {{name: plugin.version for name, plugin in plugins.items()}}
)
app = make_app(settings, engine=engine)
plugins = registry.current()
routes = sorted(found["introspectable"]["name"] for found in app.registry.introspector.get_category("routes"))
print(json.dumps({{
    "loaded": list(plugins.loaded),
    "quarantined": {{name: str(fault) for name, fault in plugins.quarantined.items()}},
    "routes": routes,
    "imported": sorted(set(sys.modules) & {{"celery", "alembic", "weasyprint", "kombu"}}),
}}))
"""

VIEWS = """
from pyramid.view import view_config

def includeme(config):
    config.add_route("{name}.page", "/page")

@view_config(route_name="{name}.page", permission="member", renderer="string")
def page(request):
    return "page"
"""


def start(folder: Path) -> Any:
    return run_python(folder, START.format(folder=str(folder)))


def test_the_site_starts_without_what_only_workers_need(tmp_path: Path) -> None:
    assert start(tmp_path)["imported"] == []


def test_a_plugins_views_are_taken_in_under_its_prefix(tmp_path: Path) -> None:
    write_plugin(tmp_path, "fine", {"views.py": VIEWS.format(name="fine")})
    found = start(tmp_path)
    assert "fine.page" in found["routes"]
    assert "fine" not in found["quarantined"]


@pytest.mark.parametrize(
    ("views", "reason"),
    [
        ("import nothing_like_this", "nothing_like_this"),
        ("def includeme(config):\n    raise RuntimeError('not today')", "not today"),
        (VIEWS.format(name="other"), "does not begin with broken."),
        (VIEWS.format(name="broken").replace(', permission="member"', ""), "states no permission"),
        (
            VIEWS.format(name="broken").replace(
                '"/page")', '"/page")\n    config.add_route("today", "/elsewhere")'
            ),
            "today",
        ),
        (
            VIEWS.format(name="broken").replace(
                'config.add_route("broken.page", "/page")',
                'config.route_prefix = ""\n    config.add_route("broken.page", "/login")',
            ),
            "not below",
        ),
    ],
    ids=["import", "includeme", "name", "permission", "conflict", "prefix"],
)
def test_a_plugin_whose_views_break_a_rule_is_put_aside_and_the_site_stands(
    tmp_path: Path, views: str, reason: str
) -> None:
    write_plugin(tmp_path, "broken", {"views.py": views})
    write_plugin(tmp_path, "fine", {"views.py": VIEWS.format(name="fine")})
    found = start(tmp_path)
    assert reason in found["quarantined"]["broken"]
    assert "broken.page" not in found["routes"]
    assert "fine.page" in found["routes"]
    assert "record.list" in found["routes"]


def test_every_view_belongs_to_somebody_and_asks_for_a_right(app: Router) -> None:
    open_to_all = set()
    for found in app.registry.introspector.get_category("views"):
        view = found["introspectable"]
        if view["route_name"] is None:
            continue
        rights = [related["value"] for related in found["related"] if related.category_name == "permissions"]
        assert rights, view["route_name"]
        owner = plugin_of(getattr(view["callable"], "__module__", ""))
        assert owner is not None
        # What a plugin opens to everybody, it says so itself.
        if owner == "core" and NO_PERMISSION_REQUIRED in rights:
            open_to_all.add(view["route_name"])
    assert {name for name in open_to_all if not name.endswith(".static")} <= {
        "home",
        "login",
        "logout",
        "healthz",
        "readyz",
        "viewing.stop",
        "colours",
        "cookies",
        "terms",
        "join",
        "reset",
        "forgot",
        "login.code",
        "setup",
        "language",
        "theme",
        "static",
        "health",
    }


def test_the_assembly_names_only_parts_that_exist() -> None:
    assert len(set(INCLUDES)) == len(INCLUDES)
    assert INCLUDES[-1] == "parlour.web.plugin_views", (
        "plugins come last: the core's declarations stand first"
    )
