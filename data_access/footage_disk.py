"""How much disk the footage takes, day by day, and how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.models import Camera, FootageSegment
from domain.disk_forecast import days_until_full

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DiskUse:
    """What is written and deleted a day."""

    daily: float  # bytes that a day of all enabled cameras takes
    expiring: tuple[float, ...]  # bytes that go on each day from today on

    def days_left(self, free: float) -> float | None:
        """Days until the disk is full; None: it never is, or nothing is recorded."""
        return days_until_full(free, self.daily, self.expiring)


def disk_use(session: Session, now: datetime, kept_days: int) -> DiskUse:
    """Forecasts from the last 24 hours: each enabled camera goes on with the bit rate that it had.

    Args:
        kept_days: for which footage is kept unless the camera has its own.
    """
    kept = func.coalesce(Camera.online_days, kept_days)
    return DiskUse(_daily(session, now), _expiring(session, now, kept))


def _daily(session: Session, now: datetime) -> float:
    recorded = func.sum(func.extract("epoch", FootageSegment.ended_at - FootageSegment.started_at))
    rows = session.execute(
        select(func.sum(FootageSegment.size), recorded)
        .join(Camera, Camera.id == FootageSegment.camera_id)
        .where(
            Camera.removed_at.is_(None),
            Camera.enabled,
            FootageSegment.started_at > now - _DAY,
            FootageSegment.path.not_like("demo-%"),
        )
        .group_by(FootageSegment.camera_id)
    )
    return sum(float(size) / float(seconds) * _DAY.total_seconds() for size, seconds in rows if seconds)


def _expiring(session: Session, now: datetime, kept: object) -> tuple[float, ...]:
    goes_in = func.floor(func.extract("epoch", FootageSegment.ended_at - now) / _DAY.total_seconds() + kept)
    rows = session.execute(
        select(goes_in, func.sum(FootageSegment.size))
        .join(Camera, Camera.id == FootageSegment.camera_id)
        .group_by(goes_in)
    )
    by_day: dict[int, float] = {}
    for day, size in rows:
        place = max(0, int(day))
        by_day[place] = by_day.get(place, 0.0) + float(size)
    return tuple(by_day.get(day, 0.0) for day in range(max(by_day, default=-1) + 1))
