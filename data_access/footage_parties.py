"""Experts and enterprises concerned with sessions, as far as they may be told: see footage_search."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access.models import (
    Award,
    Enterprise,
    Expert,
    ExpertDrawMember,
    Lot,
    Project,
    SessionEvent,
    SessionLot,
    TradingSession,
)
from data_access.openings import has_opened
from domain.vocabulary import AwardStatus, DrawResponse, LotStatus, SessionType

_MOST_NAMES = 50  # experts or enterprises that a word may mean
_WITH_PANEL = (SessionType.EVALUATION, SessionType.NEGOTIATION)
_WITH_BIDDERS = (SessionType.OPENING, SessionType.NEGOTIATION, SessionType.LOTTERY, SessionType.LAND_AUCTION)
_BIDDERS_EVENTS = ("check_in", "decryption", "price_read", "objection")

Text = ColumnElement[str] | InstrumentedAttribute[str] | InstrumentedAttribute[str | None]


@dataclass(frozen=True)
class Who:
    """Somebody concerned with a session."""

    name: str
    role: str  # expert, buyer, agency, winner, bidder


Concerned = dict[int, tuple[Who, ...]]  # by session id


def experts_called(session: Session, word: str, session_ids: Collection[int]) -> Concerned:
    """The experts of that name or code on the panels of those sessions that may be named by now."""
    meant = or_(has(Expert.name, word), has(Expert.code, word))
    ids = session.scalars(select(Expert.id).where(meant).order_by(Expert.name).limit(_MOST_NAMES)).all()
    if not ids:
        return {}
    rows = session.execute(
        select(SessionLot.session_id, Expert.name)
        .join(ExpertDrawMember, ExpertDrawMember.lot_id == SessionLot.lot_id)
        .join(Expert, Expert.id == ExpertDrawMember.expert_id)
        .join(TradingSession, TradingSession.id == SessionLot.session_id)
        .where(Expert.id.in_(ids), ExpertDrawMember.response == DrawResponse.ACCEPTED.value)
        .where(_among(session_ids), TradingSession.type.in_(_WITH_PANEL), _awarded_or_over())
        .order_by(Expert.name)
    )
    return _by_session((session_id, name, "expert") for session_id, name in rows)


@dataclass(frozen=True)
class Dealt:
    """What a session deals with, and with whom; an award counts from its decision on."""

    lots: tuple[str, ...]  # codes and titles
    parties: tuple[Who, ...]  # buyers and agencies
    awards: tuple[tuple[str, str, datetime], ...]  # winner, credit code, when it was decided


_NOTHING = Dealt((), (), ())


def dealt_with(session: Session, session_ids: Collection[int]) -> dict[int, Dealt]:
    """What each of those sessions deals with; one without lots is missing."""
    active = and_(Award.lot_id == Lot.id, Award.status == AwardStatus.ACTIVE)
    rows = session.execute(
        select(
            SessionLot.session_id,
            Lot.section_code,
            Lot.title,
            Project.buyer,
            Project.agency,
            Award.supplier_name,
            Award.supplier_uscc,
            Award.decided_at,
        )
        .join(Lot, Lot.id == SessionLot.lot_id)
        .join(Project, Project.id == Lot.project_id)
        .outerjoin(Award, active)
        .where(_among(session_ids))
    )
    found: dict[int, Dealt] = {}
    for session_id, code, title, buyer, agency, winner, uscc, decided_at in rows:
        before = found.get(session_id, _NOTHING)
        parties = [Who(name, role) for name, role in ((buyer, "buyer"), (agency, "agency")) if name]
        awards = ((winner or "", uscc or "", decided_at),) if decided_at else ()
        found[session_id] = Dealt(
            (*before.lots, code, title), (*before.parties, *parties), (*before.awards, *awards)
        )
    return found


def enterprises_of(dealt: Dealt, word: str, now: datetime) -> tuple[Who, ...]:
    """The buyers, agencies and winners of that name, winners also of that credit code."""
    wanted = word.lower()
    winners = (
        Who(name or code, "winner")
        for name, code, decided_at in dealt.awards
        if decided_at <= now and (wanted in name.lower() or wanted in code.lower())
    )
    parties = (who for who in dealt.parties if wanted in who.name.lower())
    return tuple(dict.fromkeys([*parties, *winners]))


def bidders_called(session: Session, word: str, session_ids: Collection[int]) -> Concerned:
    """The enterprises of the library that are named in what bidders did, once the opening has begun."""
    meant = or_(has(Enterprise.name, word), has(Enterprise.uscc, word))
    names = session.scalars(
        select(Enterprise.name).where(meant).order_by(Enterprise.name).limit(_MOST_NAMES)
    ).all()
    if not names:
        return {}
    told = SessionEvent.actor + " " + SessionEvent.note
    # A name that has the word is only where the word is; one found by its code may be anywhere.
    by_code = [name for name in names if word.lower() not in name.lower()]
    rows = session.execute(
        select(SessionEvent.session_id, told)
        .join(TradingSession, TradingSession.id == SessionEvent.session_id)
        .where(SessionEvent.session_id == any_(_array(session_ids)), SessionEvent.kind.in_(_BIDDERS_EVENTS))
        .where(TradingSession.type.in_(_WITH_BIDDERS), has_opened())
        .where(or_(has(told, word), *(has(told, name) for name in by_code)))
    )
    return _by_session(
        (session_id, name, "bidder") for session_id, text in rows for name in names if name in text
    )


def has(column: Text, word: str) -> ColumnElement[bool]:
    """Whether the word is part of the column, in large or small letters."""
    return column.icontains(word, autoescape=True)


def _array(ids: Collection[int]) -> ColumnElement[list[int]]:
    return literal(list(ids), ARRAY(INTEGER))


def _among(session_ids: Collection[int]) -> ColumnElement[bool]:
    return SessionLot.session_id == any_(_array(session_ids))


def _by_session(rows: Iterable[tuple[int, str, str]]) -> Concerned:
    found: dict[int, dict[Who, None]] = {}
    for session_id, name, role in rows:
        found.setdefault(session_id, {})[Who(name, role)] = None
    return {session_id: tuple(who) for session_id, who in found.items()}


def _decided() -> ColumnElement[bool]:
    return and_(Award.status == AwardStatus.ACTIVE, Award.decided_at <= func.now())


def _awarded_or_over() -> ColumnElement[bool]:
    """Whether no lot of the session is still to be awarded."""
    awarded = exists().where(Award.lot_id == Lot.id, _decided())
    of_session = SessionLot.__table__.alias("lots_of_session")
    waiting: Select[int] = (
        select(literal(1))
        .select_from(of_session)
        .join(Lot, Lot.id == of_session.c.lot_id)
        .where(
            of_session.c.session_id == TradingSession.id,
            Lot.status.not_in([LotStatus.UNSUCCESSFUL, LotStatus.CANCELLED]),
            ~awarded,
        )
    )
    return ~waiting.correlate(TradingSession).exists()
