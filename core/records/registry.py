"""What is known about every record: its fields, parts and extensions, whoever brought them.

Consumers (forms, lists, import, export, API, history, access) ask `fields_of(session, record)` and never the class, so a
field from another plugin, or one that an owner makes, needs nothing more from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from parlour.db.session import Session
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.records.kinds import Kind

Storage = Literal["column", "link", "part", "links", "extension"]
Mode = Literal["read", "write"]
OnDelete = Literal["SET NULL", "RESTRICT", "CASCADE"]


@dataclass(eq=False, repr=False)
class Field:
    """One field of a record.

    `cls` and `attr` say where its columns are: the record's own class, an extension's, a part's or a link table's.
    """

    name: str
    kind: Kind
    title: Any
    plugin: str
    storage: Storage
    cls: Any
    attr: str
    required: bool = False
    hint: Any = ""
    unique: bool = False
    search: bool = False
    sort: bool = False
    listed: bool = False
    quick: bool = False
    group: str = "main"
    sequence: int = 100
    default: Any = None
    computed: bool = False
    # The record's `compute` fills it in where it was left empty, so no form insists on it.
    filled: bool = False
    secret: bool = False
    # Read and written with a permission of its own, as a secret is, but kept in history (health notes, passports).
    guarded: bool = False
    # Lines of a part are the same only as a whole: one person may be responsible in two branches.
    repeats: bool = False
    # Headings under which the field comes in other people's files, and what its values look like there.
    aliases: tuple[str, ...] = ()
    shape: str = ""
    target: RecordType | None = None
    # What becomes of this row when the linked one is deleted: it loses the link, forbids that, or goes along.
    on_delete: OnDelete = "SET NULL"
    # The value's fields of one row of a part.
    lines: tuple[Field, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether whoever makes a row has to give it."""
        return self.required and self.default is None and not self.filled

    def __repr__(self) -> str:
        return f"<Field {self.name}>"

    @cached_property
    def columns(self) -> list[str]:
        """Attribute names of the value's columns, in the kind's order."""
        return [f"{self.attr}{suffix}" for suffix, _type in self.kind.columns()]

    @cached_property
    def key_column(self) -> str | None:
        return (
            f"{self.attr}_key"
            if self.kind.keyed and self.storage in ("column", "extension", "part")
            else None
        )

    @cached_property
    def line_names(self) -> frozenset[str]:
        """What the fields of a line are called."""
        return frozenset(inner.name for inner in self.lines)

    @property
    def sortable(self) -> bool:
        return (
            self.storage in ("column", "extension") and (self.sort or not self.kind.keyed) and not self.secret
        )


@dataclass(eq=False, repr=False)
class RecordType:
    """Everything about one record. `title_field` names the field by which a row is called."""

    name: str
    cls: Any
    plugin: str
    title: Any
    plural: Any
    # What a button says that adds one: _("New client"). Words for "new" change with what is new in many languages.
    new_title: Any = None
    icon: str = "file"
    title_field: str = "name"
    default_sort: str = ""
    fields: list[Field] = field(default_factory=list)
    reverses: dict[str, tuple[RecordType, Field]] = field(default_factory=dict)
    actions: dict[str, Any] = field(default_factory=dict)
    # Optional behaviour of the owning plugin, given as plain functions.
    compute: Callable[..., None] | None = None
    # (row, loc) -> what the pages about a row call it, where its title is not what people would say.
    heading: Callable[..., str] | None = None
    matcher: Callable[..., Any] | None = None
    # What a file brings along with a row that is no field of the record: a subclass of `importing.along.Along`.
    along: Any = None
    duplicates: Callable[..., Any] | None = None
    # The record holds people: their data can be exported whole and erased.
    person: bool = False
    essential: tuple[str, ...] = ()
    # Fields of its own whose values are unique in combination; see `records.together`.
    unique_together: tuple[tuple[str, ...], ...] = ()
    groups: dict[str, Any] = field(default_factory=dict)
    # How fields are called in a vCard (`tables.cards`); without it the record has no vcf export.
    card: dict[str, str] = field(default_factory=dict)
    # Values lists that are shaped in Settings and not shown in the main menu (tags, sources).
    lookup: bool = False
    # Stands in the main menu and under quick add; what is worked with on the cards of others does not.
    menu: bool = True
    # The plugin's own page on which a new one is entered, where the usual form would not know enough.
    new_route: str = ""
    # Rows are written by the plugin's own work alone; people read them, and no form, file or call changes them.
    journal: bool = False

    def __repr__(self) -> str:
        return f"<RecordType {self.name}>"

    def title_of_new(self) -> Any:
        """What a button says that adds one, and the page that it opens."""
        return self.new_title or _("New: ${what}", mapping={"what": self.title})

    def permission(self, action: str) -> str:
        plugin, _dot, name = self.name.partition(".")
        return f"{plugin}:{name}:{action}"

    def field(self, name: str) -> Field:
        """A field by name, whoever brought it. Raises NotFound."""
        for item in self.fields:
            if item.name == name:
                return item
        raise NotFound(
            _("${record} has no field ${field}.", mapping={"record": self.name, "field": name[:80]})
        )

    @property
    def sort_field(self) -> str:
        return self.default_sort or self.title_field


