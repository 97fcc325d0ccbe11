"""What reading hands to the import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from data_access.workbook.sheets import Sheet
from data_access.workbook.words import Problem, Severity, Words


@dataclass(frozen=True)
class Row:
    """One row. `number` counts as the spreadsheet does, from 1."""

    number: int
    key: str
    """What names the row, as text: the `source_key` of the database."""
    cells: Mapping[str, object]
    """As they stand in the file, by the template's header; blank ones left out."""
    values: Mapping[str, object]
    """By field. A missing field: the file has no such column; None: the cell is blank."""
    problems: tuple[Problem, ...] = ()

    @cached_property
    def rejected(self) -> bool:
        """Whether it must not go in."""
        return any(problem.severity is Severity.REJECTED for problem in self.problems)


def key_of(sheet: Sheet, values: Mapping[str, object]) -> str:
    """The key of a row with these values."""
    parts = (values.get(field) for field in sheet.key)
    return "|".join(
        part.isoformat() if isinstance(part, datetime) else "" if part is None else str(part)
        for part in parts
    )


@dataclass(frozen=True)
class ReadSheet:
    """One sheet of a file."""

    sheet: Sheet
    rows: tuple[Row, ...] = ()
    present: frozenset[str] = frozenset()
    """The fields that the file has columns for."""
    error: Words | None = None
    """Why the whole sheet could not be read."""
    rows_unread: int = 0
    ignored_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Workbook:
    """A file that was read."""

    file_name: str
    sheets: tuple[ReadSheet, ...]
    ignored_sheets: tuple[str, ...] = ()
