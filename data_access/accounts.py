"""Accounts and signed-in browsers."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from data_access.models import Account, SignInFailure, WebSession
from domain.vocabulary import Role

SESSION_LIFETIME = timedelta(hours=12)  # a working day: nobody stays signed in over night
MIN_PASSWORD_LENGTH = 10
FAILURES_ALLOWED = 10
FAILURE_WINDOW = timedelta(minutes=15)

_hasher = PasswordHasher()
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class AccountError(Exception):
    """The account cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class AccountRow:
    """An account without its password."""

    id: int
    name: str
    display_name: str
    role: Role
    active: bool


def _row(account: Account) -> AccountRow:
    return AccountRow(account.id, account.name, account.display_name, Role(account.role), account.active)


def all_accounts(session: Session) -> list[AccountRow]:
    """All accounts, by name."""
    return [_row(account) for account in session.scalars(select(Account).order_by(Account.name))]


def add(
    session: Session, name: str, password: str, role: Role, *, now: datetime, display_name: str = ""
) -> AccountRow:
    """Makes an account.

    Raises:
        AccountError: the name is taken or unusable, or the password is too short.
    """
    if not name or name != name.strip() or any(char.isspace() or not char.isprintable() for char in name):
        raise AccountError(f"账号名不能为空或含空格 / an account name has no spaces: {name!r}")
    if len(password) < MIN_PASSWORD_LENGTH:
        raise AccountError(
            f"密码至少 {MIN_PASSWORD_LENGTH} 位 / a password has at least {MIN_PASSWORD_LENGTH} characters"
        )
    if session.scalar(select(Account.id).where(Account.name == name)) is not None:
        raise AccountError(f"账号已存在，请换一个名称 / account {name} exists already, choose another name")
    account = Account(
        name=name,
        display_name=display_name or name,
        role=role,
        password_hash=_hasher.hash(password),
        created_at=now,
        language="zh",
        active=True,
    )
    session.add(account)
    session.flush()
    return _row(account)


def with_password(session: Session, name: str, password: str) -> AccountRow | None:
    """The active account with this name and password, or None."""
    account = session.scalar(select(Account).where(Account.name == name, Account.active))
    try:
        _hasher.verify(account.password_hash if account else _NOBODY, password)
    except VerificationError:
        return None
    if account is None:
        return None
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = _hasher.hash(password)
    return _row(account)


def is_locked(session: Session, name: str, *, now: datetime) -> bool:
    """True after too many failed sign-ins of this name within the last quarter of an hour."""
    recent = select(func.count()).where(SignInFailure.name == name, SignInFailure.at > now - FAILURE_WINDOW)
    return session.scalars(recent).one() >= FAILURES_ALLOWED


def note_failure(session: Session, name: str, address: str, *, now: datetime) -> None:
    """Remembers a failed sign-in and forgets those that no longer count."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - FAILURE_WINDOW))
    session.add(SignInFailure(name=name, address=address, at=now))


def open_session(session: Session, account_id: int, address: str, *, now: datetime) -> str:
    """Signs a browser in and returns its token; only the token's hash is kept."""
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_hash=hash_of(token),
            account_id=account_id,
            created_at=now,
            expires_at=now + SESSION_LIFETIME,
            address=address,
        )
    )
    return token


def signed_in(session: Session, token: str, *, now: datetime) -> AccountRow | None:
    """The active account of a browser's token, or None when it is unknown, expired or signed out."""
    account = session.scalar(
        select(Account)
        .join(WebSession, WebSession.account_id == Account.id)
        .where(WebSession.token_hash == hash_of(token), WebSession.expires_at > now, Account.active)
    )
    return _row(account) if account else None


def close_session(session: Session, token: str) -> None:
    """Signs a browser out."""
    session.execute(delete(WebSession).where(WebSession.token_hash == hash_of(token)))


def hash_of(token: str) -> bytes:
    """What is kept of a browser's token, and names its web session."""
    return hashlib.sha256(token.encode()).digest()


def new_password() -> str:
    """A random password that can be read out: four groups of letters and digits without look-alikes."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
