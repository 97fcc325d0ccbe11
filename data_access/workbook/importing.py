"""Imports a workbook that was read: good rows in one transaction, bad ones with their reasons."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.models import ImportBatch
from data_access.workbook import writers
from data_access.workbook.rows import ReadSheet, Row, Workbook
from data_access.workbook.words import Problem, Severity, State, Words

_FIRST_ROWS = 5  # shown in a preview
_IMPORT_LOCK = 0x6D6A_0003  # one import at a time: two would wait for each other's rows


@dataclass(frozen=True)
class RowOutcome:
    """A row of the file and what became of it."""

    row: Row
    state: State


@dataclass(frozen=True)
class RejectedRow:
    """A row that did not go in, and why."""

    row: Row
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class SheetReport:
    """What became of one sheet."""

    name: str
    counts: Mapping[State, int]
    """Rows by what became of them; the rows behind `error` count as rejected."""
    first_rows: tuple[RowOutcome, ...]
    rejected: tuple[RejectedRow, ...]
    problems: tuple[Problem, ...]
    """Of rejected rows and warnings, by row."""
    error: Words | None
    """Why nothing of the sheet could be read."""
    ignored_columns: tuple[str, ...]

    def count(self, state: State) -> int:
        """How many rows ended that way."""
        return self.counts.get(state, 0)

    def as_json(self) -> dict[str, object]:
        """The counts, and what was left aside."""
        return {
            "sheet": self.name,
            **{state.value: self.count(state) for state in State},
            "error": self.error.as_json() if self.error else None,
            "ignored_columns": list(self.ignored_columns),
        }


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do when it is a preview."""

    file_name: str
    preview: bool
    batch_id: int | None
    sheets: tuple[SheetReport, ...]
    ignored_sheets: tuple[str, ...]

    def count(self, state: State) -> int:
        """How many rows of all sheets ended that way."""
        return sum(sheet.count(state) for sheet in self.sheets)

    @property
    def filled_sheets(self) -> tuple[SheetReport, ...]:
        """Those with rows."""
        return tuple(sheet for sheet in self.sheets if sheet.error or any(sheet.counts.values()))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, by sheet and row."""
        return tuple(problem for sheet in self.sheets for problem in sheet.problems)

    @property
    def complete(self) -> bool:
        """Whether no row and no sheet was rejected."""
        return self.count(State.REJECTED) == 0 and all(sheet.error is None for sheet in self.sheets)

    def as_json(self) -> dict[str, object]:
        """The counts and problems for `import --json`."""
        return {
            "file": self.file_name,
            "preview": self.preview,
            "batch": self.batch_id,
            "total": {state.value: self.count(state) for state in State},
            "sheets": [sheet.as_json() for sheet in self.sheets],
            "ignored_sheets": list(self.ignored_sheets),
            "problems": [problem.as_json() for problem in self.problems],
        }


@dataclass(frozen=True)
class PastImport:
    """One line of the history of imports."""

    id: int
    file_name: str
    imported_by: str
    imported_at: datetime
    added: int
    changed: int
    unchanged: int
    rejected: int


def import_workbook(
    session: Session,
    book: Workbook,
    *,
    sha256: str,
    actor: str,
    address: str = "",
    now: datetime | None = None,
) -> ImportReport:
    """Writes the good rows, an import batch and an audit entry. The caller commits."""
    batch = _start_batch(session, book, sha256, actor, now or datetime.now(UTC))
    report = _write(session, book, batch.id, preview=False)
    batch.rows_added, batch.rows_changed, batch.rows_unchanged, batch.rows_rejected = (
        report.count(state) for state in (State.NEW, State.CHANGED, State.UNCHANGED, State.REJECTED)
    )
    detail = {"batch": batch.id, "sha256": sha256, **{state.value: report.count(state) for state in State}}
    audit.record(
        session, actor=actor, action="import", subject=book.file_name, detail=detail, address=address
    )
    return report


def preview_workbook(session: Session, book: Workbook) -> ImportReport:
    """What `import_workbook` would do now, tried in the database and taken back."""
    with session.begin_nested() as savepoint:
        batch = _start_batch(session, book, "", "preview", datetime.now(UTC))
        report = _write(session, book, batch.id, preview=True)
        savepoint.rollback()
    return report


def imports(session: Session, limit: int = 20) -> list[PastImport]:
    """The last imports, newest first."""
    batches = session.scalars(select(ImportBatch).order_by(ImportBatch.id.desc()).limit(limit))
    return [
        PastImport(
            batch.id,
            batch.file_name,
            batch.imported_by,
            batch.imported_at,
            batch.rows_added,
            batch.rows_changed,
            batch.rows_unchanged,
            batch.rows_rejected,
        )
        for batch in batches
    ]


def _start_batch(session: Session, book: Workbook, sha256: str, actor: str, now: datetime) -> ImportBatch:
    session.execute(select(func.pg_advisory_xact_lock(_IMPORT_LOCK)))
    batch = ImportBatch(
        file_name=book.file_name,
        sha256=sha256,
        imported_by=actor,
        imported_at=now,
        rows_added=0,
        rows_changed=0,
        rows_unchanged=0,
        rows_rejected=0,
    )
    session.add(batch)
    session.flush()
    return batch


def _write(session: Session, book: Workbook, batch_id: int, *, preview: bool) -> ImportReport:
    sheets = tuple(_write_sheet(session, batch_id, read_sheet) for read_sheet in book.sheets)
    return ImportReport(book.file_name, preview, None if preview else batch_id, sheets, book.ignored_sheets)


def _write_sheet(session: Session, batch_id: int, read_sheet: ReadSheet) -> SheetReport:
    writing = writers.write(session, batch_id, read_sheet)
    states = {row.number: State.REJECTED for row in read_sheet.rows if row.rejected} | writing.states
    found = [problem for row in read_sheet.rows for problem in row.problems] + writing.problems
    problems = tuple(sorted(found, key=lambda problem: (problem.row, problem.severity)))
    counts = Counter(states.values())
    counts[State.REJECTED] += read_sheet.rows_unread
    return SheetReport(
        read_sheet.sheet.name,
        counts,
        tuple(RowOutcome(row, states[row.number]) for row in read_sheet.rows[:_FIRST_ROWS]),
        tuple(_rejected(read_sheet.rows, problems, states)),
        problems,
        read_sheet.error,
        read_sheet.ignored_columns,
    )


def _rejected(
    rows: Iterable[Row], problems: Iterable[Problem], states: Mapping[int, State]
) -> Iterator[RejectedRow]:
    reasons = defaultdict(list)
    for problem in problems:
        if problem.severity is Severity.REJECTED:
            reasons[problem.row].append(problem)
    for row in rows:
        if states[row.number] is State.REJECTED:
            yield RejectedRow(row, tuple(reasons[row.number]))
