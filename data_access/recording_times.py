"""Which of the cameras that are recorded for sessions only are to be recorded now."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from data_access.cameras import CameraRow
from data_access.models import TradingSession
from domain.recording_times import MARGIN, SessionTimes, recorded_since
from domain.vocabulary import RecordingPolicy, SessionStatus

_FAR = timedelta(days=7)  # no session reaches from further back into now


@dataclass(frozen=True)
class Due:
    """Whether a camera is to be recorded now."""

    now: bool
    since: datetime | None = None  # of one that is recorded for sessions only

    @property
    def resting(self) -> bool:
        """It need not send pictures: there is no session in its room."""
        return not self.now


ALWAYS = Due(now=True)


def due(session: Session, rows: Iterable[CameraRow], now: datetime) -> dict[int, Due]:
    """Of every camera by id whether it is to be recorded, were it enabled."""
    rows = list(rows)
    rooms = {row.room_id for row in rows if row.recording_policy == RecordingPolicy.SESSIONS}
    since = _recorded_since(session, rooms, now) if rooms else {}
    return {
        row.id: ALWAYS
        if row.recording_policy != RecordingPolicy.SESSIONS
        else Due(row.room_id in since, since.get(row.room_id))
        for row in rows
    }


def _recorded_since(session: Session, rooms: Iterable[int], now: datetime) -> dict[int, datetime]:
    """Of the rooms that are to be recorded now, since when."""
    soon = now + MARGIN
    found = session.scalars(
        select(TradingSession).where(
            TradingSession.room_id.in_(rooms),
            TradingSession.planned_start > now - _FAR,
            or_(TradingSession.planned_start <= soon, TradingSession.actual_start <= soon),
        )
    )
    held: dict[int, list[SessionTimes]] = defaultdict(list)
    for row in found:
        if row.room_id is not None:
            held[row.room_id].append(
                SessionTimes(
                    SessionStatus(row.status),
                    row.planned_start,
                    row.planned_end,
                    row.actual_start,
                    row.actual_end,
                )
            )
    by_room = {room: recorded_since(sessions, now) for room, sessions in held.items()}
    return {room: since for room, since in by_room.items() if since is not None}
