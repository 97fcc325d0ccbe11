"""Rooms, their cameras, and what the recorder reports of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.models import Camera, CameraStatus, Room


class NameTaken(Exception):
    """Another camera has the name, or had it in another room and left footage there."""


@dataclass(frozen=True)
class RoomRow:
    """A room of the centre."""

    id: int
    name: str
    type: str  # domain.vocabulary.RoomType


@dataclass(frozen=True)
class CameraRow:
    """A camera and its room. The URLs are secret: show them through `media.camera.redacted` only."""

    id: int
    name: str
    room_id: int
    room_name: str
    room_type: str  # domain.vocabulary.RoomType
    url: str = field(repr=False)
    sub_url: str | None = field(repr=False)
    enabled: bool
    online_days: int | None  # None: the installation's default
    codec: str | None
    width: int | None  # pixels
    height: int | None  # pixels
    frame_rate: float | None  # frames a second
    gop_seconds: float | None
    has_b_frames: bool | None
    audio_codec: str | None
    added_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True)
class StatusRow:
    """What the recorder last said of a camera."""

    camera_id: int
    recording: bool
    last_frame_at: datetime | None
    message: str  # why it is not recording; empty when it is
    updated_at: datetime


def all_cameras(session: Session, *, removed: bool = False) -> list[CameraRow]:
    """Every camera by room and name; with `removed` also those that only their footage is left of."""
    query = _cameras() if removed else _cameras().where(Camera.removed_at.is_(None))
    return _rows(session, query)


def enabled_cameras(session: Session) -> list[CameraRow]:
    """The cameras that are to be recorded and may be watched."""
    return _rows(session, _cameras().where(Camera.removed_at.is_(None), Camera.enabled))


def cameras_in_room(session: Session, room_id: int) -> list[CameraRow]:
    """The enabled cameras of a room, by name."""
    chosen = _cameras().where(Camera.removed_at.is_(None), Camera.enabled, Camera.room_id == room_id)
    return _rows(session, chosen)


def camera_named(session: Session, name: str) -> CameraRow | None:
    """The camera of that name, a removed one too (`removed_at` is set): its footage is still there."""
    return next(iter(_rows(session, _cameras().where(Camera.name == name))), None)


def camera_by_id(session: Session, camera_id: int) -> CameraRow | None:
    """The camera with that id, a removed one too."""
    return next(iter(_rows(session, _cameras().where(Camera.id == camera_id))), None)


def add(
    session: Session,
    *,
    room_id: int,
    name: str,
    url: str,
    at: datetime,
    sub_url: str | None = None,
    codec: str | None = None,
    width: int | None = None,
    height: int | None = None,
    frame_rate: float | None = None,
    gop_seconds: float | None = None,
    has_b_frames: bool | None = None,
    audio_codec: str | None = None,
) -> CameraRow:
    """Adds a camera. A removed one of the same name and room comes back, its footage with it.

    Raises:
        NameTaken: the name belongs to another camera.
    """
    camera = session.scalar(select(Camera).where(Camera.name == name))
    if camera is None:
        camera = Camera(name=name, room_id=room_id)
        session.add(camera)
    elif camera.removed_at is None:
        raise NameTaken(f"已有名为“{name}”的摄像头 / there is a camera named {name!r} already")
    elif camera.room_id != room_id:
        raise NameTaken(
            f"“{name}”曾属于另一房间且仍有录像，请换一个名称 / "
            f"{name!r} was a camera of another room and has footage there; choose another name"
        )
    camera.url, camera.sub_url, camera.enabled = url, sub_url, True
    camera.codec, camera.width, camera.height = codec, width, height
    camera.frame_rate, camera.gop_seconds = frame_rate, gop_seconds
    camera.has_b_frames, camera.audio_codec = has_b_frames, audio_codec
    camera.added_at, camera.removed_at = at, None
    session.flush()
    return _rows(session, _cameras().where(Camera.id == camera.id))[0]


def remove(session: Session, name: str, at: datetime) -> CameraRow | None:
    """Takes a camera out of service; its footage stays until it expires. None: there is none such."""
    camera = session.scalar(select(Camera).where(Camera.name == name, Camera.removed_at.is_(None)))
    if camera is None:
        return None
    camera.removed_at = at
    session.flush()
    return _rows(session, _cameras().where(Camera.id == camera.id))[0]


def change_url(session: Session, camera_id: int, url: str) -> None:
    """Gives a camera another address for its main stream."""
    session.execute(update(Camera).where(Camera.id == camera_id).values(url=url))


def all_rooms(session: Session) -> list[RoomRow]:
    """Every room by name."""
    return [_room(room) for room in session.scalars(select(Room).order_by(Room.name))]


def room_named(session: Session, name: str) -> RoomRow | None:
    """The room of that name."""
    found = session.scalar(select(Room).where(Room.name == name))
    return None if found is None else _room(found)


def add_room(session: Session, name: str, room_type: str) -> RoomRow:
    """Adds a room of a `domain.vocabulary.RoomType`."""
    room = Room(name=name, type=room_type)
    session.add(room)
    session.flush()
    return _room(room)


def report_status(
    session: Session,
    camera_id: int,
    *,
    recording: bool,
    last_frame_at: datetime | None,
    message: str,
    at: datetime,
) -> None:
    """Writes what the recorder observes. Without `last_frame_at` the last known one stays."""
    new = insert(CameraStatus).values(
        camera_id=camera_id,
        recording=recording,
        last_frame_at=last_frame_at,
        message=message,
        updated_at=at,
    )
    observed = {"recording": recording, "message": message, "updated_at": at}
    if last_frame_at is not None:
        observed["last_frame_at"] = last_frame_at
    session.execute(new.on_conflict_do_update(index_elements=["camera_id"], set_=observed))


def statuses(session: Session) -> dict[int, StatusRow]:
    """What the recorder last said, by camera id; a camera never recorded is missing."""
    found = session.scalars(select(CameraStatus).execution_options(populate_existing=True))
    return {
        row.camera_id: StatusRow(row.camera_id, row.recording, row.last_frame_at, row.message, row.updated_at)
        for row in found
    }


def _cameras() -> Select[Camera, Room]:
    return select(Camera, Room).join(Room, Room.id == Camera.room_id).order_by(Room.name, Camera.name)


def _rows(session: Session, query: Select[Camera, Room]) -> list[CameraRow]:
    return [
        CameraRow(
            id=camera.id,
            name=camera.name,
            room_id=room.id,
            room_name=room.name,
            room_type=room.type,
            url=camera.url,
            sub_url=camera.sub_url,
            enabled=camera.enabled,
            online_days=camera.online_days,
            codec=camera.codec,
            width=camera.width,
            height=camera.height,
            frame_rate=camera.frame_rate,
            gop_seconds=camera.gop_seconds,
            has_b_frames=camera.has_b_frames,
            audio_codec=camera.audio_codec,
            added_at=camera.added_at,
            removed_at=camera.removed_at,
        )
        for camera, room in session.execute(query)
    ]


def _room(room: Room) -> RoomRow:
    return RoomRow(room.id, room.name, room.type)
