"""A plugin's settings: declared once, kept per organisation, read with their types."""

from __future__ import annotations

from types import ModuleType

import colander
import pytest

from parlour.access import plugin_settings
from parlour.access.plugin_settings import save_plugin_settings, settings_of
from parlour.errors import Invalid, NotFound
from parlour.plugin import lifecycle
from parlour.plugin.registry import current
from tests.core.access.conftest import inside


@pytest.fixture
def plugin(plugins):
    """The name of a loaded plugin that has settings for the length of a test."""
    name = next(iter(plugins.order), None)
    if name is None:
        pytest.skip("no plugin is installed here")
    module = ModuleType("settings")
    module.SETTINGS = [
        colander.SchemaNode(colander.Integer(), name="days", default=7, validator=colander.Range(1, 60)),
        colander.SchemaNode(colander.Boolean(), name="greet", default=True),
        colander.SchemaNode(colander.Decimal(), name="rate", default=None, missing=None),
    ]
    modules = current().loaded[name].modules
    before = modules.get("settings")
    modules["settings"] = module
    yield name
    modules.pop("settings")
    if before is not None:
        modules["settings"] = before


def test_defaults_hold_until_something_is_entered(session, plugin):
    assert settings_of(session, plugin) == {"days": 7, "greet": True, "rate": None}
    save_plugin_settings(session, plugin, {"days": 3, "greet": False})
    assert settings_of(session, plugin) == {"days": 3, "greet": False, "rate": None}


def test_values_keep_their_types_whatever_the_database_can_hold(session, plugin):
    from decimal import Decimal

    save_plugin_settings(session, plugin, {"rate": Decimal("12.50")})
    assert settings_of(session, plugin)["rate"] == Decimal("12.50")


def test_a_value_out_of_bounds_is_refused_and_the_old_one_stays(session, plugin):
    save_plugin_settings(session, plugin, {"days": 3})
    with pytest.raises(Invalid) as refused:
        save_plugin_settings(session, plugin, {"days": 600})
    assert set(refused.value.fields) == {"days"}
    assert settings_of(session, plugin)["days"] == 3


def test_what_an_older_version_kept_does_not_break_a_newer_one(session, plugin):
    lifecycle.save_settings(session, plugin, {"days": "often", "gone": "x"})
    assert settings_of(session, plugin)["days"] == 7


def test_each_organisation_has_its_own(session, engine, other_organisation, plugin):
    save_plugin_settings(session, plugin, {"days": 3})
    session.commit()
    with inside(engine, other_organisation) as other:
        assert settings_of(other, plugin)["days"] == 7


def test_a_plugin_that_is_off_or_has_none_cannot_be_set(session, plugin):
    with pytest.raises(NotFound):
        plugin_settings.schema_of("nobody")
    for name in reversed(current().order):
        lifecycle.disable(session, name)
    with pytest.raises(NotFound):
        save_plugin_settings(session, plugin, {"days": 3})
