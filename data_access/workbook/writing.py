"""One sheet being written: what all sheets share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.models import Base
from data_access.workbook.consistency import SHARED
from data_access.workbook.rows import ReadSheet, Row
from data_access.workbook.sheets import Sheet
from data_access.workbook.upsert import ids_of, upsert
from data_access.workbook.words import Problem, State, Words

SOURCE = "workbook"
BY_SOURCE = ("source_system", "source_key")


class Writing:
    """One sheet being written: its good rows, and what becomes of them."""

    def __init__(self, session: Session, batch_id: int, read_sheet: ReadSheet) -> None:
        self.session = session
        self.batch_id = batch_id
        self.sheet: Sheet = read_sheet.sheet
        self.present = read_sheet.present
        self.rows = [row for row in read_sheet.rows if not row.rejected]
        self.states: dict[int, State] = {}
        self.problems: list[Problem] = []

    def known(self, field: str, column: InstrumentedAttribute[str]) -> dict[str, int]:
        """The ids behind the codes in `field`; rows with an unknown code are rejected."""
        codes = {code for row in self.rows for code in codes_in(row.values.get(field))}
        ids = ids_of(self.session, column, codes)
        for row in self.rows:
            unknown = [code for code in codes_in(row.values.get(field)) if code not in ids]
            if unknown:
                listed = "、".join(unknown)
                words = Words(
                    f"{listed} 不存在或被退回；请先登记，或与本行一并导入",
                    f"{listed} is not known, or was rejected: enter it first, or together with this row",
                )
                self.problems.append(Problem(self.sheet.name, row.number, self.sheet.header(field), words))
                self.states[row.number] = State.REJECTED
        self.rows = [row for row in self.rows if row.number not in self.states]
        return ids

    def each_key_once(self) -> None:
        """Of rows that say the same, one is written and the others count as unchanged."""
        by_key = {row.key: row for row in self.rows}
        kept = {row.number for row in by_key.values()}
        self.states |= {row.number: State.UNCHANGED for row in self.rows if row.number not in kept}
        self.rows = list(by_key.values())

    def values(self, table: str) -> Callable[[Row], dict[str, object]]:
        """How to take the values for one table out of a row, by its columns."""
        names = [(field, field.partition(".")[2]) for field in self.present if field.startswith(f"{table}.")]
        return lambda row: {column: row.values[field] for field, column in names}

    def origin(self, key: str) -> dict[str, object]:
        """Where a database row comes from."""
        return {"source_system": SOURCE, "source_key": key, "batch_id": self.batch_id}

    def ids(self, column: InstrumentedAttribute[str], field: str) -> dict[str, int]:
        """The ids behind the codes in `field`, all of which are in the database by now."""
        return ids_of(self.session, column, {str(row.values[field]) for row in self.rows})

    def write_shared(self, model: type[Base], table: str) -> dict[Any, State]:
        """Writes the projects, experts or enterprises that rows describe; what no row states stays."""
        name = SHARED[table]
        stated: defaultdict[str, dict[str, object]] = defaultdict(dict)
        values = self.values(table)
        for row in self.rows:
            told = {column: value for column, value in values(row).items() if value is not None}
            stated[str(told[name])] |= told
        rows = ({**told, **self.origin(code)} for code, told in stated.items())
        return upsert(self.session, model, [name], rows)

    def write(
        self, model: type[Base], table: str, key: Sequence[str], more: Callable[[Row], Mapping[str, object]]
    ) -> dict[str, State]:
        """Writes each row's own entity, with `more` columns than the sheet has; states by source key."""
        values = self.values(table)
        rows = ({**values(row), **more(row), **self.origin(row.key)} for row in self.rows)
        states = upsert(self.session, model, key, rows)
        return {found[-1] if isinstance(found, tuple) else found: state for found, state in states.items()}

    def mark(self, row: Row, main: State | None, *parts_changed: object) -> None:
        """Notes what became of a row: new when its own entity is, changed when any part of it was."""
        changed = main is State.CHANGED or any(parts_changed)
        unless_new = State.CHANGED if changed else State.UNCHANGED
        self.states[row.number] = State.NEW if main is State.NEW else unless_new


def codes_in(value: object) -> tuple[str, ...]:
    """The codes of a cell that holds none, one or several."""
    if isinstance(value, tuple):
        return value
    return () if value is None else (str(value),)
