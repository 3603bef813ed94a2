"""Messages of jobs, kept so that every reader sees them in their own language."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any

from translationstring import TranslationString

from parlour.errors import ParlourError, disk_full
from parlour.i18n import _

DETAIL_LIMIT = 4000


def keep(message: Any) -> dict[str, Any]:
    """A plain or translatable message as JSON: {"text", "mapping"}. Other parameters become text."""
    mapping = getattr(message, "mapping", None) or {}
    kept: dict[str, Any] = {"text": str(message)}
    if mapping:
        kept["mapping"] = {
            name: keep(value)
            if isinstance(value, TranslationString)
            else value
            if isinstance(value, int | float | str)
            else str(value)
            for name, value in mapping.items()
        }
    return kept


def restored(kept: Mapping[str, Any] | None) -> TranslationString | None:
    """The message to hand to a localizer."""
    if not kept:
        return None
    mapping = {
        name: restored(value) if isinstance(value, Mapping) else value
        for name, value in kept.get("mapping", {}).items()
    }
    return TranslationString(kept["text"], mapping=mapping or None)


def code_of(job_id: int, attempt: int) -> str:
    """The code of one attempt at a job."""
    return f"J{job_id}.{attempt}"


def fault(error: BaseException) -> dict[str, Any]:
    """What is kept about a failed attempt: one sentence for people, the detail for operators."""
    detail = "".join(traceback.format_exception(error))[-DETAIL_LIMIT:]
    if isinstance(error, ParlourError):
        return keep(error.message) | {"detail": detail}
    if disk_full(error):
        return keep(_("The server's disk is full. Tell who looks after the server.")) | {"detail": detail}
    what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return keep(_("An unexpected fault stopped the job: ${what}", mapping={"what": what})) | {
        "detail": detail
    }
