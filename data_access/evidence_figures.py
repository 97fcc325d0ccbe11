"""What the figures of footage requests are made of: domain KPI 40 (requests, approval, response) and 42."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.models import Account, AuditEntry, FootageExport
from domain.vocabulary import ExportStatus

# Footage that left the system: a range downloaded, and a package.
_EXPORTS = ("export_footage", "take_evidence")


@dataclass(frozen=True)
class AskedFor:
    """A request for a package, as KPI 40 counts it (T requested)."""

    requested_at: datetime
    restricted: bool  # it needed somebody's approval
    status: ExportStatus
    decided_at: datetime | None  # None: nobody had to decide, or has not yet
    built_at: datetime | None

    @property
    def answered_at(self) -> datetime | None:
        """The response: the decision where one was needed, else when the package was there."""
        return self.decided_at if self.restricted else self.built_at


@dataclass(frozen=True)
class ExportsOf:
    """What a person has taken out (KPI 42, T taken)."""

    name: str  # as signed in
    display_name: str
    downloads: int  # ranges as one MP4
    packages: int


def asked_for(session: Session, start: datetime, end: datetime) -> list[AskedFor]:
    """The requests made in [start, end), by time; those of restricted rooms too, without their content."""
    rows = session.scalars(
        select(FootageExport)
        .where(FootageExport.requested_at >= start, FootageExport.requested_at < end)
        .order_by(FootageExport.requested_at)
    )
    return [
        AskedFor(row.requested_at, row.restricted, ExportStatus(row.status), row.decided_at, row.built_at)
        for row in rows
    ]


def exports_by_person(session: Session, start: datetime, end: datetime) -> list[ExportsOf]:
    """Who has taken how much out in [start, end), by name; what the command line exported has no person."""
    count = func.count().filter
    rows = session.execute(
        select(
            Account.name,
            Account.display_name,
            count(AuditEntry.action == "export_footage"),
            count(AuditEntry.action == "take_evidence"),
        )
        .join(AuditEntry, AuditEntry.actor == Account.name)
        .where(AuditEntry.at >= start, AuditEntry.at < end, AuditEntry.action.in_(_EXPORTS))
        .group_by(Account.id)
        .order_by(Account.name)
    )
    return [ExportsOf(*row) for row in rows]
