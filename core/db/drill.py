"""A restore on trial: whether a backup would bring everything back, without touching what is there."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from parlour.db.archive import Manifest
from parlour.db.restore import restore
from parlour.errors import Refusal
from parlour.i18n import _
from parlour.settings import Settings

# What a site must answer that is opened on the restored data; one without people leads from its log-in to its set-up.
PAGES = {"/readyz": (200,), "/login": (200, 303)}


def drill(settings: Settings, file: Path, folder: Path | None = None) -> Manifest:
    """Restore the backup into a new SQLite database in a temporary folder below `folder`, compare every table's count and
    checksum, bring it up to date and open the site on it. Everything made is removed again. Raises Refusal when
    anything of that fails.
    """
    with tempfile.TemporaryDirectory(prefix="parlour-drill-", dir=folder) as name:
        place = Path(name)
        url = f"sqlite:///{place / 'parlour.sqlite'}"
        trial = dataclasses.replace(
            settings, data=place, database_url=url, owner_database_url=url, broker_url="", mail_url=""
        )
        manifest = restore(trial, file)
        _open(trial)
    return manifest


def _open(trial: Settings) -> None:
    from pyramid.request import Request

    from parlour.app import make_app
    from parlour.db.engine import make_engine

    engine = make_engine(trial.database_url)
    try:
        app = make_app(trial, engine=engine)
        for path, good in PAGES.items():
            found = Request.blank(path).get_response(app).status_int
            if found not in good:
                values = {"path": path, "status": found}
                raise Refusal(_("The restored site answers ${path} with ${status}.", mapping=values))
    finally:
        engine.dispose()
