"""What the rows of footage say of themselves, and the seals that were set on them day by day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlalchemy.orm import Session

from data_access.footage import LONGEST_SEGMENT, NO_SEGMENT_BEFORE
from data_access.models import Camera, FootageDay, FootageHold, FootageRun, FootageSegment, Installation
from domain.footage_chain import LEAF_BYTES, Seal, SegmentFacts, start_bytes, start_of

DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class SegmentRow:
    """The facts of a segment's row, and what the row of its run says; its own times where there is none."""

    facts: SegmentFacts
    run_id: int
    run_camera_id: int | None  # None: there is no such run
    run_started_at: datetime
    run_ended_at: datetime


def day_of(at: datetime) -> date:
    """The day (UTC) of an instant."""
    return at.astimezone(UTC).date()


def start_of_day(day: date) -> datetime:
    """When a day begins (UTC)."""
    return datetime.combine(day, time(), UTC)


def installation(session: Session) -> str:
    """The installation's identity; empty before it has claimed a footage folder."""
    return session.scalar(select(Installation.identity)) or ""


def rows_between(
    session: Session, camera_id: int, start: datetime, end: datetime, *, lock: bool = False
) -> list[SegmentRow]:
    """The rows of the camera's segments that started in [start, end), by start.

    Args:
        lock: waits for whoever is deleting some of them, and shows them as they are then.
    """
    query = (
        select(
            FootageSegment.camera_id,
            FootageSegment.started_at,
            FootageSegment.ended_at,
            FootageSegment.path,
            FootageSegment.size,
            FootageSegment.sha256,
            FootageSegment.previous_sha256,
            # Hashed where it lies: the indexes of a month are gigabytes.
            func.sha256(FootageSegment.sample_index),
            FootageSegment.run_id,
            FootageRun.camera_id,
            func.coalesce(FootageRun.started_at, FootageSegment.started_at),
            func.coalesce(FootageRun.ended_at, FootageSegment.ended_at),
        )
        .outerjoin(FootageRun, FootageRun.id == FootageSegment.run_id)
        .where(*_began_in(camera_id, start, end))
        .order_by(FootageSegment.started_at)
    )
    if lock:
        query = query.with_for_update(read=True, of=FootageSegment)
    return [SegmentRow(SegmentFacts(*row[:8]), *row[8:]) for row in session.execute(query)]


def sample_index(session: Session, facts: SegmentFacts) -> bytes | None:
    """The packed index in the segment's row; None when the row is gone."""
    return session.scalar(
        select(FootageSegment.sample_index).where(
            FootageSegment.camera_id == facts.camera_id, FootageSegment.started_at == facts.started_at
        )
    )


def count_between(session: Session, camera_id: int, start: datetime, end: datetime) -> int:
    """How many segments of the camera started in [start, end)."""
    return session.scalar(select(func.count()).where(*_began_in(camera_id, start, end))) or 0


def starts_between(session: Session, camera_id: int, start: datetime, end: datetime) -> list[datetime]:
    """When the camera's segments of [start, end) started, in order."""
    starts = select(FootageSegment.started_at).where(*_began_in(camera_id, start, end))
    return list(session.scalars(starts.order_by(FootageSegment.started_at)))


def _began_in(camera_id: int, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        FootageSegment.camera_id == camera_id,
        FootageSegment.started_at >= start,
        FootageSegment.started_at < end,
    )


def cameras_with_rows(session: Session) -> list[int]:
    """The ids of cameras, and those that only rows of segments bear; reads all rows."""
    known = set(session.scalars(select(Camera.id)))
    borne = set(session.scalars(select(FootageSegment.camera_id).distinct()))
    return sorted(known | borne)


