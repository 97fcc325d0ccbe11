"""Keeps the demo's schedule current: a session on in each of the four rooms with a camera, at any hour.

And now and then an opening away from the centre.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data_access.demo import names
from data_access.demo.dice import dice
from data_access.demo.happenings import events_of, extras_of, participants_of
from data_access.demo.history import SCHEDULE, make_rooms
from data_access.demo.plan import SOURCE_SYSTEM, Person, Values
from data_access.demo.timetable import Slot, slots_wanted
from data_access.models import (
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
from domain.vocabulary import (
    DrawResponse,
    LotStatus,
    ProcurementMethod,
    ProjectClass,
    SessionStatus,
    SessionType,
)

# Round the clock is many more sessions than a centre holds: old ones go, or they would drown the figures.
_KEPT_OFFICE_HOURS = timedelta(days=8)
_KEPT_OTHERWISE = timedelta(days=2)
_PANEL = 5  # 招标投标法 art. 37: odd, 5 or more
_PARTS = {
    ProjectClass.WORKS: "（第{}标段）",
    ProjectClass.PROCUREMENT: "（第{}包）",
    ProjectClass.LAND: "（第{}宗）",
}


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
    known = set(session.scalars(select(TradingSession.source_key).where(TradingSession.source_key.in_(keys))))
    missing = sorted(keys.keys() - known)
    if not missing:
        return
    make_rooms(session)
    rooms = {row.name: row.id for row in session.execute(select(Room.name, Room.id))}
    drafts = [_draft(keys[key], key, rooms[keys[key].room_name]) for key in missing]
    session.add_all(row for draft in drafts for row in (draft.project, draft.planned))
    session.flush()
    for draft in drafts:
        draft.lot.project_id = draft.project.id
        session.add(draft.lot)
    session.flush()
    for draft in drafts:
        session.add(SessionLot(session_id=draft.planned.id, lot_id=draft.lot.id))
        session.add_all(
            SessionParticipant(session_id=draft.planned.id, **person) for person in draft.participants
        )


@dataclass(frozen=True)
class _Draft:
    """A session to come, with a project of its own that is not awarded yet."""

    project: Project
    lot: Lot
    planned: TradingSession
    participants: list[Person]


def _draft(slot: Slot, key: str, room_id: int) -> _Draft:
    rng = dice(key)
    source: Values = {"source_system": SOURCE_SYSTEM, "source_key": key}
    project_class, method, subjects = _subject_of(rng, slot.kind)
    subject, buyer = rng.choice(list(subjects.items()))
    published = slot.planned_start - timedelta(days=24)
    price = Decimal(rng.randint(420, 2_600)) * 10_000
    land = project_class is ProjectClass.LAND
    project = Project(
        **source,
        code=f"SFQ{slot.day:%Y%m%d}{slot.room}{slot.number}",
        name=subject.format(p=rng.choice(names.PLACES)) + _PARTS[project_class].format(rng.randint(1, 6)),
        project_class=project_class,
        region_code=names.REGION_CODE,
        buyer=buyer,
        agency=rng.choice(names.AGENCIES),
        accepted_at=published - timedelta(days=9),
    )
    lot = Lot(
        **source,
        section_code=f"{project.code}-01",
        title=project.name,
        method=method,
        budget=None if land else price,
        starting_price=price * 10 if land else None,
        published_at=published,
        bid_deadline=slot.planned_start,
        status=LotStatus.ACTIVE,
    )
    planned = TradingSession(
        **source,
        code=slot.code,
        type=slot.kind,
        room_id=room_id,
        method=method,
        off_site=slot.off_site,
        planned_start=slot.planned_start,
        planned_end=slot.planned_end,
        status=SessionStatus.SCHEDULED,
    )
    supervised = slot.in_office_hours and rng.random() < 0.85
    return _Draft(project, lot, planned, participants_of(rng, slot.kind, supervised=supervised))


def _subject_of(rng: Random, kind: SessionType) -> tuple[ProjectClass, ProcurementMethod, names.Subjects]:
    if kind is SessionType.LAND_AUCTION:
        return ProjectClass.LAND, ProcurementMethod.OPEN, names.LAND
    if kind is SessionType.NEGOTIATION:
        return ProjectClass.PROCUREMENT, ProcurementMethod.LIMITED, names.PROCUREMENT
    if rng.random() < 0.35:
        return ProjectClass.PROCUREMENT, ProcurementMethod.OPEN, names.PROCUREMENT
    method = rng.choice((ProcurementMethod.OPEN, ProcurementMethod.SELECTIVE))
    return ProjectClass.WORKS, method, names.WORKS


def _move_on(session: Session, held: TradingSession, slot: Slot, now: datetime) -> None:
    """Sets state and times as they are at `now`, and notes what has happened by then."""
    if slot.starts_at > now:
        return
    rng = dice(slot.key)
    bidders = rng.randint(3, 14)
    held.actual_start = slot.starts_at
    held.bidder_count = bidders
    over = slot.ends_at <= now
    held.status = SessionStatus.DONE if over else SessionStatus.OPEN
    held.actual_end = slot.ends_at if over else None
    _draw_panel(session, held, slot, over=over)
    # The course of an opening takes an hour, however long the room is taken.
    course_ends = min(slot.ends_at, slot.starts_at + timedelta(minutes=60))
    noted = select(SessionEvent.at, SessionEvent.kind).where(SessionEvent.session_id == held.id)
    known = {(event.at, event.kind) for event in session.execute(noted)}
    course = events_of(rng, slot.kind, slot.starts_at, course_ends, bidders)
    for event in (*course, *extras_of(rng, slot.kind, slot.starts_at, slot.ends_at)):
        if event["at"] <= now and (event["at"], event["kind"]) not in known:
            session.add(SessionEvent(session_id=held.id, **event))


def _draw_panel(session: Session, held: TradingSession, slot: Slot, *, over: bool) -> None:
    """Experts for an evaluation while it is on; kept longer they would drown the figures of draws."""
    if slot.kind is not SessionType.EVALUATION:
        return
    key = f"{SCHEDULE}{slot.key}/"
    drawn = (ExpertDrawMember.source_system == SOURCE_SYSTEM, ExpertDrawMember.source_key.startswith(key))
    if over:
        session.execute(delete(ExpertDrawMember).where(*drawn))
        return
    if session.scalar(select(ExpertDrawMember.id).where(*drawn).limit(1)) is not None:
        return
    lot_id = session.scalars(select(SessionLot.lot_id).where(SessionLot.session_id == held.id)).one()
    experts = session.scalars(
        select(Expert.id).where(Expert.source_system == SOURCE_SYSTEM).order_by(Expert.code)
    ).all()
    for expert_id in dice(key).sample(experts, min(_PANEL, len(experts))):
        session.add(
            ExpertDrawMember(
                source_system=SOURCE_SYSTEM,
                source_key=f"{key}{expert_id}",
                lot_id=lot_id,
                expert_id=expert_id,
                drawn_at=slot.planned_start - timedelta(hours=2),
                response=DrawResponse.ACCEPTED,
            )
        )


def _forget_old(session: Session, now: datetime) -> None:
    """Removes sessions of this schedule that are long over, unless something refers to them."""
    over = session.scalars(_scheduled().where(TradingSession.actual_end < now - _KEPT_OTHERWISE)).all()
    for held in over:
        if _slot_of(held).in_office_hours and held.planned_start > now - _KEPT_OFFICE_HOURS:
            continue
        with suppress(IntegrityError), session.begin_nested():
            for table in (TradingSession, Lot, Project):
                session.execute(
                    delete(table).where(
                        table.source_system == SOURCE_SYSTEM, table.source_key == held.source_key
                    )
                )


def _scheduled() -> Select[TradingSession]:
    return select(TradingSession).where(
        TradingSession.source_system == SOURCE_SYSTEM, TradingSession.source_key.startswith(SCHEDULE)
    )


def _slot_of(held: TradingSession) -> Slot:
    return Slot.of_key(held.source_key.removeprefix(SCHEDULE))
