"""What stands in a row of a file beside the record's own fields: the services of a visit, whose rows are another record's.

A plugin gives its record a subclass of `Along` (`record_type(Visit).along = Services`). The importer then offers its columns
beside the fields, hands it the rows of each batch before they are matched, and lets it write what belongs to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from parlour.db.session import Session
from parlour.records.importing.convert import Converted
from parlour.records.registry import Field


class Along:
    """Columns of a file that are no fields of the record, for one import. `open` returns the import's change set."""

    # Links of the record whose text `prepare` turns into a number itself.
    resolves: frozenset[str] = frozenset()
    # Under which name `prepare` leaves what it made of the columns among the values of a row.
    kept = ""

    def __init__(self, session: Session, open: Callable[[], int], *, dry_run: bool):
        self.session = session
        self.open = open
        self.dry_run = dry_run

    @classmethod
    def columns(cls) -> Sequence[Field]:
        """The further columns, as `records.declare.input_field` makes them."""
        return ()

    def prepare(self, rows: Sequence[tuple[Converted, dict[str, Any]]]) -> None:
        """Change the values of a batch: the columns out, what they make in, under `kept`. Problems go into the row's own.

        A row whose values are emptied is passed over. A fixed number of queries for a batch.
        """

    def fresh(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Further values of a row that turns out to be new."""
        return {}

    def standing(self, ids: Collection[int]) -> dict[int, Any]:
        """What existing rows have of `kept`, in one query."""
        return {}

    def differs(self, standing: Any, given: Any) -> bool:
        """Whether a file's row says something else than what stands there."""
        return bool(given != standing)

    def writing(self, ids: Sequence[int]) -> AbstractContextManager[None]:
        """Around the writing of a batch and of what belongs to it; `ids` are the rows that exist."""
        return nullcontext()

    def write(self, change_set: int, rows: Sequence[tuple[int, Any]]) -> dict[int, Any]:
        """Write what belongs to rows that were just written: pairs of their numbers and what `prepare` kept, None where nothing
        of it changes. Returns what has to be told, by their numbers.
        """
        return {}
