"""问题线索: what somebody noticed, from its draft on. Nothing is deleted."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from data_access.models import Finding
from domain.vocabulary import FindingSource, FindingStatus


def draft(
    session: Session,
    *,
    source: FindingSource,
    session_id: int | None,
    subject: str,
    note: str,
    raised_by: int,
    raised_at: datetime,
) -> int:
    """Adds a draft, which is its author's until it is submitted; returns its id."""
    finding = Finding(
        source=source.value,
        status=FindingStatus.DRAFT.value,
        session_id=session_id,
        subject=subject,
        note=note,
        raised_by=raised_by,
        raised_at=raised_at,
    )
    session.add(finding)
    session.flush()
    return finding.id


def amend_draft(session: Session, finding_id: int, *, subject: str, note: str) -> None:
    """Changes what a draft says; a finding that has been submitted stays as it is."""
    session.execute(
        update(Finding)
        .where(Finding.id == finding_id, Finding.status == FindingStatus.DRAFT.value)
        .values(subject=subject, note=note)
        .execution_options(synchronize_session=False)
    )
