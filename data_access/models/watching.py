"""Who watches live, how each likes the wall, and what is wrong with the cameras."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, one_of
from domain.vocabulary import AlertKind, Role


class LiveView(Base):
    """One live connection of a signed-in browser to a camera; it belongs to that web session alone."""

    __tablename__ = "live_view"
    __table_args__ = (
        one_of("role", Role),
        Index("ix_live_view_began_at", "began_at"),
        Index("ix_live_view_lasting", "seen_at", postgresql_where=text("ended_at IS NULL")),
    )

    token: Mapped[str] = mapped_column(primary_key=True, comment="names the connection in its address")
    web_session: Mapped[bytes] = mapped_column(
        LargeBinary, comment="web_session.token_hash; that row goes with the sign-out, this one stays"
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(comment="of the viewer at that time")
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    upstream: Mapped[str] = mapped_column(comment="where the WHEP server keeps the connection")
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(comment="when the browser last said that it watches")
    ended_at: Mapped[datetime | None]


class AccountPreference(Base):
    """What the interface remembers for a person."""

    __tablename__ = "account_preference"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True, comment="for example wall")
    value: Mapped[dict[str, object]] = mapped_column(JSONB)


class Alert(Base):
    """Something that needs attention, from when it began until it cleared; told once each."""

    __tablename__ = "alert"
    __table_args__ = (
        one_of("kind", AlertKind),
        Index("uq_alert_open", "kind", "subject", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index("ix_alert_began_at", "began_at"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(comment="camera:7, session:12 or disk: what it is about")
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"))
    session_id: Mapped[int | None] = mapped_column(ForeignKey("trading_session.id", ondelete="SET NULL"))
    message_zh: Mapped[str]
    message_en: Mapped[str]
    began_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    began_told_at: Mapped[datetime | None] = mapped_column(comment="when its beginning went out by webhook")
    cleared_told_at: Mapped[datetime | None]
    told: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default="{}", comment="<hash of an address>:began or :cleared, one for each sent"
    )
