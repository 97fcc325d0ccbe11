"""How much disk the footage takes, day by day, what of it is held, and how long the disk lasts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.footage import LONGEST_SEGMENT, Stretch
from data_access.footage_expiry import days_with_rows
from data_access.footage_holds import kept_by_camera
from data_access.footage_integrity import day_of, start_of_day
from data_access.footage_policy import policy_for
from data_access.models import Camera, FootageDay, FootageSegment
from domain.disk_forecast import days_until_full
from domain.vocabulary import RecordingPolicy

_DAY = timedelta(days=1)
_SESSION_DAYS = 7  # of a camera that is recorded for sessions only, no day is like another
_EVER = datetime(1970, 1, 1, tzinfo=UTC)

Sizes = dict[tuple[int, date], int]  # bytes of a camera's day (UTC)


@dataclass(frozen=True)
class DiskUse:
    """What is written and deleted a day."""

    daily: float  # bytes that a day of all enabled cameras takes
    expiring: tuple[float, ...]  # bytes that go on each day from today on
    held: int = 0  # bytes that do not go, however old

    def days_left(self, free: float) -> float | None:
        """Days until the disk is full; None: it never is, or nothing is recorded.

        A disk that fills up at all does so before its footage has been there for the promised days.
        """
        return days_until_full(free, self.daily, self.expiring)


def disk_use(session: Session, now: datetime, kept_days: int) -> DiskUse:
    """Forecasts from what each enabled camera recorded lately, and what is there.

    Args:
        kept_days: for which footage is kept unless the camera has its own.
    """
    windows = {
        camera_id: policy_for(days, kept_days).window
        for camera_id, days in session.execute(select(Camera.id, Camera.online_days))
    }
    daily = _daily(session, now)
    held = held_by_day(session, windows, now)
    today = day_of(now)
    full_circle = {camera_id: _goes_in(today, windows[camera_id], now) for camera_id in daily}
    expiring = [0.0] * max(full_circle.values(), default=0)
    for (camera_id, day), size in _sizes(session, windows, now).items():
        place = _goes_in(day, windows[camera_id], now)
        if place < len(expiring):
            expiring[place] += max(0, size - held.get((camera_id, day), 0))
    for camera_id, circle in full_circle.items():
        for place in range(circle, len(expiring)):  # what it records from today on goes, too
            expiring[place] += daily[camera_id]
    return DiskUse(sum(daily.values()), tuple(expiring), sum(held.values()))


def _goes_in(day: date, window: timedelta, now: datetime) -> int:
    """In how many whole days from now the footage of a day goes."""
    return max(0, (start_of_day(day) + _DAY + LONGEST_SEGMENT + window - now) // _DAY)


def _daily(session: Session, now: datetime) -> dict[int, float]:
    """Bytes that a day takes, by camera: at the last day's bit rate, or as much as a day of the last week."""
    recorded = func.sum(func.extract("epoch", FootageSegment.ended_at - FootageSegment.started_at))
    enabled = (Camera.removed_at.is_(None), Camera.enabled, FootageSegment.path.not_like("demo-%"))
    rows = session.execute(
        select(FootageSegment.camera_id, func.sum(FootageSegment.size), recorded)
        .join(Camera, Camera.id == FootageSegment.camera_id)
        .where(
            *enabled,
            Camera.recording_policy == RecordingPolicy.ALWAYS,
            FootageSegment.started_at > now - _DAY,
        )
        .group_by(FootageSegment.camera_id)
    )
    always = {camera: float(size) / float(seconds) * _DAY.total_seconds() for camera, size, seconds in rows}
    rows_of_week = session.execute(
        select(FootageSegment.camera_id, func.sum(FootageSegment.size))
        .join(Camera, Camera.id == FootageSegment.camera_id)
        .where(
            *enabled,
            Camera.recording_policy != RecordingPolicy.ALWAYS,
            FootageSegment.started_at > now - _SESSION_DAYS * _DAY,
        )
        .group_by(FootageSegment.camera_id)
    )
    return always | {camera: float(size) / _SESSION_DAYS for camera, size in rows_of_week}


def held_by_day(session: Session, camera_ids: Iterable[int], now: datetime) -> Sizes:
    """Bytes that holds and open cases keep, by camera and day."""
    found: Sizes = defaultdict(int)
    for camera_id, stretches in kept_by_camera(session, list(camera_ids), _EVER, now).items():
        held: dict[datetime, int] = {}  # one segment may touch two holds
        for stretch in stretches:
            held |= _sizes_within(session, camera_id, stretch)
        for started_at, size in held.items():
            found[camera_id, day_of(started_at)] += size
    return found


def _sizes_within(session: Session, camera_id: int, stretch: Stretch) -> dict[datetime, int]:
    rows = session.execute(
        select(FootageSegment.started_at, FootageSegment.size).where(
            FootageSegment.camera_id == camera_id,
            FootageSegment.started_at > stretch.start - LONGEST_SEGMENT,
            FootageSegment.started_at < stretch.end,
            FootageSegment.ended_at > stretch.start,
        )
    )
    return dict(rows.all())


def _sizes(session: Session, windows: dict[int, timedelta], now: datetime) -> Sizes:
    """What there is of the days before today. Whole sealed days tell it themselves: the rest is summed up."""
    today = day_of(now)
    sealed: Sizes = {
        (camera_id, day): size
        for camera_id, day, size in session.execute(
            select(FootageDay.camera_id, FootageDay.day, FootageDay.size).where(
                FootageDay.expired_at.is_(None), FootageDay.day < today
            )
        )
    }
    found = dict(sealed)
    for day in days_with_rows(session, start_of_day(today)):
        unsealed = [camera_id for camera_id in windows if (camera_id, day) not in sealed]
        if not unsealed:
            continue
        rows = session.execute(
            select(FootageSegment.camera_id, func.sum(FootageSegment.size))
            .where(
                FootageSegment.camera_id.in_(unsealed),
                FootageSegment.started_at >= start_of_day(day),
                FootageSegment.started_at < start_of_day(day) + _DAY,
            )
            .group_by(FootageSegment.camera_id)
        )
        found |= {(camera_id, day): int(size) for camera_id, size in rows}
    return found
