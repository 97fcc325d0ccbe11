"""Evidence packages: who may see which, and where they stand.

A package of a restricted room is confidential like the room itself (招标投标法 art. 38): only who may watch
evaluation rooms, an inspector, sees it. Others see what they have asked for themselves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from data_access.models import (
    Account,
    Camera,
    FootageExport,
    FootageExportPart,
    FootageOpenSegment,
    Room,
)
from domain.vocabulary import ExportStatus, RoomType

# What is being recorded is waited for, so that the package names whole segments with their hashes.
_WAIT_FOR_OPEN = timedelta(minutes=10)


@dataclass(frozen=True)
class Person:
    """Who asks, decides or looks."""

    account_id: int
    name: str  # as signed in
    rooms: frozenset[str]  # types of rooms whose footage the person may watch
    address: str = ""
    by_command: bool = False  # on the command line of the server

    @property
    def sees_restricted(self) -> bool:
        """Whether packages of restricted rooms are for this person."""
        return RoomType.EVALUATION in self.rooms


@dataclass(frozen=True)
class PackagePart:
    """One camera's stretch in a package, with its names."""

    camera_id: int
    camera: str
    room: str
    room_type: str  # domain.vocabulary.RoomType
    start: datetime
    end: datetime  # half-open


@dataclass(frozen=True)
class Package:
    """An evidence package and where it stands."""

    id: int
    number: str  # ZJ-20261123-0007
    status: ExportStatus
    session_id: int | None
    reason: str
    case_no: str
    watermarked: bool
    restricted: bool
    requested_by: int  # account id
    requester: str  # the name to be shown
    requested_at: datetime
    decider: str  # empty: nobody had to decide, or has not yet
    decided_at: datetime | None
    decision_note: str
    built_at: datetime | None
    path: str  # of the zip, relative to the exports folder
    size: int | None  # bytes
    sha256: bytes | None  # of the zip
    progress: float  # 0 to 1 while it is built
    error: str
    parts: tuple[PackagePart, ...]

    def is_for(self, person: Person) -> bool:
        """Whether the person may see and take it."""
        allowed = {part.room_type for part in self.parts} <= person.rooms
        if person.sees_restricted:
            return allowed
        return allowed and not self.restricted and self.requested_by == person.account_id


def package(session: Session, package_id: int, *, person: Person) -> Package | None:
    """One package; None: there is none such for this person."""
    found = _read(session, _packages().where(FootageExport.id == package_id))
    return next((each for each in found if each.is_for(person)), None)


def package_numbered(session: Session, number: str, *, person: Person) -> Package | None:
    """The package of that number; None: there is none such for this person."""
    found = _read(session, _packages().where(FootageExport.number == number))
    return next((each for each in found if each.is_for(person)), None)


def packages(session: Session, *, person: Person, limit: int = 50, offset: int = 0) -> list[Package]:
    """The packages that the person may see, those that wait for a decision first, then the newest."""
    waits = FootageExport.status == ExportStatus.REQUESTED.value
    query = _packages().where(_is_for(person)).order_by(waits.desc(), FootageExport.id.desc())
    return _read(session, query.limit(limit).offset(offset))


def count_packages(session: Session, *, person: Person) -> int:
    """How many packages the person may see."""
    return session.scalar(select(func.count()).select_from(FootageExport).where(_is_for(person))) or 0


def next_to_build(session: Session, at: datetime) -> Package | None:
    """The approved package that waits longest; while its footage is being recorded it waits a little."""
    being_recorded = exists().where(
        FootageExportPart.export_id == FootageExport.id,
        FootageOpenSegment.camera_id == FootageExportPart.camera_id,
        FootageOpenSegment.started_at < FootageExportPart.ended_at,
        FootageOpenSegment.ended_at > FootageExportPart.started_at,
    )
    since = func.coalesce(FootageExport.decided_at, FootageExport.requested_at)
    query = (
        _packages()
        .where(
            FootageExport.status == ExportStatus.APPROVED.value,
            ~being_recorded | (since < at - _WAIT_FOR_OPEN),
        )
        .order_by(since)
        .limit(1)
    )
    return next(iter(_read(session, query)), None)


def _is_for(person: Person) -> ColumnElement[bool]:
    elsewhere = exists().where(
        FootageExportPart.export_id == FootageExport.id,
        Camera.id == FootageExportPart.camera_id,
        Room.id == Camera.room_id,
        Room.type.not_in(person.rooms),
    )
    if person.sees_restricted:
        return ~elsewhere
    return ~elsewhere & ~FootageExport.restricted & (FootageExport.requested_by == person.account_id)


_requester, _decider = aliased(Account), aliased(Account)


def _packages() -> Select[FootageExport, str, str | None]:
    return (
        select(FootageExport, _requester.display_name, _decider.display_name)
        .join(_requester, _requester.id == FootageExport.requested_by)
        .outerjoin(_decider, _decider.id == FootageExport.decided_by)
    )


def known(session: Session, package_id: int) -> Package:
    """The package of that id, for whoever may act on it already.

    Raises:
        ValueError: there is none.
    """
    (found,) = _read(session, _packages().where(FootageExport.id == package_id))
    return found


def _read(session: Session, query: Select[FootageExport, str, str | None]) -> list[Package]:
    rows = session.execute(query.execution_options(populate_existing=True)).all()
    parts = _parts_of(session, [row[0].id for row in rows])
    return [
        Package(
            id=row.id,
            number=row.number,
            status=ExportStatus(row.status),
            session_id=row.session_id,
            reason=row.reason,
            case_no=row.case_no,
            watermarked=row.watermarked,
            restricted=row.restricted,
            requested_by=row.requested_by,
            requester=requester,
            requested_at=row.requested_at,
            decider=decider or "",
            decided_at=row.decided_at,
            decision_note=row.decision_note,
            built_at=row.built_at,
            path=row.path,
            size=row.size,
            sha256=row.sha256,
            progress=row.progress,
            error=row.error,
            parts=parts.get(row.id, ()),
        )
        for row, requester, decider in rows
    ]


def _parts_of(session: Session, ids: list[int]) -> dict[int, tuple[PackagePart, ...]]:
    rows = session.execute(
        select(
            FootageExportPart.export_id,
            FootageExportPart.camera_id,
            Camera.name,
            Room.name,
            Room.type,
            FootageExportPart.started_at,
            FootageExportPart.ended_at,
        )
        .join(Camera, Camera.id == FootageExportPart.camera_id)
        .join(Room, Room.id == Camera.room_id)
        .where(FootageExportPart.export_id.in_(ids))
        .order_by(FootageExportPart.export_id, Camera.name)
    )
    return {
        export_id: tuple(PackagePart(*row[1:]) for row in of_one)
        for export_id, of_one in groupby(rows, key=lambda row: row[0])
    }
