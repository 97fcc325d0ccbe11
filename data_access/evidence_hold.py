"""The holds of an evidence package: its footage stays until the package is built or rejected."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from data_access import footage_holds
from data_access.evidence import Package
from data_access.models import FootageHold


def come_before_deletions(session: Session) -> None:
    """First of all in a transaction that will hold: a deletion that has begun is waited for here.

    Who reads footage and then waits for a deletion would hold that up in turn.
    """
    session.execute(text("LOCK TABLE footage_hold IN ROW EXCLUSIVE MODE"))


def begin(session: Session, made: Package, at: datetime) -> None:
    """Holds the footage, in the transaction that asks for the package."""
    for part in made.parts:
        footage_holds.hold(
            session,
            camera_id=part.camera_id,
            start=part.start,
            end=part.end,
            reason=_reason(made),
            case_no=made.case_no,
            made_by=made.requested_by,
            at=at,
        )


def end(session: Session, made: Package, at: datetime) -> None:
    """Lets the footage go, in the transaction that makes the package ready or rejects it."""
    held = select(FootageHold.id).where(
        FootageHold.reason == _reason(made), FootageHold.released_at.is_(None)
    )
    reason = "证据包已制作或已驳回 / the evidence package is built or rejected"
    for hold_id in session.scalars(held).all():
        footage_holds.release(session, hold_id, by=made.requested_by, reason=reason, at=at)


def _reason(made: Package) -> str:
    """Unique, as the number is: it finds the holds again."""
    return f"制作证据包 {made.number} / for evidence package {made.number}"
