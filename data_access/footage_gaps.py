"""The ledger of gaps: every stretch of a camera's time without footage, and why there is none."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sqlalchemy import and_, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from data_access.footage import Stretch, runs_between
from data_access.models import Camera, CameraStatus, FootageGap, FootageRun
from domain.vocabulary import GapCause

# A recorder that has not reported for this long is not recording (see camera_status).
_STATUS_FRESH = timedelta(seconds=10)
_AHEAD = timedelta(seconds=3)  # by which footage may end after now: a picture lasts, a clock is nudged


@dataclass(frozen=True)
class Gap:
    """A half-open stretch without footage, and why."""

    start: datetime
    end: datetime
    cause: GapCause
    detail: str


def gaps_between(session: Session, camera_id: int, start: datetime, end: datetime) -> list[Gap]:
    """The stretches within [start, end) without footage, with their cause, by time.

    What no run covers is a gap; the ledger names its cause, otherwise it is unknown. No gap are the future,
    what is being recorded into the open segment right now, and, unless the ledger has it, the time before the
    camera was added or after its removal.
    """
    now = _now_of(session, camera_id)
    if now is None:
        return []
    service, being_recorded = now
    covered = runs_between(session, camera_id, start, end)
    if being_recorded is not None:
        covered = sorted([*covered, being_recorded], key=lambda stretch: stretch.start)
    ledger = _ledger(session, camera_id, start, end)
    pieces = _explained(uncovered(Stretch(start, end), covered), ledger)
    return [gap for piece in pieces if (gap := _within_service(piece, service)) is not None]


# Of a camera: since when it is in service, until when it was, what the recorder says of now, its newest run.
_NOW = (
    select(
        Camera.added_at,
        func.coalesce(Camera.removed_at, func.now()),
        CameraStatus.last_frame_at,
        select(FootageRun.ended_at)
        .where(FootageRun.camera_id == Camera.id)
        .order_by(FootageRun.started_at.desc(), FootageRun.id.desc())
        .limit(1)
        .correlate(Camera)
        .scalar_subquery(),
    )
    .outerjoin(
        CameraStatus,
        and_(
            CameraStatus.camera_id == Camera.id,
            CameraStatus.recording,
            CameraStatus.updated_at > func.now() - _STATUS_FRESH,
        ),
    )
    .where(Camera.id == bindparam("camera_id"))
)


def _now_of(session: Session, camera_id: int) -> tuple[Stretch, Stretch | None] | None:
    """When the camera was in service, until now if it is; and what of it is being recorded.

    That is from the end of the newest run to the newest picture, while the recorder says that it records.
    """
    found = session.execute(_NOW, {"camera_id": camera_id}).one_or_none()
    if found is None:
        return None
    added_at, until, last_frame_at, recorded_to = found
    service = Stretch(added_at, until)
    if last_frame_at is None or recorded_to is None:
        return service, None
    # The picture is a moment old by the time that it is reported, and the report up to a few seconds.
    newest = last_frame_at + _STATUS_FRESH
    return service, Stretch(recorded_to, newest) if recorded_to < newest else None


def _within_service(gap: Gap, service: Stretch) -> Gap | None:
    if gap.cause is not GapCause.UNKNOWN:
        return gap
    start, end = max(gap.start, service.start), min(gap.end, service.end)
    return Gap(start, end, gap.cause, gap.detail) if start < end else None


_LEDGER = (
    select(FootageGap.started_at, FootageGap.ended_at, FootageGap.cause, FootageGap.detail)
    .where(
        FootageGap.camera_id == bindparam("camera_id"),
        FootageGap.started_at < bindparam("end"),
        FootageGap.ended_at > bindparam("start"),
    )
    .order_by(FootageGap.started_at, FootageGap.id)
)


def _ledger(session: Session, camera_id: int, start: datetime, end: datetime) -> list[Gap]:
    rows = session.execute(_LEDGER, {"camera_id": camera_id, "start": start, "end": end})
    return [Gap(begun, ended, GapCause(cause), detail) for begun, ended, cause, detail in rows]


def uncovered(whole: Stretch, covered: Iterable[Stretch]) -> list[Stretch]:
    """What is left of `whole` without the `covered` stretches, which come by start and may overlap."""
    left, at = [], whole.start
    for stretch in [*covered, Stretch(whole.end, whole.end)]:
        if at < min(stretch.start, whole.end):
            left.append(Stretch(at, min(stretch.start, whole.end)))
        at = max(at, stretch.end)
    return left


def _explained(holes: Iterable[Stretch], ledger: Iterable[Gap]) -> Iterator[Gap]:
    """The holes cut into pieces by the ledger's entries, all by start; where two overlap, by the earlier."""
    entries = deque(ledger)
    for hole in holes:
        while entries and entries[0].end <= hole.start:
            entries.popleft()
        at = hole.start
        for entry in takewhile(lambda entry: entry.start < hole.end, entries):  # noqa: B023 - used at once
            begin, finish = max(entry.start, at), min(entry.end, hole.end)
            if begin >= finish:
                continue
            if begin > at:
                yield Gap(at, begin, GapCause.UNKNOWN, "")
            yield Gap(begin, finish, entry.cause, entry.detail)
            at = finish
        if at < hole.end:
            yield Gap(at, hole.end, GapCause.UNKNOWN, "")


