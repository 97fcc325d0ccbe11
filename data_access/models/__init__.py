"""The tables, one module a subject. ORM objects stay inside `data_access`."""

from data_access.models.accounts import Account, AuditEntry, SignInFailure, WebSession
from data_access.models.base import Base
from data_access.models.findings import Finding, FootageMark
from data_access.models.footage import FootageGap, FootageOpenSegment, FootageRun, FootageSegment
from data_access.models.footage_keeping import (
    FootageArchive,
    FootageCheck,
    FootageDay,
    FootageDoomed,
    FootageEvent,
    FootageExport,
    FootageExportPart,
    FootageFaultFound,
    FootageHold,
    Installation,
)
from data_access.models.oversight import (
    Complaint,
    Enterprise,
    Expert,
    ExpertDrawMember,
    ExpertPenalty,
    Inspection,
    LibraryMembership,
    MallOrder,
)
from data_access.models.trading import (
    Award,
    ImportBatch,
    Lot,
    Project,
    SessionEvent,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.models.venue import Camera, CameraStatus, Region, Room, WorkerHeartbeat
from data_access.models.watching import AccountPreference, Alert, LiveView

__all__ = [
    "Account",
    "AccountPreference",
    "Alert",
    "AuditEntry",
    "Award",
    "Base",
    "Camera",
    "CameraStatus",
    "Complaint",
    "Enterprise",
    "Expert",
    "ExpertDrawMember",
    "ExpertPenalty",
    "Finding",
    "FootageArchive",
    "FootageCheck",
    "FootageDay",
    "FootageDoomed",
    "FootageEvent",
    "FootageExport",
    "FootageExportPart",
    "FootageFaultFound",
    "FootageGap",
    "FootageHold",
    "FootageMark",
    "FootageOpenSegment",
    "FootageRun",
    "FootageSegment",
    "ImportBatch",
    "Inspection",
    "Installation",
    "LibraryMembership",
    "LiveView",
    "Lot",
    "MallOrder",
    "Project",
    "Region",
    "Room",
    "SessionEvent",
    "SessionLot",
    "SessionParticipant",
    "SignInFailure",
    "TradingSession",
    "WebSession",
    "WorkerHeartbeat",
]
