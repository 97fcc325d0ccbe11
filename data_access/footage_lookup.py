"""What the footage page asks: which cameras, days and sessions there is footage of."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, any_, case, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access import footage_open
from data_access.footage import LONGEST_SEGMENT
from data_access.models import (
    Camera,
    FootageRun,
    FootageSegment,
    Lot,
    Project,
    Room,
    SessionLot,
    TradingSession,
)
from domain.vocabulary import SessionStatus

# A session without a known end is looked for this long.
USUAL_LENGTH = timedelta(hours=2)


@dataclass(frozen=True)
class WatchedCamera:
    """A camera that footage can be looked up of."""

    id: int
    name: str
    room_id: int
    room_name: str
    room_type: str  # domain.vocabulary.RoomType
    removed: bool  # taken out of service, but some footage is left
    frame_rate: float | None  # frames a second


@dataclass(frozen=True)
class SessionOnFloor:
    """A session, and from when to when to look for its footage."""

    id: int
    code: str
    type: str  # domain.vocabulary.SessionType
    method: str | None  # domain.vocabulary.ProcurementMethod
    room_id: int
    room_name: str
    projects: str  # names, separated by 、
    project_codes: str
    planned_start: datetime
    actual_start: datetime | None
    actual_end: datetime | None
    start: datetime
    end: datetime


def state_of(session: Session, camera_id: int, start: datetime, end: datetime) -> bytes:
    """A value that changes when the footage in [start, end) does, not when its open segment closes."""
    growing = footage_open.of_camera(session, camera_id, start, end)
    rows = session.execute(
        select(FootageSegment.started_at, FootageSegment.ended_at)
        .where(
            FootageSegment.camera_id == camera_id,
            FootageSegment.started_at > start - LONGEST_SEGMENT,
            FootageSegment.started_at < end,
            FootageSegment.ended_at > start,
        )
        .order_by(FootageSegment.started_at)
    )
    # A file is named after its start and what is whole in it stays as it is: to where it counts is all.
    found = {started_at: min(ended_at, end) for started_at, ended_at in rows}
    if growing is not None:
        started_at, ended_at = growing
        found.setdefault(started_at, min(ended_at, end))
    return hashlib.sha256(repr(sorted(found.items())).encode()).digest()


def cameras_with_footage(
    session: Session, since: datetime, room_types: Collection[str]
) -> list[WatchedCamera]:
    """The cameras of rooms of those types, by room and name; removed ones while they have footage."""
    recorded = select(FootageRun.id).where(FootageRun.camera_id == Camera.id, FootageRun.ended_at > since)
    rows = session.execute(
        select(Camera, Room)
        .join(Room, Room.id == Camera.room_id)
        .where(Room.type.in_(room_types), or_(Camera.removed_at.is_(None), recorded.exists()))
        .order_by(Room.name, Camera.removed_at.is_not(None), Camera.name)
    )
    return [
        WatchedCamera(
            id=camera.id,
            name=camera.name,
            room_id=room.id,
            room_name=room.name,
            room_type=room.type,
            removed=camera.removed_at is not None,
            frame_rate=camera.frame_rate,
        )
        for camera, room in rows
    ]


def sessions_with_footage(
    session: Session,
    since: datetime,
    room_types: Collection[str],
    limit: int = 1000,
    *wanted: ColumnElement[bool],
    until: datetime | None = None,
) -> list[SessionOnFloor]:
    """The sessions since then in rooms of those types that there is footage of, the latest first.

    Args:
        wanted: further conditions on TradingSession and its Room.
        until: only sessions that began before.
    """
    before = () if until is None else (_begins < until,)
    return _sessions(
        session,
        select(*_FACTS)
        .where(Room.type.in_(room_types), _ends > since, *wanted, *before, _recorded(since))
        .order_by(_begins.desc(), TradingSession.id)
        .limit(limit),
    )


def session_with_footage(
    session: Session, session_id: int, since: datetime, room_types: Collection[str]
) -> SessionOnFloor | None:
    """The session of that id as `sessions_with_footage` tells of it; None: it would not."""
    by_id = TradingSession.id == session_id
    return next(iter(sessions_with_footage(session, since, room_types, 1, by_id)), None)


def sessions_a_day(
    session: Session, since: datetime, room_types: Collection[str], room_id: int | None = None
) -> dict[date, int]:
    """How many sessions with footage began on each day (Asia/Shanghai) since then, in rooms of those types.

    Args:
        room_id: only in that room.
    """
    day = cast(func.timezone("Asia/Shanghai", _begins), Date)
    in_room = () if room_id is None else (TradingSession.room_id == room_id,)
    rows = session.execute(
        select(day, func.count())
        .join(Room, Room.id == TradingSession.room_id)
        .where(TradingSession.status != SessionStatus.CANCELLED, Room.type.in_(room_types), *in_room)
        .where(_begins >= since, _recorded(since))
        .group_by(day)
    )
    return dict(rows.all())


def _recorded(since: datetime) -> ColumnElement[bool]:
    """Whether there is footage of the session since then."""
    return (
        select(FootageRun.id)
        .join(Camera, Camera.id == FootageRun.camera_id)
        .where(
            Camera.room_id == TradingSession.room_id,
            FootageRun.started_at < _ends,
            footage_open.run_reaches_beyond(func.greatest(_begins, since)),
        )
        .exists()
    )


def sessions_in_room(session: Session, room_id: int, start: datetime, end: datetime) -> list[SessionOnFloor]:
    """The sessions of a room that overlap [start, end), by time."""
    return _sessions(
        session,
        select(*_FACTS)
        .where(TradingSession.room_id == room_id, _begins < end, _ends > start)
        .order_by(_begins, TradingSession.id),
    )


_begins: ColumnElement[datetime] = func.coalesce(TradingSession.actual_start, TradingSession.planned_start)
_planned_end: ColumnElement[datetime] = func.coalesce(TradingSession.planned_end, _begins + USUAL_LENGTH)
_going_on = TradingSession.status.in_((SessionStatus.OPEN, SessionStatus.PAUSED))
_ends: ColumnElement[datetime] = func.greatest(
    func.coalesce(
        TradingSession.actual_end,
        case((_going_on, func.greatest(_planned_end, func.now())), else_=_planned_end),
    ),
    _begins,
)


_FACTS = (
    TradingSession.id,
    TradingSession.code,
    TradingSession.type,
    TradingSession.method,
    TradingSession.room_id,
    Room.name.label("room_name"),
    TradingSession.planned_start,
    TradingSession.actual_start,
    TradingSession.actual_end,
    _begins.label("start"),
    _ends.label("end"),
)


def _sessions(session: Session, query: Select[*tuple[Any, ...]]) -> list[SessionOnFloor]:
    """The sessions of a query for `_FACTS`."""
    rows = session.execute(
        query.join(Room, Room.id == TradingSession.room_id).where(
            TradingSession.status != SessionStatus.CANCELLED
        )
    ).all()
    projects = _projects(session, [row.id for row in rows])
    return [
        SessionOnFloor(
            **row._mapping,
            projects="、".join(name for name, _ in projects.get(row.id, ())),
            project_codes="、".join(code for _, code in projects.get(row.id, ())),
        )
        for row in rows
    ]


def _projects(session: Session, session_ids: Collection[int]) -> dict[int, dict[tuple[str, str], None]]:
    """Names and codes of the projects of each session, each once, by code."""
    rows = session.execute(
        _lots(session_ids, Project.name, Project.code)
        .join(Project, Project.id == Lot.project_id)
        .order_by(Project.code)
    )
    found: dict[int, dict[tuple[str, str], None]] = {}
    for session_id, name, code in rows:
        found.setdefault(session_id, {})[name, code] = None
    return found


def _lots(session_ids: Collection[int], *columns: InstrumentedAttribute[str]) -> Select[*tuple[Any, ...]]:
    return (
        select(SessionLot.session_id, *columns)
        .join(Lot, Lot.id == SessionLot.lot_id)
        # One parameter, however many: thousands of them would take long to prepare.
        .where(SessionLot.session_id == any_(literal(list(session_ids), ARRAY(INTEGER))))
    )
