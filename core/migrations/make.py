"""Writing a new migration from what differs between an owner's models and its tables. A developer's tool."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from alembic import command

from parlour.errors import Refusal
from parlour.i18n import _
from parlour.migrations import heads, runner
from parlour.migrations.heads import CORE
from parlour.migrations.lock import owner_engine, transaction
from parlour.migrations.owner import alembic_config
from parlour.plugin import graph
from parlour.plugin.discovery import find, folder_of
from parlour.plugin.registry import boot
from parlour.settings import load


def make_revision(owner: str, message: str) -> Path:
    """Write `<owner>_<number>_<message>.py` into the owner's versions folder and return its path.

    Compares the models with a fresh SQLite database that stands at the owner's last revision. The file is a
    draft: read it. Raises Refusal for an owner that is not there and for models that do not differ.
    """
    found = find()
    if owner != CORE and owner not in found.plugins:
        raise Refusal(_("There is no plugin ${name}.", mapping={"name": owner}))
    needed = frozenset(graph.requirements(found.plugins, owner)) if owner != CORE else frozenset[str]()
    plugins = boot(only=needed | ({owner} - {CORE}))
    if owner in plugins.quarantined:
        raise Refusal(
            _(
                "The plugin ${name} cannot be used: ${why}",
                mapping={"name": owner, "why": str(plugins.quarantined[owner])},
            )
        )
    folder = heads.core_folder() if owner == CORE else folder_of(found.plugins[owner].package)
    versions = heads.versions_folder(folder)
    versions.mkdir(parents=True, exist_ok=True)
    revision = f"{owner}_{len(heads.revisions(folder)) + 1:04}"
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_") or "change"
    with tempfile.TemporaryDirectory() as scratch:
        url = f"sqlite:///{Path(scratch) / 'draft.sqlite'}"
        settings = replace(
            load({}, Path(scratch), data=Path(scratch)), database_url=url, owner_database_url=url
        )
        runner.upgrade(settings, only={CORE, *needed, owner})
        engine = owner_engine(url)
        with transaction(engine) as connection:
            config = alembic_config(connection, owner, folder)
            config.set_main_option("file_template", "%%(rev)s_" + slug)
            script = command.revision(
                config,
                message[:1].upper() + message[1:],
                autogenerate=True,
                rev_id=revision,
                version_path=str(versions),
            )
        engine.dispose()
    assert script is not None
    assert not isinstance(script, list)
    path = Path(script.path)
    text = re.sub(r"^ *# ### .*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(text, "utf-8")
    if importlib.util.find_spec("ruff") is not None:  # a developer's environment has it
        for action in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
            subprocess.run([sys.executable, "-m", "ruff", *action, str(path)], check=False)
    return path
