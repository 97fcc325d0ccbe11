"""Bulk writing that leaves unchanged rows alone and tells what it did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.models import Base
from data_access.workbook.words import State

# Where a row came from changes with the row, and alone is no change.
_ORIGIN = frozenset({"source_system", "source_key", "batch_id"})
_PAGE = 1000  # rows a statement


def upsert(
    session: Session, model: type[Base], key: Sequence[str], rows: Iterable[Mapping[str, object]]
) -> dict[Any, State]:
    """Inserts the rows, or updates those that stand under the same key with other content.

    Columns missing from a row are left as they are (or at their default, in a new row). Each key may occur
    once only. Returns the state by key (a tuple for several columns); unchanged ones are left out.
    """
    table = model.__table__
    assert isinstance(table, Table)
    by_columns: defaultdict[frozenset[str], list[Mapping[str, object]]] = defaultdict(list)
    for row in rows:
        by_columns[frozenset(row)].append(row)
    states: dict[Any, State] = {}
    for columns, group in by_columns.items():
        statement = _statement(table, key, sorted(columns))
        for start in range(0, len(group), _PAGE):
            for *found, is_new in session.connection().execute(statement, group[start : start + _PAGE]):
                states[found[0] if len(found) == 1 else tuple(found)] = State.NEW if is_new else State.CHANGED
    return states


def _statement(table: Table, key: Sequence[str], columns: Sequence[str]) -> Any:
    statement = insert(table)
    content = [name for name in columns if name not in _ORIGIN and name not in key]
    written = {name: statement.excluded[name] for name in columns if name not in key}
    changed = or_(*(table.c[name].is_distinct_from(statement.excluded[name]) for name in content))
    return (
        statement.on_conflict_do_update(index_elements=list(key), set_=written, where=changed)
        # xmax is 0 in a row that no transaction has updated: it was inserted just now.
        .returning(*(table.c[name] for name in key), literal_column("xmax = 0"))
    )


def ids_of(session: Session, column: InstrumentedAttribute[str], codes: Collection[str]) -> dict[str, int]:
    """The ids of the rows whose unique `column` holds one of the codes."""
    model = column.class_
    listed = list(codes)
    found: dict[str, int] = {}
    for start in range(0, len(listed), 10 * _PAGE):
        part = listed[start : start + 10 * _PAGE]
        found |= dict(session.execute(select(column, model.id).where(column.in_(part))).all())
    return found


def replace_children(
    session: Session,
    model: type[Base],
    parents: Collection[int],
    wanted: Collection[tuple[Any, ...]],
    *within: ColumnElement[bool],
) -> set[int]:
    """Makes the parents' children (those `within`) exactly the wanted rows; returns the parents changed.

    A row is a tuple of all columns in the order of the table, the parent's id first; the first columns are
    the primary key.
    """
    table = model.__table__
    assert isinstance(table, Table)
    parent, keys = table.columns[0], list(table.primary_key.columns)
    stored = {tuple(row) for row in session.execute(select(table).where(parent.in_(parents), *within))}
    gone, added = stored - set(wanted), set(wanted) - stored
    if gone:
        doomed = [row[: len(keys)] for row in gone]
        session.execute(delete(table).where(tuple_(*keys).in_(doomed)))
    if added:
        names = [column.name for column in table.columns]
        session.connection().execute(insert(table), [dict(zip(names, row, strict=True)) for row in added])
    return {row[0] for row in gone | added}
