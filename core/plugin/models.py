"""What the database knows of plugins: which are installed, and which each organisation has switched on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parlour.db.base import Json, Moment, SystemBase, now, scoped_base

INSTALLED = "installed"
UNINSTALLED = "uninstalled"

SYSTEM_INFO = {"info": {"owner": "core", "scoped": False}}
Base: Any = scoped_base("core")


class InstalledPlugin(SystemBase):
    """A plugin whose tables are in this database. `ledger` names them, so that a purge works without the
    package.
    """

    __tablename__ = "core_plugin"
    __table_args__ = SYSTEM_INFO

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    version: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(20))
    installed_at: Mapped[datetime] = mapped_column(Moment, default=now)
    # {"tables": [...in the order in which they were made], "head": revision or None, "requires": [names]}
    ledger: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class OrganisationPlugin(Base):  # type: ignore[misc]
    """A plugin's switch and settings in one organisation. Off keeps the row: switching on again finds the
    settings.
    """

    __tablename__ = "core_organisation_plugin"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name", name="uq_core_organisation_plugin_name"),
        UniqueConstraint("organisation_id", "id", name="uq_core_organisation_plugin_scope"),
        {"info": {"owner": "core", "scoped": True}},
    )

    name: Mapped[str] = mapped_column(String(30))
    enabled_at: Mapped[datetime | None] = mapped_column(Moment)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
