"""What there is of each day of the last weeks: how many sessions, and how much was recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import footage_lookup, footage_open
from data_access.footage import Stretch
from data_access.models import Camera, FootageGap, FootageRun
from domain.periods import day_of, midnight
from domain.vocabulary import GapCause

_DAY = timedelta(days=1)
_NOTHING = timedelta()


@dataclass(frozen=True)
class DayOfFootage:
    """One day (Asia/Shanghai) of some cameras."""

    day: date
    sessions: int  # with footage
    recorded: timedelta  # of all cameras together
    missing: timedelta  # of all cameras together: neither recorded nor planned to be left out

    @property
    def coverage(self) -> float | None:
        """Recorded / what was to be recorded, from 0 to 1; None: nothing was."""
        whole = self.recorded + self.missing
        return self.recorded / whole if whole else None


def calendar(
    session: Session,
    camera_ids: Sequence[int],
    first: date,
    now: datetime,
    *,
    room_types: Collection[str],
    room_id: int | None = None,
) -> list[DayOfFootage]:
    """The days from `first` until today, with what there is of the cameras.

    Args:
        camera_ids: those of the rooms asked about.
        room_types: of rooms that the viewer may watch.
        room_id: whose sessions are counted; None: those of all rooms of these types.
    """
    whole = Stretch(midnight(first), now)
    recorded = _by_day(_runs(session, camera_ids, whole), whole)
    due = _by_day(_service(session, camera_ids, whole), whole)
    planned = _by_day(_planned(session, camera_ids, whole), whole)
    held = footage_lookup.sessions_a_day(session, whole.start, room_types, room_id)
    days = [first + timedelta(days=n) for n in range((day_of(now) - first).days + 1)]
    return [
        DayOfFootage(
            day,
            sessions=held.get(day, 0),
            recorded=recorded[day],
            missing=max(_NOTHING, due[day] - planned[day] - recorded[day]),
        )
        for day in days
    ]


def _by_day(stretches: Collection[Stretch], whole: Stretch) -> defaultdict[date, timedelta]:
    found: defaultdict[date, timedelta] = defaultdict(timedelta)
    for stretch in stretches:
        at, end = max(stretch.start, whole.start), min(stretch.end, whole.end)
        while at < end:
            day = day_of(at)
            until = min(end, midnight(day + _DAY))
            found[day] += until - at
            at = until
    return found


def _runs(session: Session, camera_ids: Sequence[int], whole: Stretch) -> list[Stretch]:
    ends = footage_open.run_end()
    rows = session.execute(
        select(FootageRun.started_at, ends).where(
            FootageRun.camera_id.in_(camera_ids),
            FootageRun.started_at < whole.end,
            footage_open.run_reaches_beyond(whole.start),
        )
    )
    return [Stretch(start, end) for start, end in rows]


def _service(session: Session, camera_ids: Sequence[int], whole: Stretch) -> list[Stretch]:
    """From each camera's addition until its removal."""
    rows = session.execute(
        select(Camera.added_at, func.coalesce(Camera.removed_at, whole.end)).where(Camera.id.in_(camera_ids))
    )
    return [Stretch(start, end) for start, end in rows]


def _planned(session: Session, camera_ids: Sequence[int], whole: Stretch) -> list[Stretch]:
    rows = session.execute(
        select(FootageGap.started_at, FootageGap.ended_at).where(
            FootageGap.camera_id.in_(camera_ids),
            FootageGap.cause == GapCause.PLANNED,
            FootageGap.started_at < whole.end,
            FootageGap.ended_at > whole.start,
        )
    )
    return [Stretch(start, end) for start, end in rows]
