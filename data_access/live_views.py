"""Who watches live: one row a connection, kept for the figures when it is over.

A connection belongs to the signed-in browser (web session) that made it, and lasts while that one says so.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from data_access.models import Account, LiveView, WebSession
from domain.periods import Period
from domain.vocabulary import Role

UNSEEN_LIMIT = timedelta(seconds=60)  # the player says every 20 s that it watches


@dataclass(frozen=True)
class LiveViewRow:
    """A connection of a signed-in browser to a camera."""

    token: str
    web_session: bytes = field(repr=False)
    account_id: int
    role: Role
    camera_id: int
    upstream: str = field(repr=False)  # where the WHEP server keeps it; empty: it did not say
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class RoleViews:
    """How much people of one role watched in a period."""

    role: Role
    views: int  # connections that began in the period
    minutes: float  # watched within the period, also by connections that began before


def begin(
    session: Session,
    *,
    token: str,
    web_session: bytes,
    account_id: int,
    role: Role,
    camera_id: int,
    upstream: str,
    at: datetime,
) -> None:
    """Notes a new connection."""
    session.add(
        LiveView(
            token=token,
            web_session=web_session,
            account_id=account_id,
            role=role,
            camera_id=camera_id,
            upstream=upstream,
            began_at=at,
            seen_at=at,
        )
    )


def lasting(session: Session, token: str, web_session: bytes) -> LiveViewRow | None:
    """The connection of that name, if it is this web session's and not over."""
    found = session.scalar(
        select(LiveView).where(
            LiveView.token == token, LiveView.web_session == web_session, LiveView.ended_at.is_(None)
        )
    )
    return None if found is None else _row(found)


def note_seen(session: Session, token: str, at: datetime) -> None:
    """Notes that the browser still watches."""
    session.execute(
        update(LiveView).where(LiveView.token == token, LiveView.ended_at.is_(None)).values(seen_at=at)
    )


def end(session: Session, token: str, at: datetime) -> None:
    """Notes that the connection is over; one that is over already stays as it is."""
    session.execute(
        update(LiveView).where(LiveView.token == token, LiveView.ended_at.is_(None)).values(ended_at=at)
    )


def left_behind(session: Session, *, now: datetime) -> list[LiveViewRow]:
    """The connections that must end: not seen for a minute, signed out, expired, or the account is closed."""
    allowed = (
        select(WebSession.token_hash)
        .join(Account, Account.id == WebSession.account_id)
        .where(WebSession.token_hash == LiveView.web_session, WebSession.expires_at > now, Account.active)
    )
    chosen = (
        select(LiveView)
        .where(LiveView.ended_at.is_(None))
        .where(or_(LiveView.seen_at < now - UNSEEN_LIMIT, ~allowed.exists()))
        .order_by(LiveView.seen_at)
    )
    return [_row(row) for row in session.scalars(chosen)]


def minutes_by_role(session: Session, period: Period) -> list[RoleViews]:
    """KPI 14, remote views and minutes by role, the busiest first; roles that did not watch are left out.

    A connection over the end of a period gives each its part, so minutes add up over periods, as views do.
    """
    over = func.coalesce(LiveView.ended_at, LiveView.seen_at)
    began = LiveView.began_at >= period.start_at
    watched = func.least(over, period.end_at) - func.greatest(LiveView.began_at, period.start_at)
    minutes = func.sum(func.greatest(func.extract("epoch", watched), 0)) / 60
    rows = session.execute(
        select(LiveView.role, func.count().filter(began), minutes)
        .where(LiveView.began_at < period.end_at, or_(over > period.start_at, began))
        .group_by(LiveView.role)
        .order_by(minutes.desc(), LiveView.role)
    )
    return [RoleViews(Role(role), views, float(watched)) for role, views, watched in rows]


def _row(view: LiveView) -> LiveViewRow:
    return LiveViewRow(
        token=view.token,
        web_session=view.web_session,
        account_id=view.account_id,
        role=Role(view.role),
        camera_id=view.camera_id,
        upstream=view.upstream,
        began_at=view.began_at,
        seen_at=view.seen_at,
        ended_at=view.ended_at,
    )
