"""Rooms, their cameras, and what the recorder reports of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import cast

from sqlalchemy import Select, Table, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.models import Camera, CameraStatus, Room
from domain.vocabulary import CameraSource, RecordingPolicy


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
    source: str = CameraSource.NETWORK
    recording_policy: str = RecordingPolicy.ALWAYS


@dataclass(frozen=True)
class StreamNow:
    """What a connected camera sends, measured over the last seconds; None: not known."""

    connected_since: datetime | None = None  # None: not connected now
    codec: str | None = None  # "h264" or "hevc"
    width: int | None = None  # pixels
    height: int | None = None  # pixels
    frame_rate: float | None = None  # frames a second
    bits_per_second: float | None = None  # of what is recorded: pictures and sound
    audio_codec: str | None = None  # None: no sound
    clock_offset: float | None = None  # seconds by which the camera's clock is ahead; None: it does not tell


NOT_CONNECTED = StreamNow()
_MEASURED = tuple(each.name for each in fields(StreamNow))
# Written once, as a recorder says it of every camera every two seconds.
_NEW_STATUS = insert(cast("Table", CameraStatus.__table__))
_REPORT = _NEW_STATUS.on_conflict_do_update(
    index_elements=["camera_id"],
    set_={
        **{name: _NEW_STATUS.excluded[name] for name in ("recording", "message", "updated_at", *_MEASURED)},
        "last_frame_at": func.coalesce(_NEW_STATUS.excluded.last_frame_at, CameraStatus.last_frame_at),
    },
)


@dataclass(frozen=True)
class StatusRow:
    """What the recorder last said of a camera."""

    camera_id: int
    recording: bool
    last_frame_at: datetime | None
    message: str  # why it is not recording; empty when it is
    updated_at: datetime
    stream: StreamNow = NOT_CONNECTED


def all_cameras(session: Session, *, removed: bool = False) -> list[CameraRow]:
    """Every camera by room and name; with `removed` also those that only their footage is left of."""
    query = _cameras() if removed else _cameras().where(Camera.removed_at.is_(None))
    return _rows(session, query)


def installed_cameras(session: Session) -> list[CameraRow]:
    """The cameras to be expected on the wall: a browser (外出开评标) only while it is in service."""
    fixed = Camera.source == CameraSource.NETWORK
    return _rows(session, _cameras().where(Camera.removed_at.is_(None), Camera.enabled | fixed))


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
    source: CameraSource = CameraSource.NETWORK,
    recording_policy: RecordingPolicy = RecordingPolicy.ALWAYS,
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
    camera.url, camera.sub_url, camera.source, camera.enabled = url, sub_url, source, True
    camera.recording_policy = recording_policy
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


def switch(session: Session, camera_id: int, *, enabled: bool) -> None:
    """Enables a camera, or disables it: it is then neither recorded nor watched, its footage stays."""
    session.execute(update(Camera).where(Camera.id == camera_id).values(enabled=enabled))


def change_recording(session: Session, camera_id: int, policy: RecordingPolicy) -> None:
    """Records a camera always, or around the sessions of its room only."""
    session.execute(update(Camera).where(Camera.id == camera_id).values(recording_policy=policy.value))


def keep_for(session: Session, camera_id: int, days: int | None) -> None:
    """Keeps a camera's footage for so many days; None: as long as the installation does."""
    session.execute(update(Camera).where(Camera.id == camera_id).values(online_days=days))


def change_urls(session: Session, camera_id: int, url: str, sub_url: str | None) -> None:
    """Gives a camera other addresses for its main stream and its sub-stream."""
    session.execute(update(Camera).where(Camera.id == camera_id).values(url=url, sub_url=sub_url))


def all_rooms(session: Session) -> list[RoomRow]:
    """Every room by name."""
    return [_room(room) for room in session.scalars(select(Room).order_by(Room.name))]


def room_named(session: Session, name: str) -> RoomRow | None:
    """The room of that name."""
    found = session.scalar(select(Room).where(Room.name == name))
    return None if found is None else _room(found)


def room_by_id(session: Session, room_id: int) -> RoomRow | None:
    """The room with that id."""
    found = session.get(Room, room_id)
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
    stream: StreamNow = NOT_CONNECTED,
) -> None:
    """Writes what the recorder observes. Without `last_frame_at` the last known one stays."""
    observed = {"recording": recording, "message": message, "updated_at": at, "last_frame_at": last_frame_at}
    told = {name: getattr(stream, name) for name in _MEASURED}
    session.execute(_REPORT, {"camera_id": camera_id, **observed, **told})


def statuses(session: Session) -> dict[int, StatusRow]:
    """What the recorder last said, by camera id; a camera never recorded is missing."""
    found = session.scalars(select(CameraStatus).execution_options(populate_existing=True))
    return {
        row.camera_id: StatusRow(
            camera_id=row.camera_id,
            recording=row.recording,
            last_frame_at=row.last_frame_at,
            message=row.message,
            updated_at=row.updated_at,
            stream=StreamNow(**{name: getattr(row, name) for name in _MEASURED}),
        )
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
            source=camera.source,
            recording_policy=camera.recording_policy,
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
