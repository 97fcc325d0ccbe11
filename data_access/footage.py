"""Footage: what was recorded of a camera; why something was not stands in data_access.footage_gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

from sqlalchemy import DateTime, Table, bindparam, exists, false, select, text, union_all, update
from sqlalchemy.orm import Session

from data_access import footage_open
from data_access.models import FootageGap, FootageRun, FootageSegment

NO_SEGMENT_BEFORE = bytes(32)
# No segment is longer: a look-up need not search further back than this.
LONGEST_SEGMENT = timedelta(hours=1)
_TOUCH = timedelta(milliseconds=50)
_LEDGER_EVERY = timedelta(seconds=5)  # a lasting gap is written anew well within this
_PARTITION_LOCK = 0x6D6A_0004


@dataclass(frozen=True)
class Segment:
    """One file of footage: closed, or the whole fragments of the one that is being written."""

    camera_id: int
    started_at: datetime  # wall clock of its first picture
    ended_at: datetime  # half-open
    run_id: int
    path: str  # relative to the footage folder
    size: int  # bytes
    sha256: bytes  # empty while it is open
    previous_sha256: bytes  # of the segment before in the camera's chain; empty while it is open
    index: bytes  # media.sample_index.SampleIndex, packed
    open: bool = False  # still growing under another name; what is told of it stays as it is


@dataclass(frozen=True)
class Stretch:
    """A half-open stretch of time."""

    start: datetime
    end: datetime


_SEGMENTS = cast("Table", FootageSegment.__table__).c
# Written once, with its columns as in `Segment`: it is what players wait for. In one statement, so that a
# segment that is being published is found in one place or the other, never in neither.
_BETWEEN = union_all(
    select(
        _SEGMENTS.camera_id,
        _SEGMENTS.started_at,
        _SEGMENTS.ended_at,
        _SEGMENTS.run_id,
        _SEGMENTS.path,
        _SEGMENTS.size,
        _SEGMENTS.sha256,
        _SEGMENTS.previous_sha256,
        _SEGMENTS.sample_index,
        false(),
    ).where(
        _SEGMENTS.camera_id == bindparam("camera_id"),
        # Both bounds on started_at, so that only the days in question are read.
        _SEGMENTS.started_at > bindparam("since"),
        _SEGMENTS.started_at < bindparam("end"),
        _SEGMENTS.ended_at > bindparam("start"),
    ),
    footage_open.OVERLAPPING,
).order_by("started_at")


def segments_between(session: Session, camera_id: int, start: datetime, end: datetime) -> list[Segment]:
    """The segments that overlap [start, end), by time; the last one may be open."""
    asked = {"camera_id": camera_id, "since": start - LONGEST_SEGMENT, "start": start, "end": end}
    found = [Segment(*row) for row in session.execute(_BETWEEN, asked)]
    # What a dead recorder left open is published before its row goes.
    closed = {segment.started_at for segment in found if not segment.open}
    return [segment for segment in found if not segment.open or segment.started_at not in closed]


def uppermost(segments: Sequence[Segment]) -> list[Segment]:
    """The segments to be played: without those that lie wholly under what was recorded later.

    Only where the clock was set back do two runs bear the same time; the later one bears the right one.
    """
    if not any(a.run_id != b.run_id and b.started_at < a.ended_at - _TOUCH for a, b in pairwise(segments)):
        return list(segments)
    return [one for one in segments if not _lies_under(one, segments)]


def _lies_under(one: Segment, segments: Sequence[Segment]) -> bool:
    reached = one.started_at
    for other in segments:  # by start
        if other.run_id > one.run_id and other.started_at <= reached + _TOUCH:
            reached = max(reached, other.ended_at)
    return reached >= one.ended_at - _TOUCH


# Written once, as all that pages ask of every camera: to put it together takes as long as to answer it.
_RUNS = (
    select(FootageRun.started_at, footage_open.run_end())
    .where(
        FootageRun.camera_id == bindparam("camera_id"),
        FootageRun.started_at < bindparam("end"),
        footage_open.run_reaches_beyond(bindparam("start", type_=DateTime(timezone=True))),
        footage_open.run_reaches_beyond(FootageRun.started_at),
    )
    .order_by(FootageRun.started_at)
)


def runs_between(session: Session, camera_id: int, start: datetime, end: datetime) -> list[Stretch]:
    """The recorded stretches within [start, end), clipped to it, by time; one a run of unchanged codec.

    They reach to the end of the open segment: a few seconds behind live.
    """
    rows = session.execute(_RUNS, {"camera_id": camera_id, "start": start, "end": end})
    return [Stretch(max(begun, start), min(ended, end)) for begun, ended in rows]


def begin_run(session: Session, camera_id: int, started_at: datetime) -> int:
    """Opens a run without any footage yet; returns its id.

    The gap before it reaches up to it: the ledger was last written a moment before the first picture came.
    """
    recorded_since = exists().where(
        FootageRun.camera_id == camera_id, FootageRun.ended_at > FootageGap.ended_at
    )
    last = (
        select(FootageGap.id)
        .where(
            FootageGap.camera_id == camera_id,
            FootageGap.started_at <= started_at,
            FootageGap.ended_at >= started_at - _LEDGER_EVERY,
            ~recorded_since,
        )
        .order_by(FootageGap.ended_at.desc(), FootageGap.id.desc())
        .limit(1)
    )
    session.execute(
        update(FootageGap)
        .where(FootageGap.id == last.scalar_subquery(), FootageGap.ended_at < started_at)
        .values(ended_at=started_at)
        .execution_options(synchronize_session=False)
    )
    run = FootageRun(camera_id=camera_id, started_at=started_at, ended_at=started_at)
    session.add(run)
    session.flush()
    return run.id


def run_that_ends_at(session: Session, camera_id: int, at: datetime) -> int | None:
    """The id of the run that a segment which starts at `at` carries on."""
    return session.scalar(
        select(FootageRun.id)
        # A recovered segment's end does not know how far the writer followed the camera's drift.
        .where(FootageRun.camera_id == camera_id, FootageRun.ended_at.between(at - _TOUCH, at + _TOUCH))
        .order_by(FootageRun.id.desc())
        .limit(1)
    )


def publish(session: Session, segment: Segment) -> None:
    """Writes the row of a closed file and carries its run to its end; open it is no more.

    Worker processes call `make_days` before, in a transaction of its own.
    """
    make_days(session, segment.started_at)
    session.add(
        FootageSegment(
            camera_id=segment.camera_id,
            started_at=segment.started_at,
            ended_at=segment.ended_at,
            run_id=segment.run_id,
            path=segment.path,
            size=segment.size,
            sha256=segment.sha256,
            previous_sha256=segment.previous_sha256,
            sample_index=segment.index,
        )
    )
    session.flush()
    session.execute(
        update(FootageRun).where(FootageRun.id == segment.run_id).values(ended_at=segment.ended_at)
    )
    footage_open.forget(session, segment.camera_id, begun_by=segment.started_at)


def make_days(session: Session, at: datetime) -> None:
    """Makes the partitions of the day (UTC) of `at` and of the next one unless they are there.

    Safe with concurrent workers in a transaction that has written nothing yet: attaching a partition locks
    the table of runs, and would wait for whoever has written there and waits for the same day.
    """
    _make_day(session, at)
    _make_day(session, at + timedelta(days=1))


def _make_day(session: Session, at: datetime) -> None:
    start = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    name = f"footage_segment_{start:%Y%m%d}"
    # Not to_regclass: it may answer from a cache older than the lock.
    present = text("SELECT 1 FROM pg_class WHERE relname = :name")
    if session.scalar(present, {"name": name}) is not None:
        return
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PARTITION_LOCK})
    if session.scalar(present, {"name": name}) is not None:
        return  # another worker was faster
    # Made apart and then attached: that locks out no reader of the other days.
    # A sample index (2.7 KB of a minute) stays in its row: to fetch 60 of them from beside takes longer than
    # all the rest of a lookup, and more than the room is worth that two rows leave in a page of 8 KB.
    session.execute(
        text(f"CREATE TABLE {name} (LIKE footage_segment INCLUDING ALL) WITH (toast_tuple_target = 8160)")
    )
    session.execute(text(f"ALTER TABLE {name} ALTER COLUMN sample_index SET STORAGE MAIN"))
    session.execute(
        text(
            f"ALTER TABLE footage_segment ATTACH PARTITION {name} "
            f"FOR VALUES FROM ('{start.isoformat()}') TO ('{(start + timedelta(days=1)).isoformat()}')"
        )
    )


def newest_sha256(session: Session, camera_id: int, before: datetime) -> bytes:
    """The hash of the camera's last segment that started before `before`; 32 zero bytes: there is none."""
    found = session.scalar(
        select(FootageSegment.sha256)
        .where(FootageSegment.camera_id == camera_id, FootageSegment.started_at < before)
        .order_by(FootageSegment.started_at.desc())
        .limit(1)
    )
    return found or NO_SEGMENT_BEFORE


def paths_since(session: Session, camera_id: int, start: datetime) -> set[str]:
    """The paths of the camera's segments that started at `start` or later."""
    return set(
        session.scalars(
            select(FootageSegment.path).where(
                FootageSegment.camera_id == camera_id, FootageSegment.started_at >= start
            )
        )
    )
