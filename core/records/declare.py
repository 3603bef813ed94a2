"""How a plugin declares records.

    Record = record_base("visitors")

    class Visitor(Record, name="visitors.visitor", title=_("Visitor"), plural=_("Visitors")):
        name: Mapped[str] = text(_("Name"), required=True, search=True)
        contact: Mapped[Contact | None] = link(Contact, _("Client"), reverse="visitors")

    class VisitorPhone(Record, name="visitors.phone", part_of=Visitor, field="phones", title=_("Phones")):
        number: Mapped[str] = phone(_("Number"), required=True)

    class VisitorExtra(Record, extends=Contact):
        badge: Mapped[str | None] = text(_("Badge"))       # shown on contacts as `visitors_badge`

`unique_together=(("contact", "arrived_at"),)` beside the title lets no two rows be equal in both (`records.together`).

`__init_subclass__` turns the declared specs into columns before SQLAlchemy maps the class. Relationships point one way, name
the class object, and join on the id alone: over the composite key, setting a link to None would also empty organisation_id.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, foreign, mapped_column, relationship
from sqlalchemy.types import TypeDecorator, TypeEngine

from parlour.db.base import METADATA, BigId, Json, Moment, Scoped, now
from parlour.records import kinds, together
from parlour.records.kinds import Kind
from parlour.records.registry import Field, OnDelete, RecordType, add_fields, register

EXTRA_SORT_ORDER = 50


@dataclass
class Spec:
    """A declared field before it is mapped."""

    kind: Kind
    title: Any
    options: dict[str, Any]
    target: Any = None
    reverse: str | None = None
    on_delete: OnDelete = "SET NULL"


def text(title: Any, *, max_length: int = 200, multiline: bool = False, **options: Any) -> Any:
    """Text of up to `max_length` characters; `multiline` for notes."""
    if multiline and max_length == 200:
        max_length = kinds.MAX_TEXT
    return Spec(kinds.TextKind(max_length=max_length, multiline=multiline), title, options)


def email(title: Any, **options: Any) -> Any:
    return Spec(kinds.EmailKind(), title, options)


def phone(title: Any, **options: Any) -> Any:
    """A phone kept in E.164."""
    return Spec(kinds.PhoneKind(), title, options)


def integer(title: Any, *, minimum: int = -(2**53), maximum: int = 2**53, **options: Any) -> Any:
    return Spec(kinds.IntegerKind(minimum=minimum, maximum=maximum), title, options)


def boolean(title: Any, **options: Any) -> Any:
    return Spec(kinds.BooleanKind(), title, {"default": False, **options})


def choice(title: Any, options: Sequence[tuple[str, Any]], *, spellings: Any = None, **more: Any) -> Any:
    """One of (code, title) pairs; `spellings` maps folded words met in files to codes."""
    return Spec(kinds.ChoiceKind(options=tuple(options), spellings=spellings), title, more)


def spelt(words: Mapping[str, str]) -> dict[str, str]:
    """The `spellings` of a choice from what each code is called besides, separated by commas; dots at the end do not count."""
    return {word.strip(". "): code for code, said in words.items() for word in said.split(", ")}


def day(title: Any, **options: Any) -> Any:
    return Spec(kinds.DateKind(), title, options)


def birthday(title: Any, **options: Any) -> Any:
    return Spec(kinds.BirthdayKind(), title, options)


def moment(title: Any, *, relative: bool = True, **options: Any) -> Any:
    """A moment, kept in UTC; told as how long ago it was, or else by day and time."""
    return Spec(kinds.MomentKind(relative=relative), title, options)


def money(title: Any, *, negative: bool = False, **options: Any) -> Any:
    return Spec(kinds.MoneyKind(negative=negative), title, options)


def percent(title: Any, *, maximum: int = 100, **options: Any) -> Any:
    """A rate in percent, with four decimals at most."""
    return Spec(kinds.PercentKind(maximum=maximum), title, options)


def user(title: Any, **options: Any) -> Any:
    """A member of the organisation."""
    return Spec(kinds.UserKind(), title, options)


def branch(title: Any, **options: Any) -> Any:
    """A branch of the organisation."""
    return Spec(kinds.BranchKind(), title, options)


def image(title: Any, **options: Any) -> Any:
    return Spec(kinds.FileKind(image=True), title, options)


def link(
    target: Any, title: Any, *, reverse: str | None = None, on_delete: OnDelete = "SET NULL", **options: Any
) -> Any:
    """A row of another record; `reverse` is the name by which filters reach back.

    `on_delete` says what becomes of this row when the other one is deleted: "SET NULL" empties the link (a required one
    forbids the delete instead), "RESTRICT" forbids it, "CASCADE" takes this row along, to be brought back by the same undo.
    """
    return Spec(kinds.LinkKind(), title, options, target=target, reverse=reverse, on_delete=on_delete)


def links(
    target: Any, title: Any, *, create: bool = False, reverse: str | None = None, **options: Any
) -> Any:
    """Any number of rows of another record; `create` lets new names make rows (tags)."""
    return Spec(kinds.LinksKind(create=create), title, options, target=target, reverse=reverse)


def record_base(plugin: str) -> Any:
    """The base class for a plugin's records, parts and extensions: a declarative base of the plugin's own."""
    module = sys._getframe(1).f_globals.get("__name__", __name__)
    return type(
        "Record",
        (Scoped, _RecordBase, DeclarativeBase),
        {"metadata": METADATA, "__module__": module, "__parlour_owner__": plugin},
    )


class _RecordBase:
    """Turns declarations into mapped classes; see the module's docstring."""

    def __init_subclass__(
        cls,
        name: str | None = None,
        title: Any = "",
        plural: Any = None,
        part_of: Any = None,
        field: str | None = None,
        extends: Any = None,
        options: dict[str, Any] | None = None,
        unique_together: Sequence[tuple[str, ...]] = (),
        **settings: Any,
    ):
        if DeclarativeBase in cls.__bases__ or cls.__dict__.get("__plain__"):
            super().__init_subclass__()
            return
        plugin: str = next(
            vars(base)["__parlour_owner__"] for base in cls.__mro__ if "__parlour_owner__" in vars(base)
        )
        specs = {key: value for key, value in vars(cls).items() if isinstance(value, Spec)}
        if extends is not None:
            name = f"{plugin}.{extends.__record__.name.replace('.', '_')}"
        if name is None or name.partition(".")[0] != plugin:
            raise ValueError(f"{cls.__name__} needs a name that begins with {plugin}.")
        table = name.replace(".", "_")
        cls.__tablename__ = table  # type: ignore[attr-defined]
        constraints: list[Any] = [UniqueConstraint("organisation_id", "id", name=f"uq_{table}_scope")]
        for attr, spec in specs.items():
            _map_spec(cls, attr, spec, table, constraints)
        constraints += together.indexes(table, unique_together, _compared(specs))
        if part_of is not None:
            _as_part(cls, part_of, table, constraints, specs)
        elif extends is not None:
            _as_extension(cls, extends, constraints)
        else:
            _as_record(cls, constraints)
        # SQLite gives a number twice after a delete unless told not to; history and links must never meet a reused one.
        cls.__table_args__ = (  # type: ignore[attr-defined]
            *constraints,
            {"info": {"owner": plugin, "scoped": True}, "sqlite_autoincrement": extends is None},
        )
        super().__init_subclass__()
        fields = [_field(cls, plugin, attr, spec) for attr, spec in specs.items()]
        for item, spec in zip(fields, specs.values(), strict=True):
            if isinstance(spec.kind, kinds.LinksKind):
                item.cls = _link_table(cls, extends or cls, item.attr, spec, plugin)
        if part_of is not None:
            owner = part_of.__record__
            lines = Field(
                name=_foreign_name(plugin, owner, field or ""),
                kind=kinds.LinesKind(shape=fields[0].kind.shape),
                title=title,
                plugin=plugin,
                storage="part",
                cls=cls,
                attr=field or "",
                lines=tuple(fields),
                **(options or {}),
            )
            cls.__part__ = lines  # type: ignore[attr-defined]
            add_fields(owner, [lines])
        elif extends is not None:
            owner = extends.__record__
            for item in fields:
                item.name = _foreign_name(plugin, owner, item.name)
                item.storage = "extension" if item.storage == "column" else item.storage
            add_fields(owner, fields)
        else:
            record = RecordType(
                name=name,
                cls=cls,
                plugin=plugin,
                title=title,
                plural=plural or title,
                unique_together=tuple(unique_together),
                **settings,
            )
            cls.__record__ = record  # type: ignore[attr-defined]
            register(record)
            add_fields(record, fields)
        for item, spec in zip(fields, specs.values(), strict=True):
            if spec.target is not None and spec.reverse and part_of is None and extends is None:
                item.target.reverses[spec.reverse] = (cls.__record__, item)  # type: ignore[attr-defined, union-attr]


