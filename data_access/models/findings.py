"""Findings, and the marks on footage that lead to them. Nothing is deleted."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, one_of
from domain.vocabulary import FindingSource, FindingStatus, MarkKind


class Finding(Base):
    """问题线索."""

    __tablename__ = "finding"
    __table_args__ = (
        one_of("source", FindingSource),
        one_of("status", FindingStatus),
        Index("ix_finding_status_raised_at", "status", "raised_at"),
    )

    id: Mapped[Id]
    source: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="draft")
    session_id: Mapped[int | None] = mapped_column(ForeignKey("trading_session.id"), index=True)
    subject: Mapped[str] = mapped_column(comment="what it is about, in a line")
    note: Mapped[str] = mapped_column(server_default="")
    raised_by: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    raised_at: Mapped[datetime]


class FootageMark(Base):
    """A moment on one camera that somebody marked while watching."""

    __tablename__ = "footage_mark"
    __table_args__ = (one_of("kind", MarkKind), Index("ix_footage_mark_camera_time", "camera_id", "at"))

    id: Mapped[Id]
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("trading_session.id"), index=True)
    finding_id: Mapped[int] = mapped_column(ForeignKey("finding.id"), index=True)
    at: Mapped[datetime] = mapped_column(comment="wall clock of the picture that was marked")
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime]
