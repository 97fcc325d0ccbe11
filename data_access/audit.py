"""The audit log: append-only, each entry chained to the one before.

Source of the duty to keep it: 网络安全法 art. 21 (at least six months); nothing here ever deletes.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.models import AuditEntry

_CHAIN_LOCK = 0x6D6A_0002  # entries are chained one after the other
_FIRST = bytes(32)


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object] | None = None,
    address: str = "",
    at: datetime | None = None,
) -> int:
    """Adds an entry within the transaction of what it tells of, so that neither stands without the other.

    Returns its number.
    """
    session.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))
    entry = AuditEntry(
        at=at or datetime.now(UTC),
        actor=actor,
        action=action,
        subject=subject,
        detail=dict(detail or {}),
        address=address,
        previous_hash=session.scalar(select(AuditEntry.hash).order_by(AuditEntry.id.desc()).limit(1))
        or _FIRST,
    )
    entry.hash = _hash(entry)
    session.add(entry)
    session.flush()
    return entry.id


def first_broken(session: Session) -> int | None:
    """The id of the first entry that does not fit the chain, or None when all do."""
    previous = _FIRST
    for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id)):
        if entry.previous_hash != previous or entry.hash != _hash(entry):
            return entry.id
        previous = entry.hash
    return None


def _hash(entry: AuditEntry) -> bytes:
    told = [
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.action,
        entry.subject,
        entry.detail,
        entry.address,
        entry.previous_hash.hex(),
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).digest()