def _foreign_name(plugin: str, owner: RecordType, name: str) -> str:
    """A field on somebody else's record carries the plugin's name, so that two plugins never collide."""
    return name if owner.plugin == plugin else f"{plugin}_{name}"


def _field(cls: Any, plugin: str, attr: str, spec: Spec) -> Field:
    options = dict(spec.options)
    options["unique"] = bool(options.get("unique"))
    target = spec.target.__record__ if spec.target is not None else None
    storage = "link" if isinstance(spec.kind, kinds.LinkKind) else "links" if target is not None else "column"
    return Field(
        name=attr,
        kind=spec.kind,
        title=spec.title,
        plugin=plugin,
        storage=storage,  # type: ignore[arg-type]
        cls=cls,
        attr=attr,
        target=target,
        on_delete=spec.on_delete,
        **options,
    )


def input_field(plugin: str, name: str, spec: Spec) -> Field:
    """A field that stands on no record: something that an action asks for. Parts and files cannot be asked for."""
    if isinstance(spec.kind, kinds.FileKind):
        raise ValueError(f"{name}: an action cannot ask for a file.")
    return _field(None, plugin, name, spec)


def _compared(specs: Mapping[str, Spec]) -> dict[str, list[str]]:
    """The columns by which the values of each field are told apart: text by its key."""
    return {
        attr: [f"{attr}_key"]
        if spec.kind.keyed
        else [f"{attr}{suffix}" for suffix, _type in spec.kind.columns()]
        for attr, spec in specs.items()
    }


