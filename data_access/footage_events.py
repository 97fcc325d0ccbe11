"""What befell a camera's footage and is no gap: a clock was set, timestamps jumped, a new format came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.models import FootageEvent
from domain.vocabulary import FootageEventKind


@dataclass(frozen=True)
class EventRow:
    """Something that befell, and when by the clock as it was set then."""

    camera_id: int
    at: datetime
    kind: FootageEventKind
    seconds: float | None  # by which a clock or timestamps moved, ahead is +
    detail: str  # in Chinese and English


def record(
    session: Session,
    camera_id: int,
    kind: FootageEventKind,
    at: datetime,
    *,
    seconds: float | None = None,
    detail: str = "",
) -> None:
    """Notes an event; nothing notes it twice, so tell it once."""
    session.add(FootageEvent(camera_id=camera_id, at=at, kind=kind.value, seconds=seconds, detail=detail))
    session.flush()


def events_between(session: Session, camera_id: int, start: datetime, end: datetime) -> list[EventRow]:
    """The camera's events in [start, end), by time."""
    rows = session.scalars(
        select(FootageEvent)
        .where(FootageEvent.camera_id == camera_id, FootageEvent.at >= start, FootageEvent.at < end)
        .order_by(FootageEvent.at, FootageEvent.id)
    )
    return [
        EventRow(row.camera_id, row.at, FootageEventKind(row.kind), row.seconds, row.detail) for row in rows
    ]
