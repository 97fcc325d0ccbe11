"""Marks: moments on a camera that somebody noticed while watching. Each has a draft of a finding."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from data_access import audit, findings
from data_access.cameras import CameraRow
from data_access.footage_lookup import sessions_in_room
from data_access.models import Account, Camera, FootageMark, Room
from domain.periods import SHANGHAI
from domain.vocabulary import FindingSource, MarkKind

LONGEST_NOTE = 500  # characters
_CLOCKS_APART = timedelta(seconds=5)  # between a browser and this machine
_MOMENT = timedelta(microseconds=1)
# The words that the draft's subject is made of; findings are official papers, so they are Chinese.
_SUBJECTS = {
    MarkKind.IRREGULARITY: "疑似违规",
    MarkKind.LEFT_POST: "人员离席",
    MarkKind.STRANGER: "无关人员",
    MarkKind.DISPUTE: "现场争议",
    MarkKind.DEVICE: "设备异常",
    MarkKind.OTHER: "需关注",
}


class WrongMark(ValueError):
    """The mark cannot be made like this; the message says why in Chinese and English."""


@dataclass(frozen=True)
class Mark:
    """A moment on one camera."""

    id: int
    camera_id: int
    camera_name: str
    session_id: int | None  # the one that was on in the room
    finding_id: int
    at: datetime  # wall clock of the picture
    kind: MarkKind
    note: str
    made_by: int  # account id
    author: str  # the name to be shown
    made_at: datetime


@dataclass(frozen=True)
class Author:
    """Who makes or changes a mark."""

    account_id: int
    name: str  # as signed in
    address: str = ""


def add(
    session: Session,
    camera: CameraRow,
    *,
    at: datetime,
    kind: MarkKind,
    note: str,
    source: FindingSource,
    author: Author,
    now: datetime,
    kept_days: int,
) -> Mark:
    """Marks the moment `at`, with the draft of a finding and an audit entry; a second time changes nothing.

    Args:
        kept_days: how long footage is kept unless the camera says otherwise.

    Raises:
        WrongMark: `at` lies in the future or before what is kept of the camera, or the note is too long.
    """
    _check(at, note, now, timedelta(days=camera.online_days or kept_days))
    told_before = session.scalar(
        select(FootageMark.id).where(
            FootageMark.camera_id == camera.id,
            FootageMark.at == at,
            FootageMark.made_by == author.account_id,
        )
    )
    if told_before is not None:  # the browser did not get the answer
        return _found(session, told_before)
    on = sessions_in_room(session, camera.room_id, at, at + _MOMENT)
    # Where two overlap, the one that has really begun, and of those the latest.
    held = max(on, key=lambda each: (each.actual_start is not None, each.start), default=None)
    finding_id = findings.draft(
        session,
        source=source,
        session_id=held.id if held else None,
        subject=subject_of(camera.room_name, at, kind),
        note=note,
        raised_by=author.account_id,
        raised_at=now,
    )
    mark = FootageMark(
        camera_id=camera.id,
        session_id=held.id if held else None,
        finding_id=finding_id,
        at=at,
        kind=kind.value,
        note=note,
        made_by=author.account_id,
        made_at=now,
    )
    session.add(mark)
    session.flush()
    detail = {"mark_id": mark.id, "camera_id": camera.id, "at": at.isoformat(), "kind": kind, "note": note}
    _note(session, author, now, action="add_mark", subject=camera.name, detail=detail)
    return _found(session, mark.id)


def change(
    session: Session, mark_id: int, *, kind: MarkKind, note: str, author: Author, now: datetime
) -> Mark:
    """Gives a mark, and its finding while that is a draft, another kind and note.

    The caller has checked that it is the author's own.

    Raises:
        WrongMark: the note is too long.
        NoResultFound: there is no such mark.
    """
    _check_note(note)
    before = _found(session, mark_id)
    if (before.kind, before.note) == (kind, note):
        return before
    row = session.get_one(FootageMark, mark_id)
    row.kind, row.note = kind.value, note
    room = session.scalars(select(Room.name).join(Camera).where(Camera.id == before.camera_id)).one()
    findings.amend_draft(session, before.finding_id, subject=subject_of(room, before.at, kind), note=note)
    detail = {"mark_id": mark_id, "kind": [before.kind, kind], "note": [before.note, note]}
    _note(session, author, now, action="change_mark", subject=before.camera_name, detail=detail)
    return _found(session, mark_id)


def subject_of(room_name: str, at: datetime, kind: MarkKind) -> str:
    """What the finding is about, in a line: "开标一室 14:03:22 疑似违规"."""
    return f"{room_name} {at.astimezone(SHANGHAI):%H:%M:%S} {_SUBJECTS[kind]}"


def mark_by_id(session: Session, mark_id: int, room_types: Collection[str]) -> Mark | None:
    """The mark with that id on a camera in a room of those types."""
    return next(iter(_marks(session, room_types, FootageMark.id == mark_id)), None)


def marks_between(
    session: Session, camera_ids: Sequence[int], start: datetime, end: datetime, room_types: Collection[str]
) -> list[Mark]:
    """The marks of [start, end) on those of the cameras that are in rooms of those types, by time."""
    within = (FootageMark.camera_id.in_(camera_ids), FootageMark.at >= start, FootageMark.at < end)
    return _marks(session, room_types, *within)


def marks_of_session(session: Session, session_id: int, room_types: Collection[str]) -> list[Mark]:
    """The marks made of a session on cameras in rooms of those types, by time."""
    return _marks(session, room_types, FootageMark.session_id == session_id)


def marks_found(
    session: Session, room_types: Collection[str], most: int, *wanted: ColumnElement[bool]
) -> list[Mark]:
    """The latest marks in rooms of those types that meet all conditions, the latest first.

    Args:
        wanted: on FootageMark and the Camera, Room and Account beside it.
    """
    return _marks(session, room_types, *wanted, latest=most)


def _found(session: Session, mark_id: int) -> Mark:
    session.flush()
    return next(iter(_marks(session, None, FootageMark.id == mark_id)))


def _marks(
    session: Session,
    room_types: Collection[str] | None,
    *wanted: ColumnElement[bool],
    latest: int | None = None,
) -> list[Mark]:
    """By time; with `latest` that many at most, the latest first."""
    allowed = () if room_types is None else (Room.type.in_(room_types),)
    by_time = (FootageMark.at, FootageMark.id)
    rows = session.execute(
        select(FootageMark, Camera.name, Account.display_name)
        .join(Camera, Camera.id == FootageMark.camera_id)
        .join(Room, Room.id == Camera.room_id)
        .join(Account, Account.id == FootageMark.made_by)
        .where(*wanted, *allowed)
        .order_by(*(by_time if latest is None else (column.desc() for column in by_time)))
        .limit(latest)
    )
    return [
        Mark(
            id=row.id,
            camera_id=row.camera_id,
            camera_name=camera_name,
            session_id=row.session_id,
            finding_id=row.finding_id,
            at=row.at,
            kind=MarkKind(row.kind),
            note=row.note,
            made_by=row.made_by,
            author=author,
            made_at=row.made_at,
        )
        for row, camera_name, author in rows
    ]


def _check(at: datetime, note: str, now: datetime, kept: timedelta) -> None:
    if at > now + _CLOCKS_APART:
        raise WrongMark(
            "标记时间在将来，请核对本机时钟 / "
            "the marked moment lies in the future; check this computer's clock"
        )
    if at < now - kept:
        raise WrongMark(
            f"标记时间早于录像保存期（{kept.days} 天） / "
            f"the marked moment is older than the footage that is kept ({kept.days} days)"
        )
    _check_note(note)


def _check_note(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise WrongMark(
            f"说明最多 {LONGEST_NOTE} 字，请缩短 / a note has {LONGEST_NOTE} characters at most; shorten it"
        )


def _note(
    session: Session, author: Author, now: datetime, *, action: str, subject: str, detail: dict[str, object]
) -> None:
    audit.record(
        session,
        actor=author.name,
        action=action,
        subject=subject,
        detail=detail,
        address=author.address,
        at=now,
    )
