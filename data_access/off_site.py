"""Off-site sessions (外出开评标): a browser is the camera, in a room of its own named for the place."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from data_access import cameras
from data_access.cameras import CameraRow
from data_access.models import Camera, CameraStatus, LiveView, Lot, Project, Room, SessionLot, TradingSession
from domain.periods import Period
from domain.vocabulary import CameraSource, Role, RoomType, SessionStatus, SessionType

FORGOTTEN_AFTER = timedelta(minutes=10)
_LONGEST = timedelta(hours=24)  # a session left open longer was forgotten, not held
_SEEN_WITHIN = timedelta(seconds=60)  # a player says every 20 s that it watches
_ON = (SessionStatus.OPEN, SessionStatus.PAUSED)

# What a session is about decides who may watch it, wherever it is held (招标投标法 art. 38).
_RESTRICTED = {
    SessionType.EVALUATION: RoomType.EVALUATION,
    SessionType.NEGOTIATION: RoomType.NEGOTIATION,
    SessionType.EXPERT_DRAW: RoomType.EXPERT_DRAW,
}
_CALLED = {
    RoomType.EVALUATION: "评标",
    RoomType.NEGOTIATION: "谈判",
    RoomType.EXPERT_DRAW: "专家抽取",
}


class PlaceTaken(Exception):
    """A room of the centre has that name."""


@dataclass(frozen=True)
class OffSiteSession:
    """A session that is held elsewhere."""

    id: int
    code: str
    type: str  # domain.vocabulary.SessionType
    planned_start: datetime
    place: str | None  # the room's name, once somebody has sent from there
    projects: tuple[str, ...]


@dataclass(frozen=True)
class Reception:
    """What has become of a browser's pictures."""

    enabled: bool  # False: the camera has been taken out of service
    recorded_since: datetime | None  # None: not recorded now
    inspectors: int  # that watch now


def sessions_of(session: Session, day: Period, now: datetime) -> list[OffSiteSession]:
    """The off-site sessions planned for the day, and those that are open now, the earliest first."""
    planned = and_(
        TradingSession.planned_start >= day.start_at,
        TradingSession.planned_start < day.end_at,
        TradingSession.status.not_in((SessionStatus.CANCELLED, SessionStatus.DONE)),
    )
    is_open = and_(TradingSession.status.in_(_ON), TradingSession.planned_start > now - _LONGEST)
    found = session.execute(
        select(TradingSession, Room.name, func.array_agg(Project.name.distinct()))
        .outerjoin(Room, Room.id == TradingSession.room_id)
        .outerjoin(SessionLot, SessionLot.session_id == TradingSession.id)
        .outerjoin(Lot, Lot.id == SessionLot.lot_id)
        .outerjoin(Project, Project.id == Lot.project_id)
        .where(TradingSession.off_site, or_(planned, is_open))
        .group_by(TradingSession.id, Room.name)
        .order_by(TradingSession.planned_start, TradingSession.code)
    )
    return [
        OffSiteSession(
            held.id, held.code, held.type, held.planned_start, place, tuple(name for name in names if name)
        )
        for held, place, names in found
    ]


def room_type_of(session_type: str) -> RoomType:
    """The type of the room that a session makes of an outside place."""
    return _RESTRICTED.get(SessionType(session_type), RoomType.OFF_SITE)


def room_for(place: str, room_type: RoomType) -> str:
    """The name of the room: that of the place, with the matter where only inspectors may watch it."""
    return f"{place}（{_CALLED[room_type]}）" if room_type in _CALLED else place


def camera_of(session: Session, room_name: str) -> CameraRow | None:
    """The camera that a browser is or was at that place."""
    found = cameras.camera_named(session, _camera_name(room_name))
    return found if found is not None and found.source == CameraSource.BROWSER else None


def start(
    session: Session, *, place: str, room_type: RoomType, held_id: int | None, web_url: str, at: datetime
) -> CameraRow:
    """Makes or enables the place's camera, and tells the session its room.

    Args:
        place: as people call it.
        room_type: `RoomType.OFF_SITE`, or one of the types that only inspectors may watch.
        held_id: the session that is held there; None: it is not on the schedule.
        web_url: where the web process answers on this machine.
        at: now.

    Raises:
        PlaceTaken: a room of the centre has the name.
    """
    room = _room(session, room_for(place, room_type), room_type)
    camera = camera_of(session, room.name)
    if camera is None or camera.removed_at is not None or not camera.enabled:
        camera = _enabled(session, room, camera, at)
    address = f"{web_url}/off-site/{camera.id}.ts?key="
    if not camera.url.startswith(address):
        cameras.change_urls(session, camera.id, address + secrets.token_urlsafe(24), None)
    if held_id is not None:
        held = session.get(TradingSession, held_id)
        if held is not None and held.off_site:
            held.room_id = room.id
    session.flush()
    found = cameras.camera_by_id(session, camera.id)
    assert found is not None
    return found


def _room(session: Session, name: str, room_type: RoomType) -> cameras.RoomRow:
    room = cameras.room_named(session, name)
    if room is None:
        return cameras.add_room(session, name, room_type)
    others = exists().where(Camera.room_id == room.id, Camera.source == CameraSource.NETWORK)
    if room.type != room_type or session.scalar(select(others)):
        raise PlaceTaken(name)
    return room


def _enabled(session: Session, room: cameras.RoomRow, known: CameraRow | None, at: datetime) -> CameraRow:
    """The camera in service, with a key that nobody knows yet."""
    if known is None or known.removed_at is not None:
        name, source = _camera_name(room.name), CameraSource.BROWSER
        return cameras.add(session, room_id=room.id, name=name, url="", source=source, at=at)
    cameras.change_urls(session, known.id, "", None)
    cameras.switch(session, known.id, enabled=True)
    found = cameras.camera_by_id(session, known.id)
    assert found is not None
    return found


def _camera_name(room_name: str) -> str:
    return f"{room_name}-外出"


def reception(session: Session, camera_id: int, now: datetime) -> Reception:
    """Whether the camera is in service and recorded, and how many inspectors watch it."""
    camera = session.get(Camera, camera_id)
    status = session.get(CameraStatus, camera_id)
    watching = session.scalar(
        select(func.count(LiveView.account_id.distinct())).where(
            LiveView.camera_id == camera_id,
            LiveView.role == Role.INSPECTOR,
            LiveView.ended_at.is_(None),
            LiveView.seen_at > now - _SEEN_WITHIN,
        )
    )
    since = status.connected_since if status is not None and status.recording else None
    return Reception(camera is not None and camera.enabled, since, watching or 0)


def is_forgotten(session: Session, camera_id: int, now: datetime) -> bool:
    """Whether nothing has come from an enabled camera for a while and no session is on at its place."""
    last = func.coalesce(CameraStatus.last_frame_at, Camera.added_at)
    on = (
        select(TradingSession.id)
        .where(TradingSession.room_id == Camera.room_id, TradingSession.planned_start > now - _LONGEST)
        .where(TradingSession.status.in_((*_ON, SessionStatus.SCHEDULED)))
    )
    found = (
        select(Camera.id)
        .outerjoin(CameraStatus, CameraStatus.camera_id == Camera.id)
        .where(Camera.id == camera_id, Camera.enabled, Camera.source == CameraSource.BROWSER)
        .where(func.greatest(last, Camera.added_at) < now - FORGOTTEN_AFTER, ~on.exists())
    )
    return session.scalar(found) is not None