def _drop_annotation(cls: Any, attr: str) -> None:
    if "__annotations__" in vars(cls):
        cls.__annotations__.pop(attr, None)


def _map_spec(cls: Any, attr: str, spec: Spec, table: str, constraints: list[Any]) -> None:
    """Replace a spec on the class by its columns (and a relationship for a link)."""
    required = bool(spec.options.get("required"))
    plain = len(spec.kind.columns()) == 1 and not isinstance(spec.kind, kinds.LinkKind)
    if not plain:
        delattr(cls, attr)
        _drop_annotation(cls, attr)
    for order, (suffix, column_type) in enumerate(spec.kind.columns()):
        nullable = not required and not isinstance(spec.kind, kinds.BooleanKind)
        setattr(cls, f"{attr}{suffix}", _column(column_type, nullable, order))
    if spec.kind.keyed:
        setattr(cls, f"{attr}_key", _column(Text(), not required, 5))
        if spec.options.get("sort") or spec.options.get("search"):
            constraints.append(Index(f"ix_{table}_{attr}_key", "organisation_id", f"{attr}_key", "id"))
    if isinstance(spec.kind, kinds.LinkKind):
        target = spec.target.__table__.name
        constraints.append(
            ForeignKeyConstraint(
                ["organisation_id", f"{attr}_id"],
                [f"{target}.organisation_id", f"{target}.id"],
                name=f"fk_{table}_{attr}",
            )
        )
        constraints.append(Index(f"ix_{table}_{attr}", "organisation_id", f"{attr}_id"))
        setattr(
            cls,
            attr,
            relationship(
                spec.target,
                primaryjoin=lambda: foreign(getattr(cls, f"{attr}_id")) == spec.target.id,
                viewonly=True,
                lazy="raise",
            ),
        )
    if spec.options.get("unique"):
        # Text is unique by its key: "vip" and "VIP" are one tag.
        column_name = f"{attr}_key" if spec.kind.keyed else f"{attr}{spec.kind.columns()[0][0]}"
        constraints.append(UniqueConstraint("organisation_id", column_name, name=f"uq_{table}_{attr}"))


