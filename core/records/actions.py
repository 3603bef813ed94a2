"""Actions are declared once and offered everywhere: a button on the card, a bulk action in the list, a call in the API.

@action("contacts.contact", "block", plugin="contacts", title=_("Put on the block-list"), icon="ban",
        fields={"reason": text(_("Reason"), max_length=300)})
def block(session: Session, ids: Sequence[int], reason: str | None) -> Outcome: ...

What an action wants to know is declared like the fields of a record. The pages ask for it in a form, the API takes it as
JSON, and both come here to have it checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from parlour.access.rules import holds
from parlour.access.scopes import covers_action
from parlour.db.session import Session
from parlour.errors import NotAllowed, NotFound
from parlour.i18n import _
from parlour.records.clean import clean_inputs
from parlour.records.declare import Spec, input_field
from parlour.records.query import visible
from parlour.records.registry import Field, RecordType, enabled_record, record_type


@dataclass(frozen=True)
class Outcome:
    """What an action did, in words, and the change set to undo it by."""

    message: Any
    change_set: int | None = None


@dataclass(frozen=True)
class Action:
    """A declared action. `run` takes the session, the ids and the values of all `fields` by name."""

    name: str
    plugin: str
    title: Any
    run: Callable[..., Outcome]
    permission: str = "write"
    # A further permission, whole: what a plugin lets people do with the records of another.
    needs: str = ""
    icon: str = "play"
    danger: bool = False
    bulk: bool = True
    # It only asks for a job, so it takes as many rows at once as bulk work does.
    background: bool = False
    single: bool = True
    # Whether the action makes sense for a row (its plain values); a card does not offer it otherwise.
    applies: Callable[[Mapping[str, Any]], bool] | None = None
    fields: tuple[Field, ...] = ()
    # What the form of one row begins with, over the defaults of the fields, by the session and the row's number.
    begins: Callable[[Session, int], Mapping[str, Any]] | None = None


def action(
    record: Any,
    name: str,
    *,
    plugin: str,
    title: Any,
    fields: Mapping[str, Spec] | None = None,
    **options: Any,
) -> Callable[..., Any]:
    """Declare a function as an action of a record. `fields` are what it asks for, by the name of its argument."""

    def declare(function: Callable[..., Outcome]) -> Callable[..., Outcome]:
        kind = record_type(record)
        if name in kind.actions:
            raise ValueError(f"{kind.name} already has an action {name}.")
        inputs = tuple(input_field(plugin, key, spec) for key, spec in (fields or {}).items())
        kind.actions[name] = Action(name, plugin, title, function, fields=inputs, **options)
        return function

    return declare


def actions_of(session: Session, record: RecordType, *, bulk: bool | None = None) -> list[Action]:
    """The actions of enabled plugins that this person may run, with this token: of one row, of several, or all."""
    from parlour.plugin.gate import enabled

    on = enabled(session)
    return [
        found
        for found in record.actions.values()
        if found.plugin in on
        and (bulk is None or (found.bulk if bulk else found.single))
        and covers_action(session.scope.scopes, record.name, found.name)
        and holds(session, record.permission(found.permission))
        and (not found.needs or holds(session, found.needs))
    ]


def action_of(session: Session, record: RecordType, name: str) -> Action:
    """An action by name that this person may run. Raises NotFound."""
    for found in actions_of(session, record):
        if found.name == name:
            return found
    raise NotFound(_("There is no action ${name}.", mapping={"name": name[:80]}))


def run_action(
    session: Session,
    record: RecordType | str,
    ids: Sequence[int],
    action: str,
    values: Mapping[str, Any] | None = None,
) -> Outcome:
    """Run an action on rows that this person may so act on. `values` are what it asks for, as in JSON.

    Raises NotFound, NotAllowed, and Invalid with the messages of the values under row 0.
    """
    kind = enabled_record(session, record_type(record).name)
    found = action_of(session, kind, action)
    wanted = set(ids)
    conditions = visible(session, kind, action=found.permission, archived=None)
    mine = set(session.scalars(select(kind.cls.id).where(kind.cls.id.in_(sorted(wanted)), *conditions)))
    if mine != wanted:
        raise NotAllowed(_("Some of these records are not yours to change."))
    return found.run(session, sorted(wanted), **clean_inputs(session, found.fields, values or {}))
