"""Imports a workbook that was read: good rows in one transaction, bad ones with their reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.models import ImportBatch
from data_access.workbook import writers
from data_access.workbook.rows import ReadSheet, Row, Workbook
from data_access.workbook.upsert import State
from data_access.workbook.words import Problem, Severity, Words

_IMPORT_LOCK = 0x6D6A_0003  # one import at a time: two would wait for each other's rows


@dataclass(frozen=True)
class RowOutcome:
    """A row of the file and what became of it."""

    row: Row
    state: State


@dataclass(frozen=True)
class SheetReport:
    """What became of one sheet."""

    name: str
    outcomes: tuple[RowOutcome, ...]
    problems: tuple[Problem, ...]
    """Of rejected rows and warnings, by row."""
    error: Words | None
    """Why nothing of the sheet could be read."""
    rows_unread: int
    """The rows behind `error`; they count as rejected."""
    ignored_columns: tuple[str, ...]

    def count(self, state: State) -> int:
        """How many rows ended that way."""
        unread = self.rows_unread if state is State.REJECTED else 0
        return unread + sum(outcome.state is state for outcome in self.outcomes)


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
    def problems(self) -> tuple[Problem, ...]:
        """All of them, by sheet and row."""
        return tuple(problem for sheet in self.sheets for problem in sheet.problems)

    @property
    def complete(self) -> bool:
        """Whether no row and no sheet was rejected."""
        return self.count(State.REJECTED) == 0 and all(sheet.error is None for sheet in self.sheets)


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
    problems = [problem for row in read_sheet.rows for problem in row.problems] + writing.problems
    return SheetReport(
        read_sheet.sheet.name,
        tuple(RowOutcome(row, states[row.number]) for row in read_sheet.rows),
        tuple(sorted(problems, key=lambda problem: (problem.row, problem.severity))),
        read_sheet.error,
        read_sheet.rows_unread,
        read_sheet.ignored_columns,
    )


def rejected_rows(report: SheetReport) -> list[tuple[Row, list[Problem]]]:
    """The rejected rows of a sheet, each with its reasons."""
    rejected = [outcome.row for outcome in report.outcomes if outcome.state is State.REJECTED]
    numbers = Counter(row.number for row in rejected)
    reasons: dict[int, list[Problem]] = {number: [] for number in numbers}
    for problem in report.problems:
        if problem.row in reasons and problem.severity is Severity.REJECTED:
            reasons[problem.row].append(problem)
    return [(row, reasons[row.number]) for row in rejected]
