"""Whatever is wrong with one plugin, the process starts, says why, and everything else works.

All faulty plugins of this file are put into one process, where each of them must be told apart from the others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.distributions import MODELS, advertise, run_python, write_plugin

# Loads everything, then queries a plugin that is sound: a fault that spread would show there.
REPORT = """
    import json
    from parlour.db.base import METADATA
    from parlour.plugin.registry import boot
    plugins = boot()
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session
    import thrown_sound.models as sound
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with Session(engine) as session:
        assert session.scalars(select(sound.Thing)).all() == []
    again = boot()
    print(json.dumps({
        "loaded": plugins.order,
        "again": again.order,
        "quarantined": {name: str(fault) for name, fault in plugins.quarantined.items()},
        "tables": sorted(METADATA.tables),
        "hooks": [name for name, _plugin in plugins.pm.list_name_plugin()],
    }))
"""

HOOKS = """
    from parlour.hooks import hookimpl

    @hookimpl
    def {name}({arguments}):
        pass
"""

RELATION = (
    MODELS
    + """
    other = __import__("sqlalchemy.orm").orm.relationship("Nobody")
"""
)

FOREIGN = (
    MODELS
    + """
    other_id: Mapped[int] = mapped_column(__import__("sqlalchemy").ForeignKey("nowhere.id"))
"""
)

RECORDS = """
    from sqlalchemy.orm import Mapped
    from parlour.records.declare import record_base, text

    Record = record_base("twice")

    class One(Record, name="twice.thing", title="One"):
        name: Mapped[str] = text("Name", required=True)

    class Two(Record, name="twice.thing", title="Two"):
        name: Mapped[str] = text("Name", required=True)
"""


def write_everything(folder: Path) -> None:
    write_plugin(folder, "sound", {"models.py": MODELS.format(name="sound")})
    for name, (file, fault) in IMPORT_FAULTS.items():
        write_plugin(folder, name, {"models.py": MODELS.format(name=name), file: fault})
    write_plugin(
        folder, "halfway", {"models.py": MODELS.format(name="halfway") + "\nraise RuntimeError('stop')"}
    )
    on_it = MODELS.format(name="on_it") + "\nfrom thrown_bad_hooks.models import Thing as Other"
    write_plugin(folder, "on_it", {"models.py": on_it}, requires=("bad_hooks",))
    write_plugin(folder, "egg", requires=("hen",))
    write_plugin(folder, "hen", requires=("egg",))
    write_plugin(folder, "future", core=">=99")
    write_plugin(folder, "lonely", requires=("nobody",))
    write_plugin(folder, "choosy", requires=("contacts>=99",))
    write_plugin(
        folder, "typo", {"hooks.py": HOOKS.format(name="record_changed", arguments="session, record")}
    )
    write_plugin(
        folder, "greedy", {"hooks.py": HOOKS.format(name="records_changed", arguments="session, request")}
    )
    write_plugin(
        folder, "thief", {"models.py": MODELS.format(name="thief").replace("thief_thing", "sound_thing")}
    )
    write_plugin(folder, "twice", {"models.py": RECORDS})
    write_plugin(folder, "double", package="thrown_first")
    write_plugin(folder, "double", package="thrown_second")
    advertise(folder, "left-behind", "ghost", "thrown_ghost:plugin")
    write_plugin(folder, "empty", {"__init__.py": ""})
    write_plugin(folder, "renamed", {"__init__.py": "from thrown_sound import plugin"})
    write_plugin(folder, "related", {"models.py": RELATION.format(name="related")})
    write_plugin(folder, "pointing", {"models.py": FOREIGN.format(name="pointing")})
    write_plugin(folder, "lax", {"access.py": 'GRANTS = {"receptionist": ["lax:thing:read"]}'})
    write_plugin(folder, "near", {"bridges/__init__.py": "", "bridges/nobody.py": "1 / 0"})
    write_plugin(folder, "joined", {"bridges/__init__.py": "", "bridges/sound.py": "1 / 0"})


IMPORT_FAULTS = {
    "bad_package": ("__init__.py", "import not_there_at_all"),
    "bad_syntax": ("__init__.py", "def broken(:"),
    "bad_models": ("models.py", "raise SystemExit(1)"),
    "bad_services": ("services.py", "1 / 0"),
    "bad_hooks": ("hooks.py", "import not_there_at_all"),
    "bad_jobs": ("jobs.py", "raise SystemExit(1)"),
    "bad_access": ("access.py", "1 / 0"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a process with all of them says of itself."""
    folder = tmp_path_factory.mktemp("plugins")
    write_everything(folder)
    return run_python(folder, REPORT)


