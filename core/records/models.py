"""Tables that serve every record: history, saved filters, saved import mappings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Json, Moment, now, scoped_base

Base: Any = scoped_base("core")
INFO = {"info": {"owner": "core", "scoped": True}}


class ChangeSet(Base):  # type: ignore[misc]
    """One act of one person: a save, a bulk action, a merge, an import. Undo reverses it as a whole."""

    __tablename__ = "core_change_set"
    at: Mapped[datetime] = mapped_column(Moment, default=now)
    user_id: Mapped[int | None] = mapped_column(BigId)
    via: Mapped[str] = mapped_column(String(20))
    # What was done, as a code with parameters that the history page puts into words: "merge", "import", "undo", ...
    label: Mapped[str | None] = mapped_column(String(40))
    undoes: Mapped[int | None] = mapped_column(BigId)
    undone_by: Mapped[int | None] = mapped_column(BigId)
    __table_args__ = (
        Index("ix_core_change_set_at", "organisation_id", "at"),
        Index("uq_core_change_set_scope", "organisation_id", "id", unique=True),
        INFO,
    )


class Change(Base):  # type: ignore[misc]
    """What one change set did to one row. `values` maps field name to [old, new] in JSON form."""

    __tablename__ = "core_change"
    change_set_id: Mapped[int] = mapped_column(BigId)
    record: Mapped[str] = mapped_column(String(80))
    row_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(10))
    values: Mapped[dict[str, Any]] = mapped_column(Json)
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "change_set_id"],
            ["core_change_set.organisation_id", "core_change_set.id"],
            name="fk_core_change_change_set_id",
            ondelete="CASCADE",
        ),
        Index("ix_core_change_row", "organisation_id", "record", "row_id", "id"),
        Index("ix_core_change_set", "organisation_id", "change_set_id"),
        INFO,
    )


class SavedFilter(Base):  # type: ignore[misc]
    """A named filter of one record, shown as a tab over its list; of one person, or of all when `user_id` is empty."""

    __tablename__ = "core_saved_filter"
    record: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(80))
    filter: Mapped[dict[str, Any]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column(BigId)
    __table_args__ = (Index("ix_core_saved_filter_record", "organisation_id", "record"), INFO)


class ImportMapping(Base):  # type: ignore[misc]
    """Which column of a kind of file goes into which field; found again by the file's headings.

    `given` are the values that go along: {"fixed": {field: value}, "defaults": {field: value}}.
    """

    __tablename__ = "core_import_mapping"
    record: Mapped[str] = mapped_column(String(80))
    headings: Mapped[str] = mapped_column(Text)
    columns: Mapped[dict[str, Any]] = mapped_column(Json)
    given: Mapped[dict[str, Any] | None] = mapped_column(Json)
    updated_at: Mapped[datetime] = mapped_column(Moment, default=now)
    __table_args__ = (Index("ix_core_import_mapping_record", "organisation_id", "record"), INFO)
