"""Deletes the rows of footage that is older than it is kept.

Every deletion is one transaction that first waits for whoever is making a hold: a segment that overlaps what
is kept by any bit stays. Files are deleted after it (`data_access.footage_doomed`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session

from data_access import footage_doomed, footage_integrity
from data_access.footage import LONGEST_SEGMENT, Stretch
from data_access.footage_after_expiry import cut_runs
from data_access.footage_holds import kept_by_camera, wait_for_holders
from data_access.footage_policy import policy_for
from data_access.models import Camera, FootageOpenSegment, FootageSegment

_ONE_DELETES = 0x6D6A_0010
# Shorter than PostgreSQL's deadlock_timeout: who waits for a deletion while it waits for him never notices.
_PATIENCE = "500ms"
_DAY = timedelta(days=1)


class Expired(NamedTuple):
    """A segment that may go."""

    camera_id: int
    started_at: datetime
    ended_at: datetime
    run_id: int
    path: str
    size: int  # bytes


def ends_of_window(session: Session, now: datetime, default_days: int) -> dict[int, datetime]:
    """Of every camera, removed ones too, the moment before which its footage is beyond its days."""
    rows = session.execute(select(Camera.id, Camera.online_days))
    return {camera_id: now - policy_for(days, default_days).window for camera_id, days in rows}


def days_with_rows(session: Session, until: datetime) -> list[date]:
    """The days (UTC) that begin before `until` and may have segments, the oldest first."""
    names = session.scalars(
        text(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
            "WHERE inhparent = 'footage_segment'::regclass"
        )
    )
    days = (date.fromisoformat(name[-8:]) for name in names if re.fullmatch(r"footage_segment_\d{8}", name))
    return sorted(day for day in days if _begins(day) < until)


def whole_day_is_beyond(day: date, end_of_window: datetime) -> bool:
    """Whether all that started on the day is beyond a camera's days, what reaches over midnight included."""
    return _begins(day) + _DAY + LONGEST_SEGMENT <= end_of_window


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def expire_whole_day(session: Session, day: date, ends: Mapping[int, datetime]) -> int | None:
    """Sets all of a day apart, if nothing of it must stay; returns how many segments.

    Returns:
        None: something must stay, or another is a moment faster; nothing is changed.
    """
    begin_deleting(session)
    if day not in days_with_rows(session, _begins(day) + _DAY):
        return None
    on_day = _runs_on(session, day)
    camera_ids = {one.camera_id for one in on_day}
    if any(one.stretch.end > ends.get(one.camera_id, one.stretch.start) for one in on_day):
        return None
    kept = kept_by_camera(session, list(camera_ids), _begins(day), _begins(day) + _DAY + LONGEST_SEGMENT)
    if any(_overlaps(one.stretch, kept.get(one.camera_id, [])) for one in on_day):
        return None
    for camera_id in camera_ids:
        footage_integrity.keep_leaves(session, camera_id, day)
    footage_doomed.set_day_apart(session, day)
    cut_runs(session, {one.run_id: [one.stretch] for one in on_day})
    return sum(one.segments for one in on_day)


class _OnDay(NamedTuple):
    """What a day has of a run."""

    camera_id: int
    run_id: int
    stretch: Stretch
    segments: int


def _runs_on(session: Session, day: date) -> list[_OnDay]:
    first, last = func.min(FootageSegment.started_at), func.max(FootageSegment.ended_at)
    rows = session.execute(
        select(FootageSegment.camera_id, FootageSegment.run_id, first, last, func.count())
        .where(*_on(day))
        .group_by(FootageSegment.camera_id, FootageSegment.run_id)
    )
    return [_OnDay(camera, run, Stretch(begins, ends), count) for camera, run, begins, ends, count in rows]


def cameras_on(session: Session, day: date) -> set[int]:
    """The cameras with segments on the day."""
    return set(session.scalars(select(FootageSegment.camera_id).where(*_on(day)).distinct()))


def _on(day: date) -> tuple[ColumnElement[bool], ...]:
    return FootageSegment.started_at >= _begins(day), FootageSegment.started_at < _begins(day) + _DAY


