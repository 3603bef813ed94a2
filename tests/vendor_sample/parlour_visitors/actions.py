"""What can be done with visitors at a click."""

from __future__ import annotations

from collections.abc import Sequence

from parlour.db.session import Session
from parlour.i18n import _
from parlour.records.actions import Outcome, action
from parlour.records.declare import money
from parlour.records.values import Money
from parlour.records.write import Change, write
from parlour_visitors.models import Visitor


@action(
    Visitor,
    "charge",
    plugin="visitors",
    title=_("Take the entrance fee"),
    icon="banknote",
    fields={"fee": money(_("Fee"), required=True)},
)
def charge(session: Session, ids: Sequence[int], fee: Money) -> Outcome:
    """Note the same fee for each of them."""
    done = write(session, Visitor, [Change({"fee": fee}, row_id) for row_id in ids], label="charge")
    return Outcome(_("The fee is noted."), done.change_set)