def accounted_until(session: Session, camera_id: int, by: datetime | None = None) -> datetime | None:
    """Up to when footage or the ledger say what was; the camera's addition if later. None: no such camera.

    Args:
        by: what ends later does not count: it is of a clock that has been set back since.
    """
    run_end = select(func.max(FootageRun.ended_at)).where(FootageRun.camera_id == camera_id)
    gap_end = select(func.max(FootageGap.ended_at)).where(FootageGap.camera_id == camera_id)
    if by is not None:
        run_end = run_end.where(FootageRun.ended_at <= by + _AHEAD)
        gap_end = gap_end.where(FootageGap.ended_at <= by + _AHEAD)
    return session.scalar(
        select(func.greatest(Camera.added_at, run_end.scalar_subquery(), gap_end.scalar_subquery())).where(
            Camera.id == camera_id
        )
    )


def cause_until(session: Session, camera_id: int, at: datetime) -> GapCause | None:
    """The cause of the gap that the ledger ends at `at`; None: it ends none there."""
    cause = session.scalar(
        select(FootageGap.cause)
        .where(FootageGap.camera_id == camera_id, FootageGap.ended_at == at)
        .order_by(FootageGap.id.desc())
        .limit(1)
    )
    return None if cause is None else GapCause(cause)


def lasting_causes(session: Session, now: datetime) -> dict[int, GapCause]:
    """Of the cameras without footage at `now` the cause, by id; of several the newest entry."""
    rows = session.execute(
        select(FootageGap.camera_id, FootageGap.cause)
        .where(FootageGap.ended_at > now - _STATUS_FRESH)
        .order_by(FootageGap.ended_at, FootageGap.id)
    )
    return {camera_id: GapCause(cause) for camera_id, cause in rows}


def end_gaps(session: Session, camera_id: int, at: datetime) -> None:
    """There is footage from `at` on: no entry of the ledger reaches beyond it.

    Entries grow while nothing is recorded, and footage shows only after its first group of pictures.
    """
    reaching = (FootageGap.camera_id == camera_id, FootageGap.ended_at > at)
    session.execute(delete(FootageGap).where(*reaching, FootageGap.started_at >= at))
    session.execute(update(FootageGap).where(*reaching).values(ended_at=at))


def record_gap(
    session: Session,
    camera_id: int,
    start: datetime,
    end: datetime,
    *,
    cause: GapCause,
    detail: str = "",
) -> None:
    """Enters a gap in the ledger, or lets the entry of the same cause grow that it goes on from."""
    if end <= start:
        return
    grown = session.scalar(
        update(FootageGap)
        .where(
            FootageGap.camera_id == camera_id,
            FootageGap.cause == cause.value,
            FootageGap.started_at <= start,
            FootageGap.ended_at >= start,
        )
        .values(ended_at=func.greatest(FootageGap.ended_at, end), detail=detail)
        .execution_options(synchronize_session=False)
        .returning(FootageGap.id)
    )
    if grown is None:
        session.add(
            FootageGap(camera_id=camera_id, started_at=start, ended_at=end, cause=cause.value, detail=detail)
        )
        session.flush()