_records: dict[str, RecordType] = {}


def register(record: RecordType) -> None:
    """Add a record; a second one of the same name is a programming error that quarantines its plugin."""
    if record.name in _records:
        raise ValueError(f"There are two records named {record.name}.")
    _records[record.name] = record


def forget(plugin: str) -> None:
    """Take out everything a plugin brought: its records, and its fields on the records of others."""
    for name in [name for name, record in _records.items() if record.plugin == plugin]:
        del _records[name]
    for record in _records.values():
        record.fields[:] = [item for item in record.fields if item.plugin != plugin]
        record.actions = {name: action for name, action in record.actions.items() if action.plugin != plugin}
        for name in [name for name, (source, _link) in record.reverses.items() if source.plugin == plugin]:
            del record.reverses[name]


def all_records() -> list[RecordType]:
    """Every record of every loaded plugin, by name."""
    return [_records[name] for name in sorted(_records)]


def journals() -> frozenset[str]:
    """The names of the records that nobody but their plugin writes."""
    return frozenset(name for name, record in _records.items() if record.journal)


def record_type(name: Any) -> RecordType:
    """A record by its name or class. Raises NotFound."""
    found = getattr(name, "__record__", None) if not isinstance(name, str) else _records.get(name)
    if isinstance(name, RecordType):
        return name
    if found is None:
        raise NotFound(_("There is no record ${name}.", mapping={"name": str(name)[:80]}))
    return found


def enabled_records(session: Session) -> list[RecordType]:
    """The records of plugins that are on for this organisation."""
    from parlour.plugin.gate import enabled

    on = enabled(session)
    return [record for record in all_records() if record.plugin in on]


def enabled_record(session: Session, name: str) -> RecordType:
    """A record by name whose plugin is on. Raises NotFound otherwise, as if it did not exist."""
    from parlour.plugin.gate import enabled

    record = record_type(name)
    if record.plugin not in enabled(session):
        raise NotFound(_("There is no record ${name}.", mapping={"name": name[:80]}))
    return record


def fields_of(session: Session, record: RecordType, mode: Mode = "read") -> list[Field]:
    """The fields of a record that exist for this organisation and that this person may read or write, in order."""
    cache = session.scope.cache
    key = f"fields:{record.name}:{mode}"
    found: list[Field] | None = cache.get(key)
    if found is None:
        from parlour.access.rules import hidden_fields
        from parlour.plugin.gate import enabled

        on = enabled(session)
        hidden = hidden_fields(session, record, mode)
        if mode == "write":
            # What a person may not see, the person may not overwrite blindly either.
            hidden = hidden | hidden_fields(session, record, "read")
        found = [
            item
            for item in record.fields
            if item.plugin in on
            and item.name not in hidden
            and (item.target is None or item.target.plugin in on)
            and not (mode == "write" and item.computed)
        ]
        cache[key] = found
    return found


def add_fields(record: RecordType, fields: Iterable[Field]) -> None:
    """Put fields on a record; names must be free."""
    for item in fields:
        if any(other.name == item.name for other in record.fields):
            raise ValueError(f"{record.name} already has a field {item.name}.")
        record.fields.append(item)
    record.fields.sort(key=lambda item: item.sequence)


def links_to(record: RecordType) -> Sequence[tuple[RecordType, Field]]:
    """Every field of every loaded record that refers to this one: what merge repoints and a delete would take along."""
    return [
        (source, item)
        for source in all_records()
        for item in source.fields
        if item.target is record and item.storage in ("link", "links")
    ]
