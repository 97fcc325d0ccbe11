"""Regions, rooms, cameras and what the workers report of themselves."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, one_of
from domain.vocabulary import CameraSource, RecordingPolicy, RoomType


class Region(Base):
    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(6), primary_key=True, comment="GB/T 2260")
    name: Mapped[str]
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))


class Room(Base):
    __tablename__ = "room"
    __table_args__ = (one_of("type", RoomType),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    seats: Mapped[int | None]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))


class Camera(Base):
    """The desired state; what is observed stands in `camera_status`."""

    __tablename__ = "camera"
    __table_args__ = (one_of("source", CameraSource), one_of("recording_policy", RecordingPolicy))

    id: Mapped[Id]
    room_id: Mapped[int] = mapped_column(ForeignKey("room.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    source: Mapped[str] = mapped_column(server_default="network")
    url: Mapped[str] = mapped_column(comment="main stream; secret, may hold a password")
    sub_url: Mapped[str | None] = mapped_column(comment="smaller stream for live tiles; secret")
    enabled: Mapped[bool] = mapped_column(server_default="true")
    online_days: Mapped[int | None] = mapped_column(
        comment="days footage is kept; empty: the installation's default"
    )
    recording_policy: Mapped[str] = mapped_column(server_default="always")
    codec: Mapped[str | None] = mapped_column(comment="of the main stream when probed, for example h264")
    width: Mapped[int | None] = mapped_column(comment="pixels")
    height: Mapped[int | None] = mapped_column(comment="pixels")
    frame_rate: Mapped[float | None] = mapped_column(comment="frames a second")
    gop_seconds: Mapped[float | None] = mapped_column(comment="seconds between key frames")
    has_b_frames: Mapped[bool | None]
    audio_codec: Mapped[str | None] = mapped_column(comment="empty: no audio")
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None] = mapped_column(
        comment="set by removal; its footage stays until it expires"
    )


class CameraStatus(Base):
    """Written by the recorder only."""

    __tablename__ = "camera_status"

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id", ondelete="CASCADE"), primary_key=True)
    recording: Mapped[bool] = mapped_column(comment="frames are being written")
    last_frame_at: Mapped[datetime | None]
    message: Mapped[str] = mapped_column(server_default="", comment="why it is not recording")
    connected_since: Mapped[datetime | None] = mapped_column(comment="empty: not connected now")
    codec: Mapped[str | None] = mapped_column(comment="of the main stream now, for example h264")
    width: Mapped[int | None] = mapped_column(comment="pixels")
    height: Mapped[int | None] = mapped_column(comment="pixels")
    frame_rate: Mapped[float | None] = mapped_column(comment="frames a second, over the last seconds")
    bits_per_second: Mapped[float | None] = mapped_column(
        comment="of pictures and sound, over the last seconds"
    )
    audio_codec: Mapped[str | None] = mapped_column(comment="empty: no sound")
    clock_offset: Mapped[float | None] = mapped_column(
        comment="seconds by which the camera's own clock is ahead of ours; empty: it does not tell"
    )
    updated_at: Mapped[datetime]


class WorkerHeartbeat(Base):
    """A worker that has not been seen for 10 s is not well."""

    __tablename__ = "worker_heartbeat"

    worker: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]
