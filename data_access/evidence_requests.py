"""Asking for evidence packages and deciding on them. Each step leaves an audit entry.

Who supervises may ask, for rooms that they may watch, with a reason and a case number. A package of a
restricted room needs the approval of somebody else who may watch such rooms: another inspector. From asking
to building its footage is held.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import audit, evidence_hold
from data_access.evidence import Package, PackagePart, Person, known, package
from data_access.footage import runs_between
from data_access.models import Camera, FootageExport, FootageExportPart, Room, TradingSession
from domain.periods import SHANGHAI
from domain.vocabulary import ExportStatus, SessionType

LONGEST = timedelta(hours=24)  # of one camera
LONGEST_REASON, LONGEST_CASE_NO = 500, 80  # characters
_NUMBER_LOCK = 0x6D6A_0045
_CLOSED_SESSIONS = (SessionType.EVALUATION, SessionType.NEGOTIATION, SessionType.EXPERT_DRAW)


class EvidenceRefused(Exception):
    """What is asked for cannot be done; the message says why in Chinese and English."""


@dataclass(frozen=True)
class Part:
    """One camera's half-open stretch."""

    camera_id: int
    start: datetime
    end: datetime


def request(
    session: Session,
    parts: Sequence[Part],
    *,
    session_id: int | None,
    reason: str,
    case_no: str,
    watermarked: bool,
    person: Person,
    restricted_rooms: Collection[str],
    at: datetime,
) -> Package:
    """Asks for a package; what needs no approval will be built at once. Its footage is held from now on.

    Args:
        session_id: the session that it is about, held in the room of one of the cameras.
        restricted_rooms: types of rooms of which a package needs somebody else's approval.

    Raises:
        EvidenceRefused: a word is missing, a range is wrong, nothing was recorded, or the person may not.
    """
    evidence_hold.come_before_deletions(session)
    reason, case_no = _worded(reason, case_no)
    found = _checked_parts(session, parts, person, at)
    kind = _kind_of(session, session_id, found)
    restricted = kind in _CLOSED_SESSIONS or any(part.room_type in restricted_rooms for part in found)
    if restricted and not person.sees_restricted:
        raise EvidenceRefused("您无权调取该场次的录像 / you may not take footage of this session")
    row = FootageExport(
        number=_next_number(session, at),
        status=(ExportStatus.REQUESTED if restricted else ExportStatus.APPROVED).value,
        session_id=session_id,
        reason=reason,
        case_no=case_no,
        watermarked=watermarked,
        restricted=restricted,
        requested_by=person.account_id,
        requested_at=at,
    )
    session.add(row)
    session.flush()
    session.add_all(
        FootageExportPart(
            export_id=row.id, camera_id=part.camera_id, started_at=part.start, ended_at=part.end
        )
        for part in found
    )
    session.flush()
    made = known(session, row.id)
    evidence_hold.begin(session, made, at)
    _note(session, "request_evidence", made, person, at, reason=reason, watermarked=watermarked)
    return made


def decide(
    session: Session, package_id: int, *, approve: bool, note: str, person: Person, at: datetime
) -> Package:
    """Approves or rejects a request.

    Raises:
        EvidenceRefused: it is not waiting, is the person's own, is not for this person, or a rejection
            gives no reason.
    """
    # What cannot be built may be given up, too: its footage is held until then.
    from_where = (ExportStatus.REQUESTED,) if approve else (ExportStatus.REQUESTED, ExportStatus.FAILED)
    row, made = _taken(session, package_id, person, *from_where)
    if row.requested_by == person.account_id:
        raise EvidenceRefused(
            "不能审批本人的申请，请由另一名纪检监察人员审批 / nobody decides on one's own request; "
            "ask another inspector"
        )
    note = note.strip()[:LONGEST_REASON]
    if not approve and not note:
        raise EvidenceRefused("驳回须说明理由 / a rejection needs a reason")
    row.status = (ExportStatus.APPROVED if approve else ExportStatus.REJECTED).value
    row.decided_by, row.decided_at, row.decision_note = person.account_id, at, note
    session.flush()
    if not approve:
        evidence_hold.end(session, made, at)
    _note(session, "approve_evidence" if approve else "reject_evidence", made, person, at, note=note)
    return known(session, package_id)


def build_again(session: Session, package_id: int, *, person: Person, at: datetime) -> Package:
    """Lets a package be built anew that could not be built.

    Raises:
        EvidenceRefused: it has not failed, or is not for this person.
    """
    row, made = _taken(session, package_id, person, ExportStatus.FAILED)
    row.status, row.error, row.progress = ExportStatus.APPROVED.value, "", 0.0
    session.flush()
    _note(session, "retry_evidence", made, person, at)
    return known(session, package_id)


