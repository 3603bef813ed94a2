"""Switching plugins on and off is data: it shows at once, for one organisation, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, event, select

from parlour.access.models import Organisation, Rule
from parlour.db.session import Session, open_session
from parlour.errors import NotFound, Refusal
from parlour.plugin import gate, lifecycle
from parlour.plugin.models import OrganisationPlugin
from parlour.plugin.registry import Plugins, current
from parlour.settings import Settings
from parlour.testing import people

ACCESS = """
    PERMISSIONS = {"alpha:thing:read": "See things"}
    GRANTS = {"receptionist": ["alpha:thing:read"]}
"""
TWO = {"alpha": {"access.py": ACCESS}, "beta": {}}
Thrown = Callable[..., Plugins]


@pytest.fixture
def two(thrown: Thrown, organisation: Organisation) -> Plugins:
    """Two more plugins, beta on top of alpha; both off."""
    return thrown(TWO, beta=("alpha",))


def test_the_core_is_always_on(session: Session) -> None:
    assert "core" in gate.enabled(session)


def test_switching_on_brings_what_is_required(two: Plugins, session: Session) -> None:
    assert lifecycle.missing_requirements(session, "beta") == ["alpha"]
    assert not {"alpha", "beta"} & gate.enabled(session)
    assert lifecycle.enable(session, "beta") == ["alpha", "beta"]
    assert {"alpha", "beta"} <= gate.enabled(session)
    assert lifecycle.enable(session, "beta") == []


def test_the_next_session_sees_it_and_the_other_organisation_does_not(
    two: Plugins,
    session: Session,
    engine: Engine,
    organisation: Organisation,
    other_organisation: Organisation,
) -> None:
    with people.trusted(engine, organisation) as before:
        assert "alpha" not in gate.enabled(before)
    lifecycle.enable(session, "alpha")
    session.commit()
    with people.trusted(engine, organisation) as here:
        assert "alpha" in gate.enabled(here)
    with people.trusted(engine, other_organisation) as there:
        assert "alpha" not in gate.enabled(there)


def test_what_is_rolled_back_was_never_switched(
    two: Plugins, engine: Engine, organisation: Organisation
) -> None:
    with people.trusted(engine, organisation) as session:
        lifecycle.enable(session, "alpha")
        assert "alpha" in gate.enabled(session)
        session.rollback()
    with people.trusted(engine, organisation) as session:
        assert "alpha" not in gate.enabled(session)


def test_what_is_rolled_back_is_not_remembered_for_the_next_who_switches(
    two: Plugins, engine: Engine, organisation: Organisation
) -> None:
    """Both raise the version of the switches to the same number."""
    with people.trusted(engine, organisation) as session:
        lifecycle.enable(session, "alpha")
        assert "alpha" in gate.enabled(session)
        session.rollback()
    with people.trusted(engine, organisation) as session:
        lifecycle.disable(session, current().order[-1])
        session.commit()
    with people.trusted(engine, organisation) as session:
        assert "alpha" not in gate.enabled(session)


def test_switching_off_is_refused_while_others_need_it(two: Plugins, session: Session) -> None:
    lifecycle.enable(session, "beta")
    with pytest.raises(Refusal, match=r"needed by other plugins: beta"):
        lifecycle.disable(session, "alpha")
    assert lifecycle.disable(session, "beta")
    assert lifecycle.disable(session, "alpha")
    assert not lifecycle.disable(session, "alpha")
    assert not {"alpha", "beta"} & gate.enabled(session)


def test_off_and_on_again_keeps_settings_and_what_people_changed(two: Plugins, session: Session) -> None:
    lifecycle.enable(session, "alpha")
    rule = session.scalars(select(Rule).where(Rule.source == "alpha")).one()
    rule.active = False  # somebody took the permission away
    lifecycle.save_settings(session, "alpha", {"colour": "lilac"})
    lifecycle.disable(session, "alpha")
    assert lifecycle.settings_of(session, "alpha") == {"colour": "lilac"}
    lifecycle.enable(session, "alpha")
    assert lifecycle.settings_of(session, "alpha") == {"colour": "lilac"}
    assert [rule.active for rule in session.scalars(select(Rule).where(Rule.source == "alpha"))] == [False]


def test_an_unknown_plugin_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        lifecycle.enable(session, "nobody")
    with pytest.raises(NotFound):
        lifecycle.disable(session, "nobody")


def test_a_plugin_that_is_put_aside_cannot_be_switched_on_and_says_why(
    two: Plugins, session: Session
) -> None:
    from parlour.plugin.manifest import Fault

    assert two.set_aside("alpha", Fault("Its views are broken.")) == ["beta", "alpha"]
    with pytest.raises(Refusal, match="Its views are broken"):
        lifecycle.enable(session, "alpha")
    with pytest.raises(Refusal, match="alpha"):
        lifecycle.enable(session, "beta")


def test_a_plugin_put_aside_while_it_is_on_is_gone_from_the_gate(two: Plugins, session: Session) -> None:
    from parlour.plugin.manifest import Fault

    lifecycle.enable(session, "alpha")
    current().set_aside("alpha", Fault("Its views are broken."))
    session.scope.cache.clear()
    assert "alpha" not in gate.enabled(session)
    assert "alpha" in gate.switched_on(session)


def test_the_gate_costs_one_query_in_a_session_and_none_after(
    two: Plugins, engine: Engine, organisation: Organisation
) -> None:
    with people.trusted(engine, organisation) as warm:
        gate.enabled(warm)
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    with people.trusted(engine, organisation) as session:
        gate.enabled(session)
        gate.enabled(session)
    assert len([text for text in statements if "FROM core_organisation" in text]) == 1
    assert not [text for text in statements if "core_organisation_plugin" in text]


def test_two_people_who_switch_at_once_make_one_row(
    two: Plugins, engine: Engine, organisation: Organisation, settings: Settings
) -> None:
    def switch(_number: int) -> list[str]:
        with people.trusted(engine, organisation) as session:
            done = lifecycle.enable(session, "beta")
            session.commit()
            return done

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(switch, range(4)))
    assert sorted(done, key=len) == [[], [], [], ["alpha", "beta"]]
    with people.trusted(engine, organisation) as session:
        rows = session.scalars(
            select(OrganisationPlugin.name).where(OrganisationPlugin.name.in_(["alpha", "beta"]))
        )
        assert sorted(rows) == ["alpha", "beta"]


def test_plugins_that_are_on_by_default_are_on_in_a_new_organisation(
    engine: Engine, plugins: Plugins
) -> None:
    from parlour.access.organisations import add_organisation

    with open_session(engine) as session:
        add_organisation(session, "New", region="GB")
        lifecycle.enable_defaults(session)
        wanted = {name for name, item in plugins.loaded.items() if item.manifest.enabled_by_default}
        assert gate.enabled(session) - {"core"} == wanted
