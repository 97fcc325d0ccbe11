"""Keeps the demo's schedule current: a session on in each of the four rooms with a camera, at any hour."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.demo import names
from data_access.demo.happenings import events_of, participants_of
from data_access.demo.history import SCHEDULE, make_rooms
from data_access.demo.plan import SOURCE_SYSTEM, Values
from data_access.demo.timetable import Slot, slots_wanted
from data_access.models import (
    ExpertPenalty,
    Lot,
    Project,
    Room,
    SessionEvent,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from domain.vocabulary import LotStatus, ProcurementMethod, ProjectClass, SessionStatus, SessionType

# Round the clock is many more sessions than a centre holds: old ones go, or they would drown the figures.
_KEPT_OFFICE_HOURS = timedelta(days=8)
_KEPT_OTHERWISE = timedelta(days=2)


def keep_current(session: Session, now: datetime) -> None:
    """Plans what is missing, opens what begins and closes what is over; calling it again changes nothing.

    At any instant a session is open in each of the four rooms, and one ended there within the last hours;
    more follow today and in the office hours of the week. Sessions that passed unattended count as held.
    """
    _plan_missing(session, set(slots_wanted(now)))
    for held in session.scalars(
        _scheduled().where(
            TradingSession.status != SessionStatus.DONE,
            TradingSession.planned_start <= now,
        )
    ).all():
        _move_on(session, held, _slot_of(held), now)
    _forget_old(session, now)
    session.flush()


def _plan_missing(session: Session, wanted: set[Slot]) -> None:
    keys = {SCHEDULE + slot.key: slot for slot in wanted}
    known = set(
        session.scalars(select(TradingSession.source_key).where(TradingSession.source_key.in_(keys)))
    )
    missing = sorted(keys.keys() - known)
    if not missing:
        return
    make_rooms(session)
    rooms = dict(session.execute(select(Room.name, Room.id)).tuples().all())
    for key in missing:
        _plan(session, keys[key], key, rooms)


def _plan(session: Session, slot: Slot, key: str, rooms: dict[str, int]) -> None:
    rng = Random(key)
    source: Values = {"source_system": SOURCE_SYSTEM, "source_key": key}
    method = _method_of(rng, slot)
    project = Project(**source, **_project_of(rng, slot))
    session.add(project)
    session.flush()
    lot = Lot(
        **source,
        project_id=project.id,
        section_code=f"{project.code}-01",
        title=project.name,
        method=method,
        published_at=slot.planned_start - timedelta(days=24),
        bid_deadline=slot.planned_start,
        status=LotStatus.ACTIVE,
        **_price_of(rng, slot),
    )
    planned = TradingSession(
        **source,
        code=slot.code,
        type=slot.kind,
        room_id=rooms[slot.room_name],
        method=method,
        planned_start=slot.planned_start,
        planned_end=slot.planned_end,
        status=SessionStatus.SCHEDULED,
    )
    session.add_all([lot, planned])
    session.flush()
    session.add(SessionLot(session_id=planned.id, lot_id=lot.id))
    supervised = slot.in_office_hours and rng.random() < 0.85
    for person in participants_of(rng, slot.kind, supervised=supervised):
        session.add(SessionParticipant(session_id=planned.id, **person))


def _move_on(session: Session, held: TradingSession, slot: Slot, now: datetime) -> None:
    """Sets state and times as they are at `now`, and notes what has happened by then."""
    if slot.starts_at > now:
        return
    rng = Random(slot.key)
    bidders = rng.randint(3, 14)
    held.actual_start = slot.starts_at
    held.bidder_count = bidders
    over = slot.ends_at <= now
    held.status = SessionStatus.DONE if over else SessionStatus.OPEN
    held.actual_end = slot.ends_at if over else None
    # The course of an opening takes an hour, however long the room is taken.
    course_ends = min(slot.ends_at, slot.starts_at + timedelta(minutes=60))
    known = set(
        session.execute(
            select(SessionEvent.at, SessionEvent.kind).where(SessionEvent.session_id == held.id)
        ).tuples()
    )
    for event in events_of(rng, slot.kind, slot.starts_at, course_ends, bidders):
        if event["at"] <= now and (event["at"], event["kind"]) not in known:
            session.add(SessionEvent(session_id=held.id, **event))


def _forget_old(session: Session, now: datetime) -> None:
    """Removes sessions of this schedule that are long over and that nothing refers to."""
    penalised = select(ExpertPenalty.session_id).where(ExpertPenalty.session_id == TradingSession.id)
    over = session.scalars(
        _scheduled().where(TradingSession.actual_end < now - _KEPT_OTHERWISE, ~penalised.exists())
    ).all()
    gone = [
        held
        for held in over
        if not _slot_of(held).in_office_hours or held.planned_start < now - _KEPT_OFFICE_HOURS
    ]
    if gone:
        session.execute(delete(TradingSession).where(TradingSession.id.in_([held.id for held in gone])))


def _scheduled():
    return select(TradingSession).where(
        TradingSession.source_system == SOURCE_SYSTEM, TradingSession.source_key.startswith(SCHEDULE)
    )


def _slot_of(held: TradingSession) -> Slot:
    return Slot.of_key(held.source_key.removeprefix(SCHEDULE))
