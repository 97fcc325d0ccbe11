"""Holds: footage that nothing deletes, neither by its age nor for want of disk.

Kept are explicit holds (evidence packages make some while they are built) and open cases: a finding from its
submission until it is closed or found unsubstantiated. Source: domain section 8 (政府采购法 art. 42): an open
case or a hold stops expiry.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CompoundSelect, Select, exists, func, select, text, union_all, update
from sqlalchemy.orm import Session, aliased

from data_access import footage_open
from data_access.footage import Stretch
from data_access.footage_lookup import USUAL_LENGTH
from data_access.models import (
    Account,
    Camera,
    Finding,
    FootageHold,
    FootageMark,
    FootageRun,
    TradingSession,
)
from domain.vocabulary import FindingStatus

AROUND_SESSION = timedelta(minutes=15)
AROUND_MARK = timedelta(minutes=10)
LONGEST_REASON = 500  # characters
_NO_OPEN_CASE = (FindingStatus.DRAFT, FindingStatus.CLOSED, FindingStatus.UNSUBSTANTIATED)
# All that `kept_stretches` reads and others write, in the order in which their writers come.
_TELLS_WHAT_IS_KEPT = "finding, footage_mark, footage_hold"

_begins = func.coalesce(TradingSession.actual_start, TradingSession.planned_start)
_ends = func.greatest(
    func.coalesce(TradingSession.actual_end, TradingSession.planned_end, _begins + USUAL_LENGTH), _begins
)


class WrongHold(ValueError):
    """The hold cannot be made or released like this; the message says why in Chinese and English."""


@dataclass(frozen=True)
class HoldRow:
    """A hold on a stretch of a camera's footage; `released_at` is None while it lasts."""

    id: int
    camera_id: int
    camera_name: str
    start: datetime
    end: datetime  # half-open
    session_id: int | None
    session_code: str  # empty: it is not of a session
    reason: str
    case_no: str
    made_by: int  # account id
    author: str  # the name to be shown
    made_at: datetime
    released_by: int | None  # account id
    released_at: datetime | None
    release_reason: str


def hold(
    session: Session,
    *,
    camera_id: int,
    start: datetime,
    end: datetime,
    reason: str,
    case_no: str,
    made_by: int,
    at: datetime,
    session_id: int | None = None,
) -> int:
    """Holds [start, end) of a camera; returns the hold's id. The caller writes the audit entry.

    Raises:
        WrongHold: the range is empty, or there is no reason or too long a one.
    """
    if end <= start:
        raise WrongHold("保全的结束时间须晚于开始时间 / a hold's end must be after its start")
    made = FootageHold(
        camera_id=camera_id,
        started_at=start,
        ended_at=end,
        session_id=session_id,
        reason=_reason(reason),
        case_no=case_no.strip(),
        made_by=made_by,
        made_at=at,
    )
    session.add(made)
    session.flush()
    return made.id


def hold_session(
    session: Session, session_id: int, *, reason: str, case_no: str, made_by: int, at: datetime
) -> list[int]:
    """Holds a session on every camera with footage in its room, from 15 minutes before to 15 after.

    Raises:
        WrongHold: there is no such session or no footage of it, or no reason.
    """
    # First of all: who reads footage and then waits for a deletion would hold that up in turn.
    session.execute(text("LOCK TABLE footage_hold IN ROW EXCLUSIVE MODE"))
    found = session.execute(
        select(TradingSession.room_id, _begins, _ends).where(TradingSession.id == session_id)
    ).one_or_none()
    if found is None:
        raise WrongHold("没有这个场次 / there is no such session")
    room_id, begins, ends = found
    start, end = begins - AROUND_SESSION, ends + AROUND_SESSION
    recorded = exists().where(
        FootageRun.camera_id == Camera.id,
        FootageRun.started_at < end,
        footage_open.run_reaches_beyond(start),
    )
    camera_ids = session.scalars(
        select(Camera.id).where(Camera.room_id == room_id, recorded).order_by(Camera.id)
    ).all()
    if not camera_ids:
        raise WrongHold("该场次没有可保全的录像 / there is no footage of this session to hold")
    return [
        hold(
            session,
            camera_id=camera_id,
            start=start,
            end=end,
            reason=reason,
            case_no=case_no,
            made_by=made_by,
            at=at,
            session_id=session_id,
        )
        for camera_id in camera_ids
    ]


def session_coded(session: Session, code: str) -> int:
    """The id of the session with that code.

    Raises:
        WrongHold: there is none such.
    """
    found = session.scalar(select(TradingSession.id).where(TradingSession.code == code))
    if found is None:
        raise WrongHold(f"没有编号为“{code}”的场次 / there is no session {code!r}")
    return found


def release(session: Session, hold_id: int, *, by: int, reason: str, at: datetime) -> HoldRow:
    """Ends a hold; its row stays. The caller writes the audit entry.

    Raises:
        WrongHold: there is no such hold, it is released already, or there is no reason.
    """
    released = session.scalar(
        update(FootageHold)
        .where(FootageHold.id == hold_id, FootageHold.released_at.is_(None))
        .values(released_by=by, released_at=at, release_reason=_reason(reason))
        .returning(FootageHold.id)
    )
    if released is None:
        raise WrongHold(
            f"没有编号为 {hold_id} 的有效保全，可能已解除 / "
            f"there is no lasting hold {hold_id}; it may be released already"
        )
    return _rows(session, _holds().where(FootageHold.id == hold_id))[0]


