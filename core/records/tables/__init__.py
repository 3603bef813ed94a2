"""Reading tables from files of any usual kind, told by their content and not by their ending; and writing."""

from parlour.records.tables.base import Problem, Row, Skipped, Table, TableError
from parlour.records.tables.open import open_table

__all__ = ["Problem", "Row", "Skipped", "Table", "TableError", "open_table"]
