"""Files of records: a row here, a blob under the data folder, served only to who may read the record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import BigId, Moment, now, scoped_base

Base = scoped_base("core")


class File(Base):
    """A file of a record. Two rows with the same content share one blob within their organisation."""

    __tablename__ = "core_file"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id", name="uq_core_file_scope"),
        Index("ix_core_file_row", "organisation_id", "record", "row_id"),
        Index("ix_core_file_sha256", "organisation_id", "sha256"),
        Index("ix_core_file_created", "organisation_id", "created_at"),
        {"info": {"owner": "core", "scoped": True}},
    )

    # Whose file it is: a record type's name, the row (NULL until the form that uploads is saved), and the
    # field or part.
    record: Mapped[str] = mapped_column(String(128))
    row_id: Mapped[int | None] = mapped_column(BigId)
    slot: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    # By content; what the browser or the name says counts for nothing.
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Moment, default=now)
    created_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("core_user.id", ondelete="SET NULL"))
