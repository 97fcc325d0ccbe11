"""All that the database tells of a package, read at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from data_access import evidence_facts, footage, footage_events, footage_gaps, schedule_view, session_view
from data_access.evidence import Package, PackagePart
from data_access.evidence_facts import LogEntry, Seal
from data_access.footage import Segment, Stretch
from data_access.footage_events import EventRow
from data_access.footage_gaps import Gap
from data_access.schedule_view import ScheduledSession
from data_access.session_view import Course, SessionPeople
from domain.periods import SHANGHAI
from domain.vocabulary import RoomType
from media import signing


@dataclass(frozen=True)
class CameraFacts:
    """What there is of one camera's stretch."""

    part: PackagePart
    segments: Sequence[Segment]
    runs: Sequence[Stretch]
    gaps: Sequence[Gap]
    events: Sequence[EventRow]
    seals: Sequence[Seal]


@dataclass(frozen=True)
class SessionFacts:
    """The session that the package is about, as far as it may be told now."""

    held: ScheduledSession
    people: SessionPeople
    course: Course


@dataclass(frozen=True)
class Facts:
    """Everything but the pictures."""

    package: Package
    at: datetime  # in Asia/Shanghai, whole seconds
    identity: str  # of the installation
    public_key: str  # PEM
    cameras: Sequence[CameraFacts]
    session: SessionFacts | None
    log: Sequence[LogEntry]


def gather(session: Session, made: Package, at: datetime) -> Facts:
    """Reads the facts; what is confidential at this stage is not read (data_access.session_view)."""
    return Facts(
        package=made,
        at=at.astimezone(SHANGHAI).replace(microsecond=0),
        identity=evidence_facts.identity(session),
        public_key=signing.public_key_pem(),
        cameras=[_camera(session, part) for part in made.parts],
        session=_session(session, made, at),
        log=evidence_facts.log_of(session, made),
    )


def _camera(session: Session, part: PackagePart) -> CameraFacts:
    stretch = part.camera_id, part.start, part.end
    return CameraFacts(
        part=part,
        segments=footage.segments_between(session, *stretch),
        runs=footage.runs_between(session, *stretch),
        gaps=footage_gaps.gaps_between(session, *stretch),
        events=footage_events.events_between(session, *stretch),
        seals=evidence_facts.seals_of(session, part),
    )


def _session(session: Session, made: Package, at: datetime) -> SessionFacts | None:
    if made.session_id is None:
        return None
    held = schedule_view.session_with_id(session, made.session_id)
    people = session_view.people_of(session, made.session_id)
    if held is None or people is None:
        return None  # it was taken off the schedule since
    # Whoever may have the package may watch these (data_access.evidence).
    rooms = {part.room_type for part in made.parts}
    if made.restricted:
        rooms |= {RoomType.EVALUATION.value}
    return SessionFacts(held, people, session_view.course_of(session, made.session_id, at, rooms))
