"""Throw-away plugins: a package and the metadata of an installed distribution, written into a folder for `sys.path`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

MANIFEST = """
from parlour.plugin import Plugin

plugin = Plugin(name={name!r}, title={name!r}, summary="", version={version!r}, requires={requires!r}, core={core!r})
"""

MODELS = """
from sqlalchemy.orm import Mapped, mapped_column
from parlour.db.base import scoped_base

Base = scoped_base({name!r})


class Thing(Base):
    __tablename__ = "{name}_thing"
    title: Mapped[str]
"""

# A first migration for these models.
FIRST = """
    import sqlalchemy as sa
    from alembic import op
    from parlour.db.base import BigId
    from parlour.migrations import operations

    revision = "{name}_0001"
    down_revision = None

    def upgrade():
        op.create_table(
            "{name}_thing",
            sa.Column("id", BigId, primary_key=True),
            sa.Column("organisation_id", BigId, nullable=False),
            sa.Column("title", sa.String(), nullable=False),
        )
        operations.scope("{name}_thing")

    def downgrade():
        op.drop_table("{name}_thing")
"""


def write_plugin(
    folder: Path,
    name: str,
    files: Mapping[str, str] | None = None,
    *,
    version: str = "1.0",
    requires: tuple[str, ...] = (),
    core: str = ">=0.1",
    package: str | None = None,
    distribution: str | None = None,
) -> Path:
    """Write a plugin `name` and return its package's folder; `files` adds to it, or replaces its `__init__.py`."""
    package = package or f"thrown_{name}"
    # A namesake that another test left behind would be taken for this one.
    for loaded in [each for each in sys.modules if each.partition(".")[0] == package]:
        del sys.modules[loaded]
    place = folder / package
    place.mkdir(parents=True, exist_ok=True)
    written = {"__init__.py": MANIFEST.format(name=name, version=version, requires=requires, core=core)}
    for path, content in (written | dict(files or {})).items():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(content), "utf-8")
    advertise(folder, distribution or package, name, f"{package}:plugin", version)
    return place


def advertise(folder: Path, distribution: str, name: str, value: str, version: str = "1.0") -> None:
    """Metadata of a distribution that offers a plugin, as pip leaves it behind."""
    info = folder / f"{distribution}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n", "utf-8"
    )
    (info / "entry_points.txt").write_text(f"[parlour.plugins]\n{name} = {value}\n", "utf-8")


def run_python(
    folder: Path, script: str, *, environ: Mapping[str, str] | None = None, isolated: bool = False
) -> Any:
    """Run a script in a new process that has the folder's packages, and return what it printed last, read as JSON.

    `isolated` leaves out what is installed beside the standard library; the script adds what it needs.
    """
    done = subprocess.run(
        [sys.executable, *(["-S"] if isolated else []), "-c", dedent(script)],
        env={**os.environ, "PYTHONPATH": str(folder), **(environ or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])
