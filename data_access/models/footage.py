"""The index of footage: segments, runs and gaps."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, PrimaryKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, one_of
from domain.vocabulary import GapCause


class FootageRun(Base):
    """A contiguous stretch of one camera's footage with unchanged codec parameters."""

    __tablename__ = "footage_run"
    __table_args__ = (
        CheckConstraint("ended_at >= started_at", name="order"),
        Index("ix_footage_run_camera_time", "camera_id", "started_at", "ended_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(comment="end of its last published segment; half-open")


class FootageSegment(Base):
    """One closed fragmented-MP4 file. Partitioned by day (UTC) of `started_at`, so days can be dropped.

    Without foreign keys: to drop a day would lock cameras and runs against all readers, to delete a run
    would read every segment.
    """

    __tablename__ = "footage_segment"
    __table_args__ = (
        # With what is summed up over days, so that the rows, large with their sample indexes, are not read.
        PrimaryKeyConstraint("camera_id", "started_at", postgresql_include=["ended_at", "run_id", "size"]),
        CheckConstraint("ended_at > started_at", name="order"),
        Index("ix_footage_segment_path", "path"),
        {"postgresql_partition_by": "RANGE (started_at)"},
    )

    camera_id: Mapped[int] = mapped_column(comment="camera.id")
    started_at: Mapped[datetime] = mapped_column(comment="wall clock of the first picture")
    ended_at: Mapped[datetime] = mapped_column(comment="half-open: end of the last picture")
    run_id: Mapped[int] = mapped_column(comment="footage_run.id")
    path: Mapped[str] = mapped_column(comment="relative to the footage folder")
    size: Mapped[int] = mapped_column(comment="bytes")
    sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the file")
    previous_sha256: Mapped[bytes] = mapped_column(
        LargeBinary, comment="of the camera's segment before; 32 zero bytes first"
    )
    sample_index: Mapped[bytes] = mapped_column(
        LargeBinary, comment="media.fragmented_mp4.SampleIndex, packed"
    )


class FootageGap(Base):
    """An interval without footage of an enabled camera, and why."""

    __tablename__ = "footage_gap"
    __table_args__ = (
        CheckConstraint("ended_at > started_at", name="order"),
        one_of("cause", GapCause),
        Index("ix_footage_gap_camera_time", "camera_id", "started_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(comment="grows while the gap lasts")
    cause: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")


class FootageOpenSegment(Base):
    """The whole fragments of the segment that a camera's recorder is writing now: playable already."""

    __tablename__ = "footage_open_segment"
    __table_args__ = (CheckConstraint("ended_at > started_at", name="order"),)

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(comment="half-open: end of its last whole fragment")
    run_id: Mapped[int] = mapped_column(ForeignKey("footage_run.id"))
    path: Mapped[str] = mapped_column(comment="the .part file, relative to the footage folder")
    size: Mapped[int] = mapped_column(comment="bytes of its whole fragments")
    sample_index: Mapped[bytes] = mapped_column(LargeBinary, comment="of those, packed as in footage_segment")
