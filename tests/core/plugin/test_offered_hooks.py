"""Plugins offer hooks to others: who may answer, under which names, and what becomes of them with their plugin."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parlour.access.models import Organisation
from parlour.db.session import Session
from parlour.plugin import calls, lifecycle
from parlour.plugin.manifest import Fault
from parlour.plugin.registry import Plugins, current

SPECS = """
    from parlour.hooks import collects

    @collects
    def {name}(session, shelf):
        \"\"\"What stands on a shelf.\"\"\"
"""
ANSWER = """
    from parlour.hooks import hookimpl

    @hookimpl
    def shop_goods(session, shelf):
        return ["{name} on " + shelf]
"""
SHOP = {"hookspecs.py": SPECS.format(name="shop_goods"), "hooks.py": ANSWER.format(name="shop")}


@pytest.fixture
def shop(thrown: Callable[..., Plugins], organisation: Organisation, session: Session) -> Plugins:
    """A shop with a hook; a guest that requires it, and a friend that has a bridge to it, answer as well; all on."""
    files = {
        "shop": SHOP,
        "guest": {"hooks.py": ANSWER.format(name="guest")},
        "friend": {"bridges/__init__.py": "", "bridges/shop.py": ANSWER.format(name="friend")},
    }
    found = thrown(files, guest=("shop",))
    for name in ("shop", "guest", "friend"):
        lifecycle.enable(session, name)
    return found


def goods(session: Session) -> list[str]:
    return calls.collect(session, "shop_goods", shelf="top")


def test_who_requires_the_plugin_or_has_a_bridge_to_it_answers(shop: Plugins, session: Session) -> None:
    assert shop.hooks["shop_goods"] == "collect"
    assert sorted(goods(session)) == ["friend on top", "guest on top", "shop on top"]


def test_who_is_off_does_not_answer(shop: Plugins, session: Session) -> None:
    lifecycle.disable(session, "guest")
    lifecycle.disable(session, "friend")
    assert goods(session) == ["shop on top"]


def test_a_hook_goes_with_the_plugin_that_offers_it(shop: Plugins, session: Session) -> None:
    shop.set_aside("shop", Fault("Broken."))
    assert "shop_goods" not in shop.hooks
    with pytest.raises(LookupError):
        goods(session)
    assert {"shop", "guest"} <= set(shop.quarantined)
    assert "friend" in shop.loaded


def test_an_offered_hook_is_called_as_its_own_kind(shop: Plugins, session: Session) -> None:
    with pytest.raises(LookupError):
        calls.check(session, "shop_goods", shelf="top")


def put_aside(thrown: Callable[..., Plugins], files: dict[str, dict[str, str]]) -> Plugins:
    """Load plugins of which one is not sound."""
    with pytest.raises(AssertionError, match="hook"):
        thrown(files)
    return current()


def test_who_neither_requires_nor_bridges_may_not_answer(thrown: Callable[..., Plugins]) -> None:
    found = put_aside(thrown, {"shop": SHOP, "stranger": {"hooks.py": ANSWER.format(name="stranger")}})
    assert "shop" in found.loaded
    assert "shop_goods" in str(found.quarantined["stranger"])


def test_a_hook_under_a_name_that_is_not_the_plugins_own_is_not_offered(
    thrown: Callable[..., Plugins],
) -> None:
    found = put_aside(thrown, {"shop": {"hookspecs.py": SPECS.format(name="menu")}})
    assert "menu" in str(found.quarantined["shop"])