def note_taken(session: Session, made: Package, person: Person, at: datetime) -> None:
    """Enters in the audit log that somebody takes the package."""
    _note(session, "take_evidence", made, person, at)


def _worded(reason: str, case_no: str) -> tuple[str, str]:
    reason, case_no = " ".join(reason.split()), " ".join(case_no.split())
    if not reason or not case_no:
        raise EvidenceRefused("请填写调取理由和案号 / give a reason and a case number")
    if len(reason) > LONGEST_REASON or len(case_no) > LONGEST_CASE_NO or "\x00" in reason + case_no:
        raise EvidenceRefused(
            f"理由最多 {LONGEST_REASON} 字，案号最多 {LONGEST_CASE_NO} 字 / "
            f"a reason has at most {LONGEST_REASON} characters, a case number {LONGEST_CASE_NO}"
        )
    return reason, case_no


def _checked_parts(
    session: Session, parts: Sequence[Part], person: Person, at: datetime
) -> list[PackagePart]:
    if not parts or len({part.camera_id for part in parts}) < len(parts):
        raise EvidenceRefused("请选择摄像头，每台一个时段 / choose cameras, one range for each")
    found = [_checked_part(session, part, person, at) for part in parts]
    if not any(runs_between(session, part.camera_id, part.start, part.end) for part in found):
        raise EvidenceRefused("该时段没有录像 / nothing was recorded in this range")
    return found


def _checked_part(session: Session, part: Part, person: Person, at: datetime) -> PackagePart:
    row = session.execute(
        select(Camera.name, Room.name, Room.type)
        .join(Room, Room.id == Camera.room_id)
        .where(Camera.id == part.camera_id)
    ).one_or_none()
    if row is None or row[2] not in person.rooms:
        raise EvidenceRefused("您无权调取该场所的录像 / you may not take footage of this room")
    end = min(part.end, at)  # what is yet to come is no evidence
    if end <= part.start:
        raise EvidenceRefused("结束时间须晚于开始时间且不在将来 / the range is empty or lies in the future")
    if end - part.start > LONGEST:
        raise EvidenceRefused("每台摄像头最多 24 小时 / at most 24 hours of each camera")
    return PackagePart(part.camera_id, *row, part.start, end)


def _kind_of(session: Session, session_id: int | None, parts: Sequence[PackagePart]) -> str | None:
    """The type of the session that the package is about, which must have been held where the cameras are."""
    if session_id is None:
        return None
    rooms = select(Camera.room_id).where(Camera.id.in_([part.camera_id for part in parts]))
    kind = session.scalar(
        select(TradingSession.type).where(TradingSession.id == session_id, TradingSession.room_id.in_(rooms))
    )
    if kind is None:
        raise EvidenceRefused(
            "该场次不在这些摄像头的房间 / the session was not held in the room of these cameras"
        )
    return kind


def _next_number(session: Session, at: datetime) -> str:
    """ZJ-, the day in Shanghai, and the number of that day."""
    session.execute(select(func.pg_advisory_xact_lock(_NUMBER_LOCK)))
    day = f"ZJ-{at.astimezone(SHANGHAI):%Y%m%d}-"
    newest = session.scalar(
        select(func.max(FootageExport.number)).where(FootageExport.number.startswith(day))
    )
    return f"{day}{int(newest.removeprefix(day)) + 1 if newest else 1:04d}"


def _taken(
    session: Session, package_id: int, person: Person, *wanted: ExportStatus
) -> tuple[FootageExport, Package]:
    """The row, locked until the transaction ends, if it is the person's to act on and stands at `wanted`."""
    row = session.get(FootageExport, package_id, with_for_update=True, populate_existing=True)
    made = package(session, package_id, person=person) if row else None
    if row is None or made is None:
        raise EvidenceRefused("没有这个证据包，或您无权处理 / there is no such package for you")
    if made.status not in wanted:
        raise EvidenceRefused(
            f"证据包 {made.number} 的状态已变化，请刷新 / package {made.number} stands elsewhere now: reload"
        )
    return row, made


def _note(session: Session, action: str, made: Package, person: Person, at: datetime, **more: object) -> None:
    detail: dict[str, object] = {
        "case_no": made.case_no,
        "camera_ids": [part.camera_id for part in made.parts],
        "from": min(part.start for part in made.parts).astimezone(SHANGHAI).isoformat(),
        "to": max(part.end for part in made.parts).astimezone(SHANGHAI).isoformat(),
        **more,
    }
    actor = f"{person.name} (command line)" if person.by_command else person.name
    audit.record(
        session,
        actor=actor,
        action=action,
        subject=made.number,
        detail=detail,
        address=person.address,
        at=at,
    )
