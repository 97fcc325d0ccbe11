"""Experts, the enterprise library, complaints, the mall and inspections."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, Sourced, one_of
from domain.vocabulary import (
    ComplaintTrack,
    ComplaintType,
    DrawResponse,
    Library,
    PenaltyBehaviour,
    PenaltyKind,
)


class Expert(Sourced, Base):
    __tablename__ = "expert"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True, comment="专家编号")
    name: Mapped[str] = mapped_column(comment="confidential until the award")
    employer: Mapped[str | None] = mapped_column(comment="confidential until the award")
    speciality: Mapped[str | None]


class ExpertDrawMember(Sourced, Base):
    """One expert drawn for one lot, and the answer. Counted when accepted."""

    __tablename__ = "expert_draw_member"
    constraints = (one_of("response", DrawResponse), Index("ix_expert_draw_member_drawn_at", "drawn_at"))

    id: Mapped[Id]
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"), index=True)
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    drawn_at: Mapped[datetime]
    response: Mapped[str]
    replacement: Mapped[bool] = mapped_column(server_default="false")


class ExpertPenalty(Sourced, Base):
    __tablename__ = "expert_penalty"
    constraints = (
        one_of("kind", PenaltyKind),
        one_of("behaviour", PenaltyBehaviour),
        Index("ix_expert_penalty_decided_at", "decided_at"),
    )

    id: Mapped[Id]
    expert_id: Mapped[int] = mapped_column(ForeignKey("expert.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(ForeignKey("trading_session.id"))
    kind: Mapped[str]
    behaviour: Mapped[str]
    points: Mapped[Decimal | None] = mapped_column(comment="points deducted")
    suspended_from: Mapped[date | None]
    suspended_to: Mapped[date | None] = mapped_column(comment="half-open: the first day without suspension")
    decided_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    document_no: Mapped[str | None] = mapped_column(comment="文号")
    legal_basis: Mapped[str | None]
    facts: Mapped[str | None] = mapped_column(comment="what happened")


class Enterprise(Sourced, Base):
    __tablename__ = "enterprise"

    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(
        unique=True, comment="统一社会信用代码, GB 32100; old ones may not comply"
    )
    name: Mapped[str]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    local: Mapped[bool] = mapped_column(server_default="true", comment="本地企业")


class LibraryMembership(Sourced, Base):
    """An enterprise in a library from `joined_on` until `left_on` (half-open; empty: still in)."""

    __tablename__ = "library_membership"
    constraints = (
        one_of("library", Library),
        CheckConstraint("left_on >= joined_on", name="order"),
        Index("ix_library_membership_days", "joined_on", "left_on"),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id"), index=True)
    library: Mapped[str]
    grade: Mapped[str | None] = mapped_column(comment="A, B, C, D")
    joined_on: Mapped[date]
    left_on: Mapped[date | None]
    leave_reason: Mapped[str | None]


class Complaint(Sourced, Base):
    __tablename__ = "complaint"
    constraints = (
        one_of("type", ComplaintType),
        one_of("track", ComplaintTrack),
        Index("ix_complaint_received_at", "received_at"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True, comment="受理编号")
    type: Mapped[str]
    track: Mapped[str | None]
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    subject: Mapped[str]
    received_at: Mapped[datetime]
    due_on: Mapped[date | None]
    decided_at: Mapped[datetime | None]
    result: Mapped[str | None]


class MallOrder(Sourced, Base):
    __tablename__ = "mall_order"
    constraints = (Index("ix_mall_order_ordered_at", "ordered_at"),)

    id: Mapped[Id]
    order_no: Mapped[str] = mapped_column(unique=True)
    buyer: Mapped[str | None]
    supplier: Mapped[str | None]
    category: Mapped[str | None]
    amount: Mapped[Decimal] = mapped_column(comment="yuan")
    ordered_at: Mapped[datetime]


class Inspection(Sourced, Base):
    """标后履约检查."""

    __tablename__ = "inspection"
    constraints = (Index("ix_inspection_inspected_on", "inspected_on"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True, comment="检查编号")
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("lot.id"))
    enterprise_name: Mapped[str | None]
    inspected_on: Mapped[date]
    result: Mapped[str | None]
    closed_on: Mapped[date | None]
