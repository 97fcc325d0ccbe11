"""The tables, one module a subject. ORM objects stay inside `data_access`."""

from data_access.models.accounts import Account, AuditEntry, SignInFailure, WebSession
from data_access.models.base import Base
from data_access.models.footage import FootageGap, FootageRun, FootageSegment
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

__all__ = [
    "Account",
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
    "FootageGap",
    "FootageRun",
    "FootageSegment",
    "ImportBatch",
    "Inspection",
    "LibraryMembership",
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
