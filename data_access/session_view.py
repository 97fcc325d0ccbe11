"""A session beside its live pictures: who is there, and what has happened so far.

Confidential, and therefore not read here:
- before the opening every event that tells of bidders, and their number (实施条例 art. 41; a count is a leak
  too), and the words of the other events, which may name one;
- what goes on in an evaluation, for who may not watch the room (招标投标法 art. 38);
- the names of experts before the award of the lots (art. 37): an expert who acts stays unnamed, and a name
  that is written in a note is struck out.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.models import (
    Award,
    Expert,
    ExpertDrawMember,
    Lot,
    Project,
    Room,
    SessionEvent,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.opening import Participant
from data_access.openings import has_opened
from domain.vocabulary import AwardStatus, DrawResponse, RoomType, SessionType

# What may be known before the opening, without its words.
_HARMLESS = ("objection", "pause", "expert_left", "device_lost", "finding")
_EXPERT_EVENTS = ("expert_left",)
# Who acts in these sessions is an expert or chosen by them.
_CLOSED_SESSIONS = (SessionType.EVALUATION, SessionType.NEGOTIATION, SessionType.EXPERT_DRAW)
_USUAL_ROOM = {
    SessionType.EVALUATION: RoomType.EVALUATION,
    SessionType.NEGOTIATION: RoomType.NEGOTIATION,
    SessionType.EXPERT_DRAW: RoomType.EXPERT_DRAW,
}
_STRUCK_OUT = "□□□"


@dataclass(frozen=True)
class SessionPeople:
    """Who is at a session, and what it deals with."""

    classes: tuple[str, ...]  # domain.vocabulary.ProjectClass, of its projects
    participants: tuple[Participant, ...]  # monitors and supervisors
    panel_size: int  # experts who accepted to be drawn for its lots; never who
    opened: bool
    bidder_count: int | None  # None before the opening, or not recorded


@dataclass(frozen=True)
class RunningEvent:
    """Something that happened in a session."""

    at: datetime
    kind: str
    actor: str  # empty: not to be named, or not recorded
    note: str


@dataclass(frozen=True)
class Course:
    """What has happened in a session, as far as it may be told."""

    allowed: bool  # False: the viewer may not watch the room, so nothing is told
    opened: bool  # False: what would tell of bidders is left out
    events: tuple[RunningEvent, ...]  # the newest first


def people_of(session: Session, session_id: int) -> SessionPeople | None:
    """Who is at the session; None: there is none such."""
    opened = has_opened()
    row = session.execute(
        select(opened, TradingSession.bidder_count).where(TradingSession.id == session_id)
    ).one_or_none()
    if row is None:
        return None
    has_begun, bidder_count = bool(row[0]), row[1]
    classes = session.scalars(
        select(Project.project_class)
        .join(Lot, Lot.project_id == Project.id)
        .join(SessionLot, SessionLot.lot_id == Lot.id)
        .where(SessionLot.session_id == session_id)
        .distinct()
        .order_by(Project.project_class)
    )
    people = session.scalars(
        select(SessionParticipant)
        .where(SessionParticipant.session_id == session_id)
        .order_by(SessionParticipant.role, SessionParticipant.name)
    )
    return SessionPeople(
        classes=tuple(classes),
        participants=tuple(Participant(who.role, who.name, who.remote) for who in people),
        panel_size=_panel_size(session, session_id),
        opened=has_begun,
        bidder_count=bidder_count if has_begun else None,
    )


def course_of(session: Session, session_id: int, now: datetime, room_types: Collection[str]) -> Course:
    """What has happened in the session up to `now`.

    Args:
        room_types: that the viewer may watch.
    """
    found = session.execute(
        select(TradingSession.type, Room.type, has_opened())
        .outerjoin(Room, Room.id == TradingSession.room_id)
        .where(TradingSession.id == session_id)
    ).one_or_none()
    if found is None:
        return Course(allowed=True, opened=False, events=())
    kind, room_type, opened = SessionType(found[0]), found[1], bool(found[2])
    if not _places(kind, room_type) <= set(room_types):
        return Course(allowed=False, opened=opened, events=())
    events = (
        _all_events(session, session_id, now, kind) if opened else _silent_events(session, session_id, now)
    )
    return Course(allowed=True, opened=opened, events=tuple(events))


def _places(kind: SessionType, room_type: str | None) -> set[str]:
    """The types of room of which all must be open to who is told of the session.

    An evaluation is one wherever it is held, also off-site or in a place that nobody entered.
    """
    places = {room_type} if room_type else {_USUAL_ROOM.get(kind, RoomType.BID_OPENING).value}
    return places | {RoomType.EVALUATION.value} if kind is SessionType.EVALUATION else places


def _silent_events(session: Session, session_id: int, now: datetime) -> tuple[RunningEvent, ...]:
    rows = session.execute(
        select(SessionEvent.at, SessionEvent.kind)
        .where(
            SessionEvent.session_id == session_id, SessionEvent.at <= now, SessionEvent.kind.in_(_HARMLESS)
        )
        .order_by(SessionEvent.at.desc(), SessionEvent.id.desc())
    )
    return tuple(RunningEvent(at, kind, "", "") for at, kind in rows)


def _all_events(
    session: Session, session_id: int, now: datetime, kind: SessionType
) -> tuple[RunningEvent, ...]:
    rows = session.scalars(
        select(SessionEvent)
        .where(SessionEvent.session_id == session_id, SessionEvent.at <= now)
        .order_by(SessionEvent.at.desc(), SessionEvent.id.desc())
    )
    secret = secret_names(session, [session_id]).get(session_id, [])
    return tuple(
        RunningEvent(
            at=row.at,
            kind=row.kind,
            actor="" if _acts_unnamed(kind, row.kind) else struck_out(row.actor, secret),
            note=struck_out(row.note, secret),
        )
        for row in rows
    )


def _acts_unnamed(kind: SessionType, event: str) -> bool:
    return kind in _CLOSED_SESSIONS or event in _EXPERT_EVENTS


def struck_out(words: str, names: Iterable[str]) -> str:
    """The words with each of the names made unreadable."""
    for name in names:
        words = words.replace(name, _STRUCK_OUT)
    return words


def secret_names(session: Session, session_ids: Collection[int]) -> dict[int, list[str]]:
    """The names of the experts drawn for lots that are not awarded yet, the longest first, by session.

    A session without any is missing.
    """
    awarded = (
        select(Award.id)
        .where(Award.lot_id == SessionLot.lot_id, Award.status == AwardStatus.ACTIVE)
        .where(Award.decided_at <= func.now())
    )
    rows = session.execute(
        select(SessionLot.session_id, Expert.name)
        .join(ExpertDrawMember, ExpertDrawMember.lot_id == SessionLot.lot_id)
        .join(Expert, Expert.id == ExpertDrawMember.expert_id)
        .where(SessionLot.session_id.in_(session_ids), Expert.name != "", ~awarded.exists())
        .distinct()
    )
    found: dict[int, list[str]] = {}
    for session_id, name in rows:
        found.setdefault(session_id, []).append(name)
    return {session_id: sorted(names, key=len, reverse=True) for session_id, names in found.items()}


def _panel_size(session: Session, session_id: int) -> int:
    return (
        session.scalar(
            select(func.count(ExpertDrawMember.expert_id.distinct()))
            .join(SessionLot, SessionLot.lot_id == ExpertDrawMember.lot_id)
            .where(
                SessionLot.session_id == session_id,
                ExpertDrawMember.response == DrawResponse.ACCEPTED.value,
            )
        )
        or 0
    )
