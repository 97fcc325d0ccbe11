"""Accounts, web sessions and the audit log."""

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from data_access.models.base import Base, Id, one_of
from domain.vocabulary import Role


class Account(Base):
    __tablename__ = "account"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True, comment="what the person signs in with")
    display_name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str] = mapped_column(comment="argon2id")
    language: Mapped[str] = mapped_column(server_default="zh")
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime]


class WebSession(Base):
    """A signed-in browser. A deleted row is a signed-out browser, at once."""

    __tablename__ = "web_session"

    token_hash: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, comment="SHA-256 of the cookie's token"
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(comment="where the sign-in came from")


class SignInFailure(Base):
    """Failed sign-ins of the last hour, to slow down guessing."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    address: Mapped[str]
    at: Mapped[datetime]


class AuditEntry(Base):
    """Append-only and chained: a trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(comment="the account's name, or the process")
    action: Mapped[str] = mapped_column(
        comment="sign_in, view_live, play_footage, export_footage, import, ..."
    )
    subject: Mapped[str] = mapped_column(comment="what it was done to")
    detail: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")
    address: Mapped[str] = mapped_column(server_default="")
    previous_hash: Mapped[bytes] = mapped_column(
        LargeBinary, comment="hash of the entry before; 32 zero bytes first"
    )
    hash: Mapped[bytes] = mapped_column(
        LargeBinary, unique=True, comment="SHA-256 over this entry and previous_hash"
    )
