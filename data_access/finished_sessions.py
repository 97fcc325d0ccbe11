"""Sessions that are over and took place in front of a camera."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.models import Camera, Room, TradingSession
from domain.vocabulary import SessionStatus


@dataclass(frozen=True)
class FinishedSession:
    """A finished session and the first camera of its room."""

    camera_id: int
    room_name: str
    started_at: datetime
    ended_at: datetime


def last_finished(session: Session, count: int) -> list[FinishedSession]:
    """The sessions that ended last in rooms with a camera, newest first."""
    camera_of = (
        select(Camera.room_id, func.min(Camera.id).label("camera_id"))
        .where(Camera.removed_at.is_(None))
        .group_by(Camera.room_id)
        .subquery()
    )
    rows = session.execute(
        select(camera_of.c.camera_id, Room.name, TradingSession.actual_start, TradingSession.actual_end)
        .join(Room, Room.id == TradingSession.room_id)
        .join(camera_of, camera_of.c.room_id == Room.id)
        .where(
            TradingSession.status == SessionStatus.DONE,
            TradingSession.actual_start < TradingSession.actual_end,
            TradingSession.actual_end <= func.now(),
        )
        .order_by(TradingSession.actual_end.desc(), TradingSession.id.desc())
        .limit(count)
    )
    return [FinishedSession(*row) for row in rows]