def expire_rows(
    session: Session, day: date, ends: Mapping[int, datetime], now: datetime, *, at_most: int | None = None
) -> list[Expired]:
    """Deletes the rows of a day that are beyond their camera's days and not kept, the oldest first.

    Args:
        ends: of the cameras in question, the ends of their windows.
        at_most: bytes after which it is enough.
    """
    begin_deleting(session)
    chosen: list[Expired] = []
    size = 0
    for segment in _loose(session, day, ends):
        if at_most is not None and size >= at_most:
            break
        chosen.append(segment)
        size += segment.size
    for camera_id in {segment.camera_id for segment in chosen}:
        footage_integrity.keep_leaves(session, camera_id, day)
    _delete(session, day, chosen)
    footage_doomed.doom(session, [segment.path for segment in chosen], now)
    return chosen


def _loose(session: Session, day: date, ends: Mapping[int, datetime]) -> list[Expired]:
    """What of a day nobody has a claim on, by start."""
    rows = session.execute(
        select(
            FootageSegment.camera_id,
            FootageSegment.started_at,
            FootageSegment.ended_at,
            FootageSegment.run_id,
            FootageSegment.path,
            FootageSegment.size,
        )
        .where(*_on(day), FootageSegment.camera_id.in_(list(ends)))
        .order_by(FootageSegment.started_at, FootageSegment.camera_id)
    )
    beyond = [segment for segment in map(Expired._make, rows) if segment.ended_at <= ends[segment.camera_id]]
    if not beyond:
        return []
    kept = kept_by_camera(session, list(ends), _begins(day), _begins(day) + _DAY + LONGEST_SEGMENT)
    return [
        segment
        for segment in beyond
        if not _overlaps(Stretch(segment.started_at, segment.ended_at), kept.get(segment.camera_id, []))
    ]


def _overlaps(stretch: Stretch, kept: Iterable[Stretch]) -> bool:
    return any(stretch.start < each.end and each.start < stretch.end for each in kept)


def begin_deleting(session: Session) -> None:
    """Waits, not for long, for who deletes already and for who makes a hold at this moment.

    Raises:
        sqlalchemy.exc.OperationalError: they took too long; the next round tries again.
    """
    session.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
    session.execute(select(func.pg_advisory_xact_lock(_ONE_DELETES)))
    wait_for_holders(session)


def _delete(session: Session, day: date, segments: Sequence[Expired]) -> None:
    by_camera: dict[int, list[datetime]] = defaultdict(list)
    by_run: dict[int, list[Stretch]] = defaultdict(list)
    for segment in segments:
        by_camera[segment.camera_id].append(segment.started_at)
        by_run[segment.run_id].append(Stretch(segment.started_at, segment.ended_at))
    for camera_id, starts in by_camera.items():
        session.execute(
            delete(FootageSegment).where(
                *_on(day),
                FootageSegment.camera_id == camera_id,
                FootageSegment.started_at == func.any(starts),
            )
        )
    cut_runs(session, by_run)


def expire_left_open(session: Session, camera_id: int, before: datetime, now: datetime) -> bool:
    """Deletes the row of an open segment that ended before `before`, unless it is kept.

    Nobody came back to close it. Returns whether there was one. After `begin_deleting`.
    """
    left = session.execute(
        select(FootageOpenSegment.started_at, FootageOpenSegment.ended_at).where(
            FootageOpenSegment.camera_id == camera_id, FootageOpenSegment.ended_at <= before
        )
    ).one_or_none()
    if left is None or kept_by_camera(session, [camera_id], *left):
        return False
    path, run_id = session.execute(
        delete(FootageOpenSegment)
        .where(FootageOpenSegment.camera_id == camera_id, FootageOpenSegment.ended_at <= before)
        .returning(FootageOpenSegment.path, FootageOpenSegment.run_id)
    ).one()
    cut_runs(session, {run_id: [Stretch(*left)]})
    footage_doomed.doom(session, [path], now)
    return True
