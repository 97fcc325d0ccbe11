"""What runs and ledger say once footage is deleted by rule: that it was there, and why it is no more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from data_access.footage import Stretch
from data_access.footage_gaps import uncovered
from data_access.footage_holds import kept_stretches, merged
from data_access.models import Camera, FootageGap, FootageOpenSegment, FootageRun, FootageSegment
from domain.vocabulary import GapCause

EXPIRED = "已过保存期，按规定删除 / beyond its days, deleted by rule"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
# A recovered segment's end does not know how far the writer followed the camera's drift.
_TOUCH = timedelta(milliseconds=50)


def cut_runs(session: Session, gone: Mapping[int, Sequence[Stretch]]) -> None:
    """Takes stretches whose segments are deleted out of their runs, which are named by id.

    A run of which something in the middle stays becomes several; its last part keeps the id, as a recorder
    may still be adding to it.
    """
    runs = session.execute(
        select(FootageRun.id, FootageRun.camera_id, FootageRun.started_at, FootageRun.ended_at)
        .where(FootageRun.id.in_(list(gone)))
        .order_by(FootageRun.id)
    ).all()
    still_open = set(
        session.scalars(select(FootageOpenSegment.run_id).where(FootageOpenSegment.run_id.in_(list(gone))))
    )
    emptied: list[int] = []
    for run_id, camera_id, begins, ends in runs:
        without = merged(sorted(gone[run_id], key=lambda stretch: stretch.start))
        pieces = uncovered(Stretch(begins, ends), without)
        if run_id not in still_open and not pieces:
            emptied.append(run_id)
            continue
        left = [
            piece
            for piece in pieces
            if session.scalar(select(exists().where(*_segments_in(piece, camera_id, run_id))))
        ]
        grows = run_id in still_open and (not left or left[-1].end < ends)
        if not left and not grows:
            emptied.append(run_id)
            continue
        last = Stretch(ends, ends) if grows else left.pop()
        for piece in left:
            _split_off(session, piece, camera_id, run_id)
        _shorten(session, run_id, last, whole_tail=last.end == ends)
    session.execute(
        delete(FootageRun).where(FootageRun.id.in_(emptied)).execution_options(synchronize_session=False)
    )


def _segments_in(piece: Stretch, camera_id: int, run_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        FootageSegment.camera_id == camera_id,
        FootageSegment.started_at >= piece.start - _TOUCH,
        FootageSegment.started_at < piece.end,
        FootageSegment.run_id == run_id,
    )


def _split_off(session: Session, piece: Stretch, camera_id: int, run_id: int) -> None:
    made = FootageRun(camera_id=camera_id, started_at=piece.start, ended_at=piece.end)
    session.add(made)
    session.flush()
    session.execute(
        update(FootageSegment)
        .where(*_segments_in(piece, camera_id, run_id))
        .values(run_id=made.id)
        .execution_options(synchronize_session=False)
    )


def _shorten(session: Session, run_id: int, left: Stretch, *, whole_tail: bool) -> None:
    # With its tail a recorder may carry it on at this moment: then its end is not ours to write.
    end = {} if whole_tail else {"ended_at": left.end}
    session.execute(
        update(FootageRun)
        .where(FootageRun.id == run_id)
        .values(started_at=left.start, **end)
        .execution_options(synchronize_session=False)
    )


def settle_ledger(session: Session, camera_id: int, until: datetime) -> None:
    """Makes the ledger say of the camera's time before `until` that what is not there was deleted by rule.

    What is kept stays as it was, its gaps included. Done again it changes nothing.
    """
    entries = session.scalars(
        select(FootageGap)
        .where(FootageGap.camera_id == camera_id, FootageGap.started_at < until)
        .order_by(FootageGap.started_at, FootageGap.id)
        .execution_options(populate_existing=True)
    ).all()
    told = {entry.id: _stretch(entry) for entry in entries if entry.detail == EXPIRED}
    # What went for want of disk is told of already, and may be younger.
    until = max([until, *(stretch.end for stretch in told.values())])
    kept = kept_stretches(session, camera_id, _EVER, until)
    wanted = _expired_before(session, camera_id, until, entries, kept)
    for entry in entries:
        if entry.id not in told:
            _keep_within(session, entry, [*kept, Stretch(until, max(until, entry.ended_at))])
        elif told[entry.id] not in wanted:
            session.delete(entry)
    _enter(session, camera_id, [stretch for stretch in wanted if stretch not in told.values()], EXPIRED)
    session.flush()


def _expired_before(
    session: Session,
    camera_id: int,
    until: datetime,
    entries: Sequence[FootageGap],
    kept: Sequence[Stretch],
) -> list[Stretch]:
    """The stretches before `until` of which neither footage nor an entry that is kept tells."""
    runs = session.execute(
        select(FootageRun.started_at, FootageRun.ended_at)
        .where(FootageRun.camera_id == camera_id, FootageRun.started_at < until)
        .order_by(FootageRun.started_at)
    ).all()
    added_at = session.scalars(select(Camera.added_at).where(Camera.id == camera_id)).one()
    first = min([added_at, *(run.started_at for run in runs), *(entry.started_at for entry in entries)])
    expired = [_stretch(entry) for entry in entries if entry.detail == EXPIRED]
    # A hold that came too late for some of its time changes nothing there.
    as_it_was = [piece for stretch in kept for piece in uncovered(stretch, expired)]
    stay = sorted([*as_it_was, *(Stretch(*run) for run in runs)], key=lambda stretch: stretch.start)
    return uncovered(Stretch(first, until), stay) if first < until else []


def _stretch(entry: FootageGap) -> Stretch:
    return Stretch(entry.started_at, entry.ended_at)


def _keep_within(session: Session, entry: FootageGap, allowed: Sequence[Stretch]) -> None:
    """Cuts an entry to what of it lies in the stretches; the part that may still grow keeps the id."""
    whole = _stretch(entry)
    left = uncovered(whole, uncovered(whole, allowed))
    if left == [whole]:
        return
    if left and left[-1].end == whole.end:
        entry.started_at = left.pop().start
    else:
        session.delete(entry)
    _enter(session, entry.camera_id, left, entry.detail, GapCause(entry.cause))


def _enter(
    session: Session,
    camera_id: int,
    stretches: Sequence[Stretch],
    detail: str,
    cause: GapCause = GapCause.PLANNED,
) -> None:
    session.add_all(
        FootageGap(camera_id=camera_id, started_at=each.start, ended_at=each.end, cause=cause, detail=detail)
        for each in stretches
    )
