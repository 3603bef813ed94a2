"""Why somebody may or may not do something with a row: the permission and the rules, and the one that decided.

It goes through the same table as `access.rules` but keeps apart what that joins into one predicate, so it can name the
rule. A test compares both for every role and row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from parlour.access import rules
from parlour.access.memberships import member, scope_for
from parlour.access.models import Organisation, Role, Rule, User
from parlour.access.protection import protected
from parlour.access.roles import title_of
from parlour.access.rules import OWNER, PERMISSION
from parlour.db.session import Session, open_session, system
from parlour.errors import NotFound
from parlour.i18n import _
from parlour.plugin.gate import enabled
from parlour.records.registry import Field, RecordType

# Verdicts of one reason.
GIVES, FITS_NOT, TAKES, HOLDS = "gives", "fits not", "takes", "holds"


@dataclass(frozen=True)
class Reason:
    """One rule, or one fact that stands for it, and what it means for the row.

    `verdict` is "gives" (a permission that covers the row), "fits not" (one that covers others), "takes" (it forbids), or
    "holds" (a restriction that the row meets).
    """

    verdict: str
    permission: str
    # A role's title, None for what holds for everyone or comes from no role.
    role: Any = None
    filter: Any = None
    fields_except: frozenset[str] = frozenset()
    # Said instead of a rule: "is an owner", "the plugin is off".
    text: Any = None


@dataclass(frozen=True)
class Explanation:
    """The answer, the reason that decided, and all that were looked at."""

    allowed: bool
    decided_by: Reason
    reasons: list[Reason] = field(default_factory=list)


def explain(
    session: Session,
    user: User,
    record: RecordType,
    row_id: int,
    action: str,
    *,
    name: str = "",
    branch_id: int | None = None,
) -> Explanation:
    """Why this person may or may not do `action` ("read", "write", "export", ...) with a row, or with its field `name`.

    The session is of somebody who may know (this asks nothing of them); the person is looked at in their own roles, in
    the branch `branch_id` or the one they would be in. Raises NotFound for a row or a field that does not exist.
    """
    if not session.scalar(select(record.cls.id).where(record.cls.id == row_id)):
        raise NotFound(_("There is no such record, or it is not yours to see."))
    item = record.field(name) if name else None
    try:
        if not member(session, user.id).active:
            return _alone(TAKES, record.permission(action), _("does not work here any more"))
    except NotFound:
        return _alone(TAKES, record.permission(action), _("does not work here"))
    with system(session):
        organisation = session.get_one(Organisation, session.scope.organisation_id)
    # On the same connection, so that it sees what this session has not committed yet.
    with open_session(session.connection()) as theirs:  # type: ignore[arg-type]
        scope_for(theirs, user, organisation, branch_id=branch_id)
        return _Explaining(theirs, record, row_id).answer(action, item)


def _alone(verdict: str, permission: str, text: Any) -> Explanation:
    reason = Reason(verdict, permission, text=text)
    return Explanation(verdict == GIVES, reason, [reason])


class _Explaining:
    """One question, asked on a session of the person it is about."""

    def __init__(self, session: Session, record: RecordType, row_id: int):
        self.session = session
        self.record = record
        self.row_id = row_id
        roles = session.scalars(select(Role).where(Role.id.in_(session.scope.role_ids))).all()
        self.owner = any(role.code == OWNER for role in roles)
        self.titles = {role.id: title_of(role) for role in roles}
        self.on = enabled(session)

    def answer(self, action: str, item: Field | None) -> Explanation:
        found: list[Reason] = []
        for wanted in rules.needed(action):
            part = self._rows(self.record.permission(wanted))
            found += part.reasons
            if not part.allowed:
                return Explanation(False, part.decided_by, found)
            decided = part.decided_by
        if item is None:
            return Explanation(True, decided, found)
        for reason in self._field(action, item):
            found.append(reason)
            if reason.verdict in (TAKES, FITS_NOT):
                return Explanation(False, reason, found)
        return Explanation(True, found[-1], found)

    def _rows(self, permission: str) -> Explanation:
        """One permission, for the row as a whole."""
        if permission.partition(":")[0] not in self.on:
            return _alone(TAKES, permission, _("the plugin is switched off"))
        if self.owner:
            return _alone(GIVES, permission, _("is an owner and may do everything"))
        gives, takes = self._rules(permission)
        if not gives:
            return _alone(TAKES, permission, _("no role of theirs gives this"))
        judged = [self._reason(rule, GIVES if self._fits(rule) else FITS_NOT) for rule in gives]
        for rule in takes:
            if rule.filter or not rule.fields_except:
                fits = bool(rule.filter) and self._fits(rule)
                judged.append(self._reason(rule, HOLDS if fits else TAKES))
        giving = next((reason for reason in judged if reason.verdict == GIVES), None)
        taking = next((reason for reason in judged if reason.verdict == TAKES), None)
        decided = taking or giving or judged[0]
        return Explanation(decided is giving, decided, judged)

    def _rules(self, permission: str) -> tuple[list[Rule], list[Rule]]:
        found = self.session.scalars(
            select(Rule)
            .where(
                Rule.active,
                Rule.permission == permission,
                or_(Rule.role_id.in_(self.session.scope.role_ids), Rule.role_id.is_(None)),
            )
            .order_by(Rule.id)
        ).all()
        gives = [rule for rule in found if rule.kind == PERMISSION]
        return gives, [rule for rule in found if rule.kind != PERMISSION]

    def _fits(self, rule: Rule) -> bool:
        """Whether the row is among those of a rule's filter."""
        if not rule.filter:
            return True
        condition = rules.compiled(self.session, self.record, rule.filter)
        cls = self.record.cls
        return self.session.scalar(select(cls.id).where(cls.id == self.row_id, condition)) is not None

    def _reason(self, rule: Rule, verdict: str) -> Reason:
        role = self.titles.get(rule.role_id) if rule.role_id is not None else None
        return Reason(
            verdict, rule.permission, role, rule.filter or None, frozenset(rule.fields_except or ())
        )

    def _field(self, action: str, item: Field) -> Iterator[Reason]:
        """The reasons for one field: seen first, then, where it is to be set, set."""
        if item.plugin not in self.on or (item.target is not None and item.target.plugin not in self.on):
            yield Reason(TAKES, self.record.permission(action), text=_("the plugin is switched off"))
            return
        setting = action in ("write", "create")
        for wanted in ("read", action) if setting else ("read",):
            permission = self.record.permission(wanted)
            if not self.owner:
                yield from self._field_rules(permission, item)
            if item.secret or item.guarded:
                own = "read" if wanted == "read" else "write"
                yield self._rows_of_field(rules.field_permission(self.record, item.plugin, item.name, own))
        if setting and item.computed:
            yield Reason(TAKES, permission, text=_("Parlour works this field out itself"))
        elif setting and item.name in protected(self.session, self.record):
            yield Reason(TAKES, permission, text=_("the field is protected in this organisation"))
        elif self.owner:
            yield Reason(GIVES, permission, text=_("is an owner and may do everything"))

    def _field_rules(self, permission: str, item: Field) -> Iterator[Reason]:
        gives, takes = self._rules(permission)
        if not gives:
            return
        wide = [rule for rule in gives if not rule.filter]
        hiding = [rule for rule in gives if item.name in (rule.fields_except or ())]
        showing = next((rule for rule in wide if rule not in hiding), None)
        if hiding and showing is None:
            yield self._reason(hiding[0], TAKES)
        else:
            yield self._reason(showing or gives[0], GIVES)
        for rule in takes:
            if item.name in (rule.fields_except or ()):
                yield self._reason(rule, TAKES)

    def _rows_of_field(self, permission: str) -> Reason:
        """A guarded field's own permission, which knows no rows."""
        if self.owner:
            return Reason(GIVES, permission, text=_("is an owner and may do everything"))
        gives, takes = self._rules(permission)
        gone = next((rule for rule in takes if not rule.filter and not rule.fields_except), None)
        if gone is not None:
            return self._reason(gone, TAKES)
        if not gives:
            return Reason(TAKES, permission, text=_("no role of theirs gives this"))
        return self._reason(gives[0], GIVES)
