"""What is kept of footage and for how long, what is taken out as evidence, whether it is still whole."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, one_of
from domain.vocabulary import ArchiveStatus, ExportStatus, FootageEventKind, FootageFault


class Installation(Base):
    """One row: a footage folder that bears another identity belongs to another database."""

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[Id]
    identity: Mapped[str] = mapped_column(comment="random; stands in the footage folder's marker file too")
    made_at: Mapped[datetime]


class FootageHold(Base):
    """A stretch of a camera's footage that nothing deletes until the hold is released. Rows stay."""

    __tablename__ = "footage_hold"
    __table_args__ = (
        CheckConstraint("ended_at > started_at", name="order"),
        Index(
            "ix_footage_hold_lasting",
            "camera_id",
            "started_at",
            "ended_at",
            postgresql_where=text("released_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(comment="half-open")
    session_id: Mapped[int | None] = mapped_column(ForeignKey("trading_session.id"), index=True)
    reason: Mapped[str]
    case_no: Mapped[str] = mapped_column(server_default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime]
    released_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    released_at: Mapped[datetime | None]
    release_reason: Mapped[str] = mapped_column(server_default="")


class FootageExport(Base):
    """An evidence package: asked for with a reason, approved where the room is restricted, built."""

    __tablename__ = "footage_export"
    __table_args__ = (one_of("status", ExportStatus), Index("ix_footage_export_requested_at", "requested_at"))

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True, comment="ZJ-20261123-0007, on the package")
    status: Mapped[str]
    session_id: Mapped[int | None] = mapped_column(ForeignKey("trading_session.id"), index=True)
    reason: Mapped[str]
    case_no: Mapped[str]
    watermarked: Mapped[bool] = mapped_column(comment="a second file with a visible watermark was asked for")
    restricted: Mapped[bool] = mapped_column(comment="of a restricted room: somebody else must approve")
    requested_by: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    requested_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str] = mapped_column(server_default="")
    built_at: Mapped[datetime | None]
    path: Mapped[str] = mapped_column(server_default="", comment="of the zip, relative to the exports folder")
    size: Mapped[int | None] = mapped_column(BigInteger, comment="bytes")
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary, comment="of the zip")
    progress: Mapped[float] = mapped_column(server_default="0", comment="0 to 1 while it is built")
    error: Mapped[str] = mapped_column(server_default="", comment="why it could not be built")


class FootageExportPart(Base):
    """One camera's stretch in an evidence package."""

    __tablename__ = "footage_export_part"
    __table_args__ = (CheckConstraint("ended_at > started_at", name="order"),)

    export_id: Mapped[int] = mapped_column(ForeignKey("footage_export.id"), primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(comment="half-open")


class FootageArchive(Base):
    """A copy of one camera's footage of a session in other storage, for the years that the law wants."""

    __tablename__ = "footage_archive"
    __table_args__ = (
        one_of("status", ArchiveStatus),
        Index("uq_footage_archive_session_camera", "session_id", "camera_id", "target", unique=True),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(ForeignKey("trading_session.id"))
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), index=True)
    target: Mapped[str] = mapped_column(comment="the storage's address without password")
    folder: Mapped[str] = mapped_column(comment="within the storage; segments and their manifest lie in it")
    status: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(comment="of the footage")
    ended_at: Mapped[datetime] = mapped_column(comment="half-open")
    segments: Mapped[int] = mapped_column(server_default="0")
    size: Mapped[int] = mapped_column(BigInteger, server_default="0", comment="bytes")
    manifest_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    keep_until: Mapped[date]
    copied_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None] = mapped_column(comment="when it was last read back whole")
    error: Mapped[str] = mapped_column(server_default="")


class FootageEvent(Base):
    """Something about a camera's footage that is no gap: a clock that was set, timestamps that jumped."""

    __tablename__ = "footage_event"
    __table_args__ = (
        one_of("kind", FootageEventKind),
        Index("ix_footage_event_camera_time", "camera_id", "at"),
    )

    id: Mapped[Id]
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    seconds: Mapped[float | None] = mapped_column(comment="by which a clock or timestamps moved, ahead is +")
    detail: Mapped[str] = mapped_column(server_default="")


class FootageDay(Base):
    """The seal of a camera's past day (UTC): what the rows of its segments said when it was over."""

    __tablename__ = "footage_day"

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, comment="UTC, of the segments' start")
    segments: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger, comment="bytes")
    chain_sha256: Mapped[bytes] = mapped_column(
        LargeBinary, comment="over the segments' facts in order and the seal of the day before"
    )
    signature: Mapped[bytes] = mapped_column(LargeBinary, comment="Ed25519, the installation's key")
    leaves: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        comment="domain.footage_chain.leaf of each segment; empty once all of them are deleted by rule",
    )
    sealed_at: Mapped[datetime]
    expired_at: Mapped[datetime | None] = mapped_column(
        comment="since when a part or all of it is deleted by rule"
    )


class FootageDoomed(Base):
    """A file whose row is deleted by rule and which is to be deleted; it is here for moments only."""

    __tablename__ = "footage_doomed"

    path: Mapped[str] = mapped_column(primary_key=True, comment="relative to the footage folder")
    doomed_at: Mapped[datetime]


class FootageCheck(Base):
    """A run of the integrity check."""

    __tablename__ = "footage_check"

    id: Mapped[Id]
    full: Mapped[bool] = mapped_column(comment="every file was read; otherwise a sample")
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(comment="empty: it runs, or it was broken off")
    segments: Mapped[int] = mapped_column(server_default="0")
    size: Mapped[int] = mapped_column(BigInteger, server_default="0", comment="bytes that were read")


class FootageFaultFound(Base):
    """Something that an integrity check found; it stays, also when it is mended."""

    __tablename__ = "footage_fault"
    __table_args__ = (one_of("kind", FootageFault), Index("ix_footage_fault_found_at", "found_at"))

    id: Mapped[Id]
    check_id: Mapped[int] = mapped_column(ForeignKey("footage_check.id"), index=True)
    kind: Mapped[str]
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"))
    started_at: Mapped[datetime | None] = mapped_column(comment="of the segment concerned")
    path: Mapped[str] = mapped_column(comment="relative to the footage folder")
    detail: Mapped[str] = mapped_column(server_default="")
    found_at: Mapped[datetime]
    quarantined_to: Mapped[str] = mapped_column(server_default="", comment="relative to the footage folder")
    mended_at: Mapped[datetime | None] = mapped_column(comment="when a later check found it well")