@pytest.fixture(scope="module")
def reasons(report: Any) -> dict[str, str]:
    found: dict[str, str] = report["quarantined"]
    return found


def test_everything_sound_is_loaded(report: Any) -> None:
    assert {"sound", "near", "contacts"} <= set(report["loaded"])
    assert "sound_thing" in report["tables"]


def test_starting_again_gives_the_same(report: Any) -> None:
    assert report["again"] == report["loaded"]


@pytest.mark.parametrize("name", IMPORT_FAULTS)
def test_a_module_that_cannot_be_imported(report: Any, reasons: dict[str, str], name: str) -> None:
    assert "could not be imported" in reasons[name]
    assert f"{name}_thing" not in report["tables"]


def test_models_that_fail_half_way_leave_nothing_behind(report: Any, reasons: dict[str, str]) -> None:
    assert "stop" in reasons["halfway"]
    assert "halfway_thing" not in report["tables"]


def test_what_stands_on_a_broken_plugin_is_put_aside_with_it(report: Any, reasons: dict[str, str]) -> None:
    assert "bad_hooks is required and could not be loaded" in reasons["on_it"]
    assert not {"bad_hooks_thing", "on_it_thing"} & set(report["tables"])


def test_a_circular_requirement(reasons: dict[str, str]) -> None:
    assert "circle: egg → hen → egg" in reasons["hen"]
    assert "circle: egg → hen → egg" in reasons["egg"]


def test_a_plugin_newer_than_the_core(reasons: dict[str, str]) -> None:
    assert "needs Parlour >=99, and this is" in reasons["future"]


def test_a_requirement_that_is_not_there_or_too_old(reasons: dict[str, str]) -> None:
    assert "nobody is required and is not there" in reasons["lonely"]
    assert "contacts is required in version >=99" in reasons["choosy"]


def test_a_misspelt_hook(report: Any, reasons: dict[str, str]) -> None:
    assert "a hook that does not exist" in reasons["typo"]
    assert "record_changed" in reasons["typo"]
    assert "typo" not in report["hooks"]


def test_a_hook_with_an_argument_that_is_not_given(reasons: dict[str, str]) -> None:
    assert "request" in reasons["greedy"]


def test_a_table_name_that_is_taken(report: Any, reasons: dict[str, str]) -> None:
    assert "sound_thing" in reasons["thief"]
    assert "sound_thing" in report["tables"]


def test_a_record_name_that_is_taken(report: Any, reasons: dict[str, str]) -> None:
    assert "twice_thing" in reasons["twice"]
    assert "twice_thing" not in report["tables"]


def test_two_distributions_that_offer_one_name(reasons: dict[str, str]) -> None:
    assert "Several distributions" in reasons["double"]


def test_metadata_of_a_package_that_is_gone(reasons: dict[str, str]) -> None:
    assert "left-behind still offers this plugin" in reasons["ghost"]


def test_a_manifest_that_is_none(reasons: dict[str, str]) -> None:
    assert "manifest is not valid" in reasons["empty"]
    assert "'sound'" in reasons["renamed"]


def test_a_broken_mapping(report: Any, reasons: dict[str, str]) -> None:
    """A relationship to a class that does not exist shows only when mappers are configured."""
    assert "not mapped correctly" in reasons["related"]
    assert "related_thing" not in report["tables"]


def test_a_foreign_key_to_a_table_that_does_not_exist(report: Any, reasons: dict[str, str]) -> None:
    assert "nowhere" in reasons["pointing"]
    assert "pointing_thing" not in report["tables"]


def test_access_rules_that_name_what_is_not_declared(reasons: dict[str, str]) -> None:
    assert "access rules are not valid" in reasons["lax"]


def test_a_bridge_is_loaded_only_beside_its_other_side(report: Any, reasons: dict[str, str]) -> None:
    assert "near" in report["loaded"]
    assert "could not be imported" in reasons["joined"]


def test_one_base_for_all_would_let_a_broken_mapping_stop_everybody(tmp_path: Path) -> None:
    """The control: with one declarative base, a fault in one plugin stops the queries of the other."""
    script = """
        import json
        from sqlalchemy import create_engine, select
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

        class Base(DeclarativeBase):
            pass

        class Sound(Base):
            __tablename__ = "sound"
            id: Mapped[int] = mapped_column(primary_key=True)

        class Broken(Base):
            __tablename__ = "broken"
            id: Mapped[int] = mapped_column(primary_key=True)
            other = relationship("Nobody")

        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        try:
            Session(engine).scalars(select(Sound)).all()
            print(json.dumps("works"))
        except Exception as error:
            print(json.dumps(type(error).__name__))
    """
    assert run_python(tmp_path, script) == "InvalidRequestError"
