"""Projects, lots, awards and the sessions on the floor."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, Sourced, one_of
from domain.vocabulary import (
    AwardStatus,
    LotStatus,
    ParticipantRole,
    ProcurementMethod,
    ProjectClass,
    SessionStatus,
    SessionType,
)


class ImportBatch(Base):
    """One workbook that was read in."""

    __tablename__ = "import_batch"

    id: Mapped[Id]
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
    rows_added: Mapped[int]
    rows_changed: Mapped[int]
    rows_unchanged: Mapped[int]
    rows_rejected: Mapped[int]


class Project(Sourced, Base):
    __tablename__ = "project"
    constraints = (one_of("project_class", ProjectClass),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True, comment="招标项目编号 tender_project_code")
    name: Mapped[str]
    project_class: Mapped[str]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    buyer: Mapped[str | None] = mapped_column(comment="招标人 / 采购人")
    agency: Mapped[str | None] = mapped_column(comment="代理机构")
    accepted_at: Mapped[datetime | None]


class Lot(Sourced, Base):
    __tablename__ = "lot"
    constraints = (one_of("method", ProcurementMethod), one_of("status", LotStatus))

    id: Mapped[Id]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    section_code: Mapped[str] = mapped_column(unique=True, comment="标段(包)编号")
    title: Mapped[str]
    method: Mapped[str | None]
    simplified: Mapped[bool] = mapped_column(server_default="false", comment="简易程序发包")
    budget: Mapped[Decimal | None] = mapped_column(comment="预算价, yuan")
    starting_price: Mapped[Decimal | None] = mapped_column(comment="起始价 of land and property, yuan")
    currency: Mapped[str] = mapped_column(String(3), server_default="CNY")
    published_at: Mapped[datetime | None]
    bid_deadline: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="active")


class Award(Sourced, Base):
    __tablename__ = "award"
    constraints = (one_of("status", AwardStatus), Index("ix_award_decided_at", "decided_at"))

    id: Mapped[Id]
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), index=True)
    supplier_name: Mapped[str | None] = mapped_column(comment="中标人")
    supplier_uscc: Mapped[str | None] = mapped_column(comment="统一社会信用代码")
    amount: Mapped[Decimal] = mapped_column(comment="成交额, yuan")
    decided_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default="active")


class TradingSession(Sourced, Base):
    """场次: an opening, evaluation, negotiation, lottery, auction or expert draw."""

    __tablename__ = "trading_session"
    constraints = (
        one_of("type", SessionType),
        one_of("status", SessionStatus),
        one_of("method", ProcurementMethod),
        Index("ix_trading_session_planned_start", "planned_start"),
        Index("ix_trading_session_actual_start", "actual_start"),
        Index("ix_trading_session_room_time", "room_id", "planned_start"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True, comment="场次编号")
    type: Mapped[str]
    room_id: Mapped[int | None] = mapped_column(ForeignKey("room.id"), comment="empty: off-site or not known")
    method: Mapped[str | None] = mapped_column(comment="the method of its lots")
    off_site: Mapped[bool] = mapped_column(server_default="false")
    planned_start: Mapped[datetime]
    planned_end: Mapped[datetime | None]
    actual_start: Mapped[datetime | None]
    actual_end: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(server_default="scheduled")
    bidder_count: Mapped[int | None] = mapped_column(comment="confidential until the opening")
    abnormal: Mapped[bool] = mapped_column(server_default="false")


class SessionLot(Base):
    __tablename__ = "session_lot"

    session_id: Mapped[int] = mapped_column(
        ForeignKey("trading_session.id", ondelete="CASCADE"), primary_key=True
    )
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"), primary_key=True, index=True)


class SessionParticipant(Base):
    """Monitors and supervisors of a session."""

    __tablename__ = "session_participant"
    __table_args__ = (one_of("role", ParticipantRole),)

    session_id: Mapped[int] = mapped_column(
        ForeignKey("trading_session.id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    remote: Mapped[bool] = mapped_column(
        server_default="false", comment="supervised through the monitoring window"
    )


class SessionEvent(Base):
    __tablename__ = "session_event"

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(ForeignKey("trading_session.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(
        comment="check_in, decryption, price_read, objection, pause, expert_left, device_lost, finding"
    )
    actor: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
