"""What people do with evidence packages, from the pages and the command line; rights are checked here.

Inspectors and supervisors ask for packages of rooms that they may watch. Packages of restricted rooms are for
inspectors only, and another inspector decides on them: supervisors may not see such rooms, and those who run
the system neither see nor release evidence (三员分立).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from dashboard.access import RESTRICTED_ROOMS, Viewer, may_mark
from data_access import evidence, evidence_requests
from data_access.engine import transaction
from data_access.evidence import Package, Person
from data_access.evidence_requests import Part
from domain.vocabulary import Role, RoomType

MAY_ASK = frozenset({Role.INSPECTOR, Role.SUPERVISOR})


def person_of(viewer: Viewer, *, address: str = "", by_command: bool = False) -> Person:
    """The viewer as one who asks for packages: those who may mark what they see, in the same rooms."""
    rooms = frozenset(kind.value for kind in RoomType if may_mark(viewer.role, kind))
    return Person(viewer.account_id, viewer.name, rooms, address, by_command)


def request(
    person: Person,
    parts: Sequence[Part],
    *,
    session_id: int | None,
    reason: str,
    case_no: str,
    watermarked: bool,
) -> Package:
    """Asks for a package.

    Raises:
        EvidenceRefused: see `evidence_requests.request`.
    """
    with transaction() as session:
        return evidence_requests.request(
            session,
            parts,
            session_id=session_id,
            reason=reason,
            case_no=case_no,
            watermarked=watermarked,
            person=person,
            restricted_rooms=RESTRICTED_ROOMS,
            at=datetime.now(UTC),
        )


def decide(person: Person, package_id: int, *, approve: bool, note: str) -> Package:
    """Approves or rejects somebody else's request.

    Raises:
        EvidenceRefused: see `evidence_requests.decide`.
    """
    with transaction() as session:
        return evidence_requests.decide(
            session, package_id, approve=approve, note=note, person=person, at=datetime.now(UTC)
        )


def build_again(person: Person, package_id: int) -> Package:
    """Lets a package be built anew that could not be built.

    Raises:
        EvidenceRefused: it has not failed, or is not for this person.
    """
    with transaction() as session:
        return evidence_requests.build_again(session, package_id, person=person, at=datetime.now(UTC))


def take(person: Person, package_id: int, *, noted: bool = True) -> Package | None:
    """The package, with a note in the audit log that it is taken; None: there is none for this person."""
    with transaction() as session:
        found = evidence.package(session, package_id, person=person)
        if found is not None and found.path and noted:
            evidence_requests.note_taken(session, found, person, datetime.now(UTC))
        return found