def _column(column_type: TypeEngine[Any], nullable: bool, order: int) -> Any:
    return mapped_column(column_type, nullable=nullable, sort_order=order)


def _as_record(cls: Any, constraints: list[Any]) -> None:
    """The columns that every record has from its first migration on."""
    cls.version = mapped_column(BigId, nullable=False, default=1, sort_order=EXTRA_SORT_ORDER)
    cls.created_at = mapped_column(Moment, nullable=False, default=now, sort_order=EXTRA_SORT_ORDER)
    cls.created_by = mapped_column(BigId, nullable=True, sort_order=EXTRA_SORT_ORDER)
    cls.updated_at = mapped_column(Moment, nullable=False, default=now, sort_order=EXTRA_SORT_ORDER)
    cls.updated_by = mapped_column(BigId, nullable=True, sort_order=EXTRA_SORT_ORDER)
    cls.archived_at = mapped_column(Moment, nullable=True, sort_order=EXTRA_SORT_ORDER)
    cls.extra = mapped_column(Json, nullable=False, default=dict, sort_order=EXTRA_SORT_ORDER)


def _owner_key(column: str, target: str, name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{target}.organisation_id", f"{target}.id"],
        name=name,
        ondelete="CASCADE",
    )


def _as_part(cls: Any, owner: Any, table: str, constraints: list[Any], specs: Mapping[str, Spec]) -> None:
    for attr, spec in specs.items():
        if not all(carried(kind) for _suffix, kind in spec.kind.columns()):
            raise ValueError(
                f"{cls.__name__}.{attr}: a part takes text, whole numbers, yes or no, days and moments."
            )
    cls.owner_id = mapped_column(BigId, nullable=False, sort_order=-18)
    cls.position = mapped_column(BigId, nullable=False, default=0, sort_order=-17)
    constraints.append(_owner_key("owner_id", owner.__table__.name, f"fk_{table}_owner"))
    constraints.append(Index(f"ix_{table}_owner", "organisation_id", "owner_id"))


def carried(kind: TypeEngine[Any]) -> bool:
    """Whether JSON brings a column of this type as it is, see `records.attached`."""
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return isinstance(plain, String | Integer | Boolean | Date | DateTime)


def _as_extension(cls: Any, owner: Any, constraints: list[Any]) -> None:
    """A side table whose id is the id of the row that it extends."""
    cls.id = mapped_column(BigId, primary_key=True, autoincrement=False, sort_order=-20)
    constraints.append(_owner_key("id", owner.__table__.name, f"fk_{cls.__tablename__}_owner"))


def _link_table(cls: Any, owned_by: Any, attr: str, spec: Spec, plugin: str) -> Any:
    """The table behind `links`: one row per pair. Those of an extension belong to the row that it extends, which may have pairs
    while it has nothing in the side table yet.
    """
    owner, target = owned_by.__table__.name, spec.target.__table__.name
    table = f"{cls.__table__.name}_{attr}"
    base = next(base for base in cls.__mro__ if "__parlour_owner__" in vars(base))
    return type(base)(
        f"{cls.__name__}{attr.title().replace('_', '')}",
        (base,),
        {
            "__module__": cls.__module__,
            "__plain__": True,
            "__tablename__": table,
            "owner_id": mapped_column(BigId, nullable=False),
            "target_id": mapped_column(BigId, nullable=False),
            "__table_args__": (
                UniqueConstraint("organisation_id", "owner_id", "target_id", name=f"uq_{table}_pair"),
                _owner_key("owner_id", owner, f"fk_{table}_owner"),
                _owner_key("target_id", target, f"fk_{table}_target"),
                Index(f"ix_{table}_target", "organisation_id", "target_id"),
                {"info": {"owner": plugin, "scoped": True}},
            ),
        },
    )
