"""The schedule as who watches live sees it: what is on now, what comes next, what has just ended.

Nothing here tells of bidders: before the opening their number and names are confidential (实施条例 art. 41),
and the prices too (招标投标法 art. 22, 28).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from data_access.models import Lot, Project, Room, SessionLot, TradingSession
from domain.vocabulary import SessionStatus

_LONGEST = timedelta(hours=24)  # a session left open longer was forgotten, not held
_USUAL = timedelta(hours=2)  # taken for one whose end is not planned
_AHEAD = timedelta(days=14)
_BACK = timedelta(hours=24)
_ON = (SessionStatus.OPEN, SessionStatus.PAUSED)


@dataclass(frozen=True)
class LotLine:
    """A lot that a session deals with."""

    section_code: str
    title: str


@dataclass(frozen=True)
class ScheduledSession:
    """A session on the schedule."""

    id: int
    code: str
    type: str  # domain.vocabulary.SessionType
    method: str | None  # domain.vocabulary.ProcurementMethod
    status: str  # domain.vocabulary.SessionStatus
    off_site: bool
    room_id: int | None
    room_name: str | None
    room_type: str | None  # domain.vocabulary.RoomType
    planned_start: datetime
    planned_end: datetime | None
    actual_start: datetime | None
    actual_end: datetime | None
    projects: tuple[str, ...]
    lots: tuple[LotLine, ...]


def on_now(session: Session, now: datetime) -> list[ScheduledSession]:
    """The sessions open at `now`, and those that should be by their planned times; the latest begun first."""
    planned_end = func.coalesce(TradingSession.planned_end, TradingSession.planned_start + _USUAL)
    is_open = and_(TradingSession.status.in_(_ON), TradingSession.planned_start > now - _LONGEST)
    is_due = and_(
        TradingSession.status == SessionStatus.SCHEDULED,
        TradingSession.planned_start <= now,
        planned_end > now,
    )
    latest_first = (TradingSession.planned_start.desc(), Room.name, TradingSession.id)
    return _read(session, _sessions().where(or_(is_open, is_due)).order_by(None).order_by(*latest_first))


def next_up(session: Session, now: datetime, most: int = 6) -> list[ScheduledSession]:
    """The sessions planned to begin after `now`, within two weeks, the nearest first."""
    coming = _sessions().where(
        TradingSession.status == SessionStatus.SCHEDULED,
        TradingSession.planned_start > now,
        TradingSession.planned_start < now + _AHEAD,
    )
    return _read(session, coming.limit(most))


def just_ended(session: Session, now: datetime, most: int = 6) -> list[ScheduledSession]:
    """The sessions that ended within the last 24 hours, the latest first."""
    ended = func.coalesce(TradingSession.actual_end, TradingSession.planned_end)
    over = _sessions().where(TradingSession.status == SessionStatus.DONE, ended <= now, ended > now - _BACK)
    return _read(session, over.order_by(None).order_by(ended.desc(), TradingSession.id).limit(most))


def session_with_id(session: Session, session_id: int) -> ScheduledSession | None:
    """The session with that id, whatever its state."""
    return next(iter(_read(session, _sessions().where(TradingSession.id == session_id))), None)


def _sessions() -> Select[TradingSession, Room]:
    return (
        select(TradingSession, Room)
        .outerjoin(Room, Room.id == TradingSession.room_id)
        .order_by(TradingSession.planned_start, Room.name, TradingSession.id)
    )


def _read(session: Session, query: Select[TradingSession, Room]) -> list[ScheduledSession]:
    found = session.execute(query).all()
    dealt_with = _lots_of(session, [held.id for held, _ in found])
    return [_row(held, room, dealt_with.get(held.id, [])) for held, room in found]


def _lots_of(session: Session, ids: list[int]) -> dict[int, list[tuple[Lot, Project]]]:
    lots: dict[int, list[tuple[Lot, Project]]] = {}
    query = (
        select(SessionLot.session_id, Lot, Project)
        .join(Lot, Lot.id == SessionLot.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .where(SessionLot.session_id.in_(ids))
        .order_by(Lot.section_code)
    )
    for session_id, lot, project in session.execute(query):
        lots.setdefault(session_id, []).append((lot, project))
    return lots


def _row(held: TradingSession, room: Room | None, lots: list[tuple[Lot, Project]]) -> ScheduledSession:
    return ScheduledSession(
        id=held.id,
        code=held.code,
        type=held.type,
        method=held.method,
        status=held.status,
        off_site=held.off_site,
        room_id=room.id if room else None,
        room_name=room.name if room else None,
        room_type=room.type if room else None,
        planned_start=held.planned_start,
        planned_end=held.planned_end,
        actual_start=held.actual_start,
        actual_end=held.actual_end,
        projects=tuple(dict.fromkeys(project.name for _, project in lots)),
        lots=tuple(LotLine(lot.section_code, lot.title) for lot, _ in lots),
    )
