"""Writes the demo's history: the published half-year to the last digit, and on to today."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.demo import names
from data_access.demo.plan import SOURCE_SYSTEM, Planned, PlannedSession, Values
from data_access.demo.rooms import ROOMS
from data_access.demo.story import tell
from data_access.demo.workdays import shifted
from data_access.models import (
    Award,
    Base,
    Complaint,
    Enterprise,
    Expert,
    ExpertDrawMember,
    ExpertPenalty,
    Inspection,
    LibraryMembership,
    Lot,
    MallOrder,
    Project,
    Region,
    Room,
    SessionEvent,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from domain.periods import day_of, midnight

SCHEDULE = "schedule-"
"""How the source keys of what `schedule` writes begin."""

# What is referred to comes before what refers to it.
_ORDER: tuple[type[Base], ...] = (
    Enterprise,
    Expert,
    Project,
    Lot,
    Award,
    TradingSession,
    ExpertDrawMember,
    ExpertPenalty,
    LibraryMembership,
    Complaint,
    MallOrder,
    Inspection,
)
_Ids = dict[type[Base], dict[str, int]]


def fill(session: Session, today: date) -> None:
    """Writes what happened from mid-2022 up to, not including, `today`; at later starts what is new.

    Does nothing when the last working day is written already. Region and rooms are made as well; cameras
    and accounts are not.
    """
    written_to = _last_written(session)
    if written_to is not None and written_to >= shifted(today, -1):
        return
    if written_to is None:
        make_rooms(session)
    since = midnight(written_to) if written_to else None
    plan = tell(today, _first_scheduled(session) or today)
    ids: _Ids = {Room: {row.name: row.id for row in session.execute(select(Room.name, Room.id))}}
    for table in _ORDER:
        rows = [row for row in plan.of(table) if _is_new(row, since, midnight(today))]
        ids[table] = (_known_ids(session, table) if since else {}) | _write(
            session, rows, midnight(today), ids
        )
        if table is TradingSession:
            _attach(session, (row for row in rows if isinstance(row, PlannedSession)), ids)


def make_rooms(session: Session) -> None:
    """The district and its rooms, where they are missing."""
    session.execute(
        insert(Region).values(code=names.REGION_CODE, name=names.REGION_NAME).on_conflict_do_nothing()
    )
    for name, kind, seats in ROOMS:
        session.execute(
            insert(Room)
            .values(name=name, type=kind, seats=seats, region_code=names.REGION_CODE)
            .on_conflict_do_nothing()
        )


def _last_written(session: Session) -> date | None:
    """The day of the newest thing that happened; something does on almost every working day."""
    newest = [
        session.scalar(
            select(func.max(instant)).where(
                instant.class_.source_system == SOURCE_SYSTEM,
                ~instant.class_.source_key.startswith(SCHEDULE),
            )
        )
        for instant in (
            TradingSession.actual_start,
            Award.decided_at,
            ExpertDrawMember.drawn_at,
            MallOrder.ordered_at,
        )
    ]
    days = [day_of(instant) for instant in newest if instant is not None]
    return max(days, default=None)


def _first_scheduled(session: Session) -> date | None:
    first = session.scalar(
        select(func.min(TradingSession.planned_start)).where(
            TradingSession.source_system == SOURCE_SYSTEM, TradingSession.source_key.startswith(SCHEDULE)
        )
    )
    return day_of(first) if first else None


def _is_new(row: Planned, since: datetime | None, until: datetime) -> bool:
    """Whether the row appears or changes in the stretch that is being written."""
    if row.at >= until:
        return False
    return since is None or any(since <= change < until for change in (row.at, *(at for at, _ in row.later)))


def _known_ids(session: Session, table: type[Base]) -> dict[str, int]:
    columns = table.__table__.c
    rows = session.execute(
        select(columns.source_key, columns.id).where(columns.source_system == SOURCE_SYSTEM)
    )
    return {row.source_key: row.id for row in rows}


def _write(session: Session, rows: Sequence[Planned], until: datetime, ids: _Ids) -> dict[str, int]:
    """Inserts or updates rows of one table as they stood at `until`; their ids by key."""
    values = [_resolved(row, until, ids) for row in rows]
    if not values:
        return {}
    table = cast("Table", rows[0].table.__table__)
    statement = insert(table)
    written = session.execute(
        statement.on_conflict_do_update(
            index_elements=["source_system", "source_key"],
            set_={name: statement.excluded[name] for name in values[0]},
        ).returning(table.c.source_key, table.c.id),
        values,
    )
    return {row.source_key: row.id for row in written}


def _resolved(row: Planned, until: datetime, ids: _Ids) -> Values:
    values = row.as_of(until)
    assert values is not None
    return values | {column: ids[table][key] for column, (table, key) in row.refs.items()}


def _attach(session: Session, rows: Iterable[PlannedSession], ids: _Ids) -> None:
    """Lots, participants and events of sessions that were written just now."""
    by_id = {ids[TradingSession][row.key]: row for row in rows}
    if not by_id:
        return
    for table in (SessionLot, SessionParticipant, SessionEvent):
        session.execute(delete(table).where(table.session_id.in_(by_id)))
    hanging: dict[type[Base], list[Values]] = {
        SessionLot: [
            {"session_id": n, "lot_id": ids[Lot][lot]} for n, row in by_id.items() for lot in row.lots
        ],
        SessionParticipant: [
            {"session_id": n, **person} for n, row in by_id.items() for person in row.participants
        ],
        SessionEvent: [{"session_id": n, **event} for n, row in by_id.items() for event in row.events],
    }
    for hung, values in hanging.items():
        if values:
            session.execute(insert(cast("Table", hung.__table__)), values)
