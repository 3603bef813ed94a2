"""The one MetaData, a declarative base per owner, and the columns that every scoped table has.

Each plugin gets its own declarative base, and with it its own registry, over one shared MetaData: foreign
keys, joins and migrations see one database, while a plugin with a broken mapping breaks nobody's queries but
its own.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, MetaData, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.types import JSON, TypeDecorator

__all__ = ["METADATA", "BigId", "Json", "Moment", "Scoped", "SystemBase", "owner_of", "scoped_base"]

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column declared INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


def _json() -> Any:
    from sqlalchemy.dialects.postgresql import JSONB

    return JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


Json = _json()


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, always aware in Python; SQLite stores it without an offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs a time zone; a naive datetime was given.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


class SystemBase(DeclarativeBase):
    """Tables that belong to no organisation (users, sessions, outbox, ...); reached through named functions
    only.
    """

    metadata = METADATA


class Scoped:
    """A row that belongs to one organisation. The pair (organisation_id, id) is what links refer to."""

    __table__: Any
    __tablename__: str

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True, sort_order=-20)

    @declared_attr
    @classmethod
    def organisation_id(cls) -> Mapped[int]:
        return mapped_column(
            BigId, ForeignKey("core_organisation.id", ondelete="CASCADE"), nullable=False, sort_order=-19
        )

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        return table_args(owner_of(cls), cls.__tablename__)


def table_args(owner: str, table: str, *more: Any) -> tuple[Any, ...]:
    """`__table_args__` of a scoped table with constraints and indexes of its own."""
    key = UniqueConstraint("organisation_id", "id", name=f"uq_{table}_scope")
    return (key, *more, {"info": {"owner": owner, "scoped": True}})


def owner_of(cls: type) -> str:
    """The name of the plugin whose module declares a class; "core" for the core's own."""
    base = next((b for b in cls.__mro__ if "__parlour_owner__" in vars(b)), None)
    return str(vars(base)["__parlour_owner__"]) if base else "core"


def scoped_base(owner: str) -> type[DeclarativeBase]:
    """A fresh declarative base for one owner, for scoped tables that are not records (ledgers, logs, links).

    Classes under it take `Scoped` as a mixin through the base, so that guards and policies apply to them.
    """
    module = sys._getframe(1).f_globals.get("__name__", __name__)
    return type(
        "Base",
        (Scoped, DeclarativeBase),
        {"metadata": METADATA, "__module__": module, "__parlour_owner__": owner},
    )
