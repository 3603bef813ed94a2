"""What revisions an owner's code brings and which one its tables stand at.

Read without Alembic and without importing a migration: the site compares heads at every start and must stay
light.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from parlour.errors import Refusal
from parlour.i18n import _

CORE = "core"


@dataclass(frozen=True)
class Revision:
    """One migration file. `requires` maps other owners to the revision that they must have reached before."""

    id: str
    down: str | None
    file: Path
    requires: dict[str, str]


def versions_folder(package_folder: Path) -> Path:
    return package_folder / "migrations" / "versions"


def core_folder() -> Path:
    """The folder of the core's package."""
    return Path(__file__).parent.parent


def revisions(package_folder: Path) -> list[Revision]:
    """The revisions of one owner from first to last; empty when it brings no tables. Raises Refusal for
    anything but one line.
    """
    read = [
        _read(file)
        for file in sorted(versions_folder(package_folder).glob("*.py"))
        if file.stem != "__init__"
    ]
    by_down = {item.down: item for item in read}
    line: list[Revision] = []
    step = by_down.get(None)
    while step is not None and len(line) <= len(read):
        line.append(step)
        step = by_down.get(step.id)
    if len(line) != len(read):
        raise Refusal(
            _(
                "The migrations in ${folder} do not form one line.",
                mapping={"folder": str(versions_folder(package_folder))},
            )
        )
    return line


def head(package_folder: Path) -> str | None:
    """The last revision of an owner, or None when it brings no tables."""
    line = revisions(package_folder)
    return line[-1].id if line else None


def _read(file: Path) -> Revision:
    return _parsed(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _parsed(file: Path, _written: int) -> Revision:
    """Parsing all of them takes as long as a page, and a start looks at them again and again."""
    found: dict[str, object] = {}
    try:
        tree = ast.parse(file.read_text("utf-8"), str(file))
        for node in tree.body:
            if isinstance(node, ast.Assign):
                targets: list[ast.expr] = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            else:
                continue
            for target in targets:
                if (
                    isinstance(target, ast.Name)
                    and target.id in {"revision", "down_revision", "requires"}
                    and node.value
                ):
                    found[target.id] = ast.literal_eval(node.value)
        revision, down, requires = found["revision"], found.get("down_revision"), found.get("requires") or {}
        if (
            not isinstance(revision, str)
            or not isinstance(down, str | None)
            or not isinstance(requires, dict)
        ):
            raise ValueError("revision, down_revision and requires must be plain values")
    except (SyntaxError, ValueError, KeyError) as error:
        raise Refusal(
            _("The migration ${file} cannot be read: ${why}", mapping={"file": str(file), "why": str(error)})
        ) from error
    return Revision(revision, down, file, {str(key): str(value) for key, value in requires.items()})


def version_table(owner: str) -> str:
    return f"alembic_version_{owner}"


def current(connection: Connection, owner: str) -> str | None:
    """The revision that the owner's tables stand at in this database, or None when it has none there."""
    table = version_table(owner)
    if not inspect(connection).has_table(table):
        return None
    return connection.execute(text(f'SELECT version_num FROM "{table}"')).scalar_one_or_none()