def runs_without_rows(
    session: Session, camera_id: int, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Start and end of the camera's runs that began in [start, end) and say that they have footage."""
    has_row = exists().where(
        FootageSegment.camera_id == FootageRun.camera_id,
        FootageSegment.run_id == FootageRun.id,
        FootageSegment.started_at >= FootageRun.started_at - LONGEST_SEGMENT,
        FootageSegment.started_at < FootageRun.ended_at,
    )
    rows = session.execute(
        select(FootageRun.started_at, FootageRun.ended_at).where(
            FootageRun.camera_id == camera_id,
            FootageRun.started_at >= start,
            FootageRun.started_at < end,
            FootageRun.ended_at > FootageRun.started_at,
            ~has_row,
        )
    )
    return [(begins, ends) for begins, ends in rows]


def last_before(session: Session, facts: SegmentFacts) -> tuple[datetime, datetime] | None:
    """Where the camera's last segment that started before this one ends, and its run; None: there is none."""
    row = session.execute(
        select(FootageSegment.ended_at, func.coalesce(FootageRun.ended_at, FootageSegment.ended_at))
        .outerjoin(FootageRun, FootageRun.id == FootageSegment.run_id)
        .where(
            FootageSegment.camera_id == facts.camera_id,
            FootageSegment.started_at < facts.started_at,
        )
        .order_by(FootageSegment.started_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def has_parent(session: Session, facts: SegmentFacts) -> bool:
    """Whether the segment that this one remembers is there, or it is its shelf's first and remembers none.

    It may be a later one, where a clock was set back. Reads all rows of the camera.
    """
    of_camera = select(FootageSegment.started_at).where(FootageSegment.camera_id == facts.camera_id).limit(1)
    if facts.previous_sha256 != NO_SEGMENT_BEFORE:
        return session.scalar(of_camera.where(FootageSegment.sha256 == facts.previous_sha256)) is not None
    shelf = facts.path.partition("/")[0]
    earlier = of_camera.where(
        FootageSegment.started_at < facts.started_at, FootageSegment.path.like(f"{shelf}/%")
    )
    return session.scalar(earlier) is None


def with_hashes(session: Session, hashes: Collection[bytes]) -> dict[bytes, str]:
    """The path of a segment with each of the hashes, of whichever camera; reads all rows."""
    rows = session.execute(
        select(FootageSegment.sha256, FootageSegment.path).where(FootageSegment.sha256.in_(hashes))
    )
    return {row.sha256: row.path for row in rows}


def known_paths(
    session: Session, paths: Collection[str], within: tuple[datetime, datetime] | None = None
) -> set[str]:
    """Those of the paths that a row has; `within`: only rows of segments that started in that stretch."""
    query = select(FootageSegment.path).where(FootageSegment.path.in_(paths))
    if within is not None:
        query = query.where(FootageSegment.started_at >= within[0], FootageSegment.started_at < within[1])
    return set(session.scalars(query))


def is_camera(session: Session, camera_id: int) -> bool:
    """Whether there is such a camera, a removed one too."""
    return session.get(Camera, camera_id) is not None


def newest_end(session: Session, camera_id: int, shelf: str) -> datetime | None:
    """Where the published footage of a shelf ends; None: nothing is published."""
    return session.scalar(
        select(FootageSegment.ended_at)
        .where(FootageSegment.camera_id == camera_id, FootageSegment.path.like(f"{shelf}/%"))
        .order_by(FootageSegment.started_at.desc())
        .limit(1)
    )


def seals(session: Session, camera_id: int) -> list[Seal]:
    """The camera's seals by day."""
    rows = session.scalars(
        select(FootageDay)
        .where(FootageDay.camera_id == camera_id)
        .order_by(FootageDay.day)
        .execution_options(populate_existing=True)
    )
    return [_seal(row) for row in rows]


def last_seal(session: Session, camera_id: int) -> Seal | None:
    """The camera's newest seal."""
    row = session.scalar(
        select(FootageDay).where(FootageDay.camera_id == camera_id).order_by(FootageDay.day.desc()).limit(1)
    )
    return None if row is None else _seal(row)


def last_sealed_day(session: Session) -> date | None:
    """The newest day (UTC) that any camera has a seal of."""
    return session.scalar(select(func.max(FootageDay.day)))


def _seal(row: FootageDay) -> Seal:
    kept = row.leaves or b""
    return Seal(
        camera_id=row.camera_id,
        day=row.day,
        segments=row.segments,
        size=row.size,
        chain_sha256=row.chain_sha256,
        signature=row.signature,
        leaves=tuple(kept[at : at + LEAF_BYTES] for at in range(0, len(kept), LEAF_BYTES)),
        sealed_at=row.sealed_at,
        expired_at=row.expired_at,
    )


def write_seal(session: Session, seal: Seal) -> None:
    """Enters a new seal."""
    session.add(
        FootageDay(
            camera_id=seal.camera_id,
            day=seal.day,
            segments=seal.segments,
            size=seal.size,
            chain_sha256=seal.chain_sha256,
            signature=seal.signature,
            leaves=b"".join(seal.leaves),
            sealed_at=seal.sealed_at,
        )
    )
    session.flush()


def keep_leaves(session: Session, camera_id: int, day: date) -> None:
    """To be called in the transaction that deletes footage of a day by rule, before it deletes any.

    From then on the seals that hold segments of the day say that a part of them is gone by rule, and are
    compared with what is left. A day that is not sealed needs nothing.
    """
    session.execute(
        update(FootageDay)
        .where(
            FootageDay.camera_id == camera_id,
            FootageDay.day >= day,
            _holds_leaf_before(start_of_day(day) + DAY),
        )
        # Written anew each time: a check that looks at the day waits until this deletion is done.
        .values(expired_at=func.coalesce(FootageDay.expired_at, func.now()))
        .execution_options(synchronize_session=False)
    )


def _holds_leaf_before(end: datetime) -> ColumnElement[bool]:
    # A seal holds late segments of earlier days too; leaves come by start, which is their first bytes.
    first = func.substring(FootageDay.leaves, 1, 8)
    return and_(FootageDay.leaves.is_not(None), first < start_bytes(end))


def wait_for_deletion(session: Session, camera_id: int) -> None:
    """Waits for whoever is deleting sealed footage of the camera, and holds them up until this one ends."""
    session.execute(
        select(FootageDay.day).where(FootageDay.camera_id == camera_id).with_for_update(read=True)
    ).all()


def forget_leaves(session: Session, camera_id: int) -> int:
    """Empties the leaves of the camera's seals of which all is deleted by rule; returns of how many."""
    emptied = 0
    for seal in seals(session, camera_id):
        if seal.expired_at is None or not seal.leaves:
            continue
        begins, ends = start_of(seal.leaves[0]), start_of(seal.leaves[-1]) + _MOMENT
        # Held footage whose rows are gone is no deletion by rule: the leaves tell of it.
        stays = holds_over(session, camera_id, begins, ends) or count_between(
            session, camera_id, begins, ends
        )
        if not stays:
            session.execute(
                update(FootageDay)
                .where(FootageDay.camera_id == camera_id, FootageDay.day == seal.day)
                .values(leaves=None)
                .execution_options(synchronize_session=False)
            )
            emptied += 1
    return emptied


@dataclass(frozen=True)
class Held:
    """A stretch that nothing has deleted since `made_at`."""

    start: datetime
    end: datetime
    made_at: datetime

    def covers(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.start <= at < self.end


def holds_over(session: Session, camera_id: int, start: datetime, end: datetime) -> list[Held]:
    """The camera's lasting holds that overlap [start, end)."""
    rows = session.execute(
        select(FootageHold.started_at, FootageHold.ended_at, FootageHold.made_at).where(
            FootageHold.camera_id == camera_id,
            FootageHold.released_at.is_(None),
            FootageHold.started_at < end,
            FootageHold.ended_at > start,
        )
    )
    return [Held(*row) for row in rows]