def _reason(text_of_it: str) -> str:
    reason = text_of_it.strip()
    if not reason:
        raise WrongHold("请填写理由 / a reason is needed")
    if len(reason) > LONGEST_REASON:
        raise WrongHold(f"理由最多 {LONGEST_REASON} 字 / a reason has {LONGEST_REASON} characters at most")
    return reason


def lasting_holds(
    session: Session, camera_ids: Sequence[int], start: datetime, end: datetime
) -> list[HoldRow]:
    """The holds on those cameras that last and overlap [start, end), by start."""
    return _rows(
        session,
        _holds().where(
            FootageHold.camera_id.in_(camera_ids),
            FootageHold.released_at.is_(None),
            FootageHold.started_at < end,
            FootageHold.ended_at > start,
        ),
    )


def all_holds(session: Session, *, released: bool = False) -> list[HoldRow]:
    """Every hold that lasts, by start; with `released` also those that are over."""
    query = _holds() if released else _holds().where(FootageHold.released_at.is_(None))
    return _rows(session, query)


def hold_by_id(session: Session, hold_id: int) -> HoldRow | None:
    """The hold with that id, a released one too."""
    return next(iter(_rows(session, _holds().where(FootageHold.id == hold_id))), None)


def _holds() -> Select[FootageHold, str, str | None, str]:
    return (
        select(FootageHold, Camera.name, TradingSession.code, Account.display_name)
        .join(Camera, Camera.id == FootageHold.camera_id)
        .join(Account, Account.id == FootageHold.made_by)
        .outerjoin(TradingSession, TradingSession.id == FootageHold.session_id)
        .order_by(FootageHold.started_at, FootageHold.id)
        .execution_options(populate_existing=True)
    )


def _rows(session: Session, query: Select[FootageHold, str, str | None, str]) -> list[HoldRow]:
    return [
        HoldRow(
            id=row.id,
            camera_id=row.camera_id,
            camera_name=camera_name,
            start=row.started_at,
            end=row.ended_at,
            session_id=row.session_id,
            session_code=code or "",
            reason=row.reason,
            case_no=row.case_no,
            made_by=row.made_by,
            author=author,
            made_at=row.made_at,
            released_by=row.released_by,
            released_at=row.released_at,
            release_reason=row.release_reason,
        )
        for row, camera_name, code, author in session.execute(query)
    ]


def wait_for_holders(session: Session) -> None:
    """Whoever is making a hold or opening a case is waited for; nobody begins until this transaction ends.

    To be called by a deleting transaction before it asks for `kept_stretches`: a hold made a moment before
    wins. Several may delete at once.
    """
    session.execute(text(f"LOCK TABLE {_TELLS_WHAT_IS_KEPT} IN SHARE MODE"))


def kept_stretches(session: Session, camera_id: int, start: datetime, end: datetime) -> list[Stretch]:
    """What of [start, end) of a camera must not be deleted, clipped to it, by time and without overlaps."""
    return kept_by_camera(session, [camera_id], start, end).get(camera_id, [])


def kept_by_camera(
    session: Session, camera_ids: Sequence[int], start: datetime, end: datetime
) -> dict[int, list[Stretch]]:
    """`kept_stretches` of several cameras at once; a camera of which nothing is kept is missing."""
    kept = _kept().subquery()
    rows = session.execute(
        select(kept.c.camera_id, kept.c.started_at, kept.c.ended_at)
        .where(kept.c.camera_id.in_(camera_ids), kept.c.started_at < end, kept.c.ended_at > start)
        .order_by(kept.c.camera_id, kept.c.started_at)
    )
    found: dict[int, list[Stretch]] = {}
    for camera_id, begins, ends in rows:
        found.setdefault(camera_id, []).append(Stretch(max(begins, start), min(ends, end)))
    return {camera_id: merged(stretches) for camera_id, stretches in found.items()}


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches that come by start, with those that touch or overlap made one."""
    whole: list[Stretch] = []
    for stretch in stretches:
        if whole and stretch.start <= whole[-1].end:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, stretch.end))
        else:
            whole.append(stretch)
    return whole


def _kept() -> CompoundSelect[int, datetime, datetime]:
    """Every stretch that is kept, as camera_id, started_at, ended_at; they may overlap."""
    camera_id, started_at, ended_at = "camera_id", "started_at", "ended_at"
    session_begins = (_begins - AROUND_SESSION).label(started_at)
    session_ends = (_ends + AROUND_SESSION).label(ended_at)
    lasting = FootageHold.released_at.is_(None)
    case, marked = aliased(Finding), aliased(Finding)
    return union_all(
        select(FootageHold.camera_id, FootageHold.started_at, FootageHold.ended_at).where(lasting),
        # A session that went on for longer than was planned when it was held is held whole.
        select(FootageHold.camera_id, session_begins, session_ends)
        .join(TradingSession, TradingSession.id == FootageHold.session_id)
        .where(lasting, FootageHold.started_at <= _begins),
        select(Camera.id.label(camera_id), session_begins, session_ends)
        .join(TradingSession, TradingSession.room_id == Camera.room_id)
        .join(case, case.session_id == TradingSession.id)
        .where(case.status.not_in(_NO_OPEN_CASE)),
        select(
            FootageMark.camera_id,
            (FootageMark.at - AROUND_MARK).label(started_at),
            (FootageMark.at + AROUND_MARK).label(ended_at),
        )
        .join(marked, marked.id == FootageMark.finding_id)
        .where(marked.status.not_in(_NO_OPEN_CASE)),
    )
