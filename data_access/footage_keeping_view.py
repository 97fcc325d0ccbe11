"""What the footage page says of keeping: when footage goes, what holds it, and what is about to go.

KPI 41: sessions whose footage expires within 3 days, and open cases without a hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from data_access import footage_lookup
from data_access.footage import Stretch, runs_between
from data_access.footage_holds import HoldRow, kept_by_camera, lasting_holds
from data_access.footage_lookup import SessionOnFloor
from data_access.footage_policy import Policy, PolicyOrigin, policy_for
from data_access.models import Camera, Finding, FootageHold, FootageMark, Room, TradingSession
from domain.vocabulary import FindingStatus, RoomType, SessionType

ENDS_SOON = timedelta(days=3)
_MOST = 200  # lines of a list
_NO_OPEN_CASE = (FindingStatus.DRAFT, FindingStatus.CLOSED, FindingStatus.UNSUBSTANTIATED)


@dataclass(frozen=True)
class Keeping:
    """How long the footage of some stretch is kept, over all cameras of a room that have some of it."""

    policy: Policy  # of the camera whose footage goes first
    ends_at: datetime | None  # when the first of it goes; None: all is held, or there is none
    holds: tuple[HoldRow, ...]
    in_open_case: bool  # kept by a finding that is not closed, whether or not there is a hold
    cameras: tuple[int, ...]  # ids of those that have footage of it


@dataclass(frozen=True)
class Ending:
    """A session whose footage goes soon."""

    session: SessionOnFloor
    ends_at: datetime


@dataclass(frozen=True)
class OpenCase:
    """A finding that is not closed, and where its footage is."""

    finding_id: int
    subject: str
    status: str  # domain.vocabulary.FindingStatus
    raised_at: datetime
    session_id: int | None
    session_code: str
    camera_id: int | None  # of its mark
    marked_at: datetime | None
    held: bool  # by an explicit hold


def keeping_of(session: Session, camera_ids: Sequence[int], stretch: Stretch, default_days: int) -> Keeping:
    """How long the footage of a stretch is kept.

    Args:
        camera_ids: of one room, at least one.
        default_days: for cameras without days of their own.
    """
    policies = _policies(session, camera_ids, default_days)
    with_footage = {
        camera_id: runs[0].start
        for camera_id in camera_ids
        if (runs := runs_between(session, camera_id, stretch.start, stretch.end))
    }
    kept = kept_by_camera(session, list(with_footage), stretch.start, stretch.end)
    ends = [
        (first + policies[camera_id].window, policies[camera_id])
        for camera_id, first in with_footage.items()
        if not _covers(kept.get(camera_id, []), first)
    ]
    ends_at, policy = min(ends, key=lambda end: end[0], default=(None, policies[camera_ids[0]]))
    holds = tuple(lasting_holds(session, camera_ids, stretch.start, stretch.end))
    in_case = bool(kept) and any(
        not any(held.camera_id == camera_id and held.start <= each.start < held.end for held in holds)
        for camera_id, stretches in kept.items()
        for each in stretches
    )
    return Keeping(policy, ends_at, holds, in_case, tuple(with_footage))


def _policies(session: Session, camera_ids: Collection[int], default_days: int) -> dict[int, Policy]:
    rows = session.execute(select(Camera.id, Camera.online_days).where(Camera.id.in_(camera_ids)))
    found = {camera_id: policy_for(days, default_days) for camera_id, days in rows}
    return {each: found.get(each, Policy(default_days, PolicyOrigin.INSTALLATION)) for each in camera_ids}


def _covers(stretches: Iterable[Stretch], at: datetime) -> bool:
    return any(each.start <= at < each.end for each in stretches)


def ending_sessions(
    session: Session, now: datetime, room_types: Collection[str], default_days: int
) -> list[Ending]:
    """The sessions whose footage goes within `ENDS_SOON`, unless it is held; the first to go first."""
    rows = session.execute(select(Camera.id, Camera.room_id, Camera.online_days)).all()
    cameras: dict[int, list[tuple[int, timedelta]]] = {}
    for camera_id, room_id, days in rows:
        cameras.setdefault(room_id, []).append((camera_id, policy_for(days, default_days).window))
    longest = max((window for each in cameras.values() for _, window in each), default=timedelta())
    shortest = min((window for each in cameras.values() for _, window in each), default=timedelta())
    since, until = now - longest, now + ENDS_SOON - shortest
    if not cameras or until <= since:
        return []
    found = footage_lookup.sessions_with_footage(session, since, room_types, _MOST, until=until)
    ids = [camera_id for camera_id, _, _ in rows]
    kept = kept_by_camera(session, ids, since, until)
    ending = []
    for each in found:
        ends = [
            each.start + window
            for camera_id, window in cameras[each.room_id]
            if not _covers(kept.get(camera_id, []), each.start)
        ]
        if ends and now < min(ends) <= now + ENDS_SOON:
            ending.append(Ending(each, min(ends)))
    return sorted(ending, key=lambda each: each.ends_at)


def open_cases(session: Session, room_types: Collection[str]) -> list[OpenCase]:
    """The findings that are not closed and concern rooms of those types, those without a hold first.

    Args:
        room_types: of the rooms whose marks the viewer may see.
    """
    of_mark = select(Camera.id, Room.type).join(Room, Room.id == Camera.room_id).subquery()
    of_session = select(Room.id, Room.type).subquery()
    allowed = and_(
        or_(of_mark.c.type.is_(None), of_mark.c.type.in_(room_types)),
        or_(of_session.c.type.is_(None), of_session.c.type.in_(room_types)),
        # An evaluation is one wherever it is held (招标投标法 art. 38).
        or_(
            func.coalesce(TradingSession.type, "") != SessionType.EVALUATION,
            literal(RoomType.EVALUATION in room_types),
        ),
    )
    held = _is_held()
    rows = session.execute(
        select(Finding, TradingSession.code, FootageMark.camera_id, FootageMark.at, held)
        .outerjoin(FootageMark, FootageMark.finding_id == Finding.id)
        .outerjoin(of_mark, of_mark.c.id == FootageMark.camera_id)
        .outerjoin(TradingSession, TradingSession.id == Finding.session_id)
        .outerjoin(of_session, of_session.c.id == TradingSession.room_id)
        .where(Finding.status.not_in(_NO_OPEN_CASE), allowed)
        .order_by(held, Finding.raised_at.desc())
        .limit(_MOST)
    )
    return [
        OpenCase(
            finding_id=row.id,
            subject=row.subject,
            status=row.status,
            raised_at=row.raised_at,
            session_id=row.session_id,
            session_code=code or "",
            camera_id=camera_id,
            marked_at=marked_at,
            held=is_held,
        )
        for row, code, camera_id, marked_at, is_held in rows
    ]


def _is_held() -> ColumnElement[bool]:
    """Whether a hold of the case's session, or one around its mark, lasts."""
    lasting = select(FootageHold.id).where(FootageHold.released_at.is_(None))
    around_mark = and_(
        FootageHold.camera_id == FootageMark.camera_id,
        FootageHold.started_at <= FootageMark.at,
        FootageHold.ended_at > FootageMark.at,
    )
    of_session = and_(Finding.session_id.is_not(None), FootageHold.session_id == Finding.session_id)
    return func.coalesce(lasting.where(or_(around_mark, of_session)).exists(), False)
