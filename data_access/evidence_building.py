"""What the builder of evidence packages reports."""

from datetime import datetime
from pathlib import PurePath

from sqlalchemy import update
from sqlalchemy.orm import Session

from data_access import audit, evidence_hold
from data_access.evidence import Package
from data_access.models import FootageExport
from domain.vocabulary import ExportStatus

_ACTOR = "evidence builder"


def report_progress(session: Session, package_id: int, fraction: float) -> None:
    """How much of the package is written, 0 to 1."""
    session.execute(
        update(FootageExport).where(FootageExport.id == package_id).values(progress=min(fraction, 1.0))
    )


def finish(
    session: Session, made: Package, *, path: PurePath, size: int, sha256: bytes, at: datetime
) -> None:
    """The package is ready; its footage is held no longer.

    Args:
        path: of the zip, relative to the exports folder.
        size: bytes.
    """
    _set(
        session,
        made,
        status=ExportStatus.READY.value,
        path=str(path),
        size=size,
        sha256=sha256,
        built_at=at,
        progress=1.0,
        error="",
    )
    evidence_hold.end(session, made, at)
    detail = {"size": size, "sha256": sha256.hex()}
    audit.record(session, actor=_ACTOR, action="build_evidence", subject=made.number, detail=detail, at=at)


def fail(session: Session, made: Package, error: str, at: datetime) -> None:
    """The package could not be built; its footage stays held until it is, or somebody gives it up."""
    _set(session, made, status=ExportStatus.FAILED.value, error=error, progress=0.0)
    audit.record(
        session,
        actor=_ACTOR,
        action="fail_evidence",
        subject=made.number,
        detail={"error": error},
        at=at,
    )


def _set(session: Session, made: Package, **values: object) -> None:
    session.execute(update(FootageExport).where(FootageExport.id == made.id).values(**values))
