"""Evidence packages for tests: real footage, a real database, built as the keeper builds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data_access import evidence, evidence_requests
from data_access.evidence import Package, PackagePart, Person
from data_access.evidence_requests import Part
from data_access.footage import Stretch
from data_access.footage_gaps import Gap
from data_access.models import Account
from domain.periods import SHANGHAI
from domain.vocabulary import ExportStatus, GapCause, Role, RoomType
from media import signing
from media.evidence.builder import build
from media.evidence.duties import build_next
from media.evidence.gathered import CameraFacts, Facts
from tests.dashboard.footage_archive import NINE, Archive, archive
from tests.media.made_footage import make_segment

NOW = datetime(2025, 11, 20, 6, 0, tzinfo=UTC)  # 14:00 in Shanghai
RESTRICTED = frozenset({RoomType.EVALUATION, RoomType.NEGOTIATION, RoomType.EXPERT_DRAW})
EVERYWHERE = frozenset(kind.value for kind in RoomType)
OPEN_ROOMS = EVERYWHERE - RESTRICTED
WHOLE = NINE, NINE + timedelta(seconds=22)


@dataclass(frozen=True)
class Office:
    """An archive with two inspectors and two supervisors."""

    archive: Archive
    exports: Path
    wang: Person  # inspector
    li: Person  # inspector
    zhao: Person  # supervisor
    qian: Person  # supervisor

    def ask(
        self,
        person: Person,
        *camera_ids: int,
        watermarked: bool = False,
        session_id: int | None = None,
        stretch: tuple[datetime, datetime] = WHOLE,
        reason: str = "核查投诉",
        case_no: str = "纪〔2025〕7 号",
    ) -> Package:
        with Session(self.archive.engine) as session, session.begin():
            return evidence_requests.request(
                session,
                [Part(camera_id, *stretch) for camera_id in camera_ids],
                session_id=session_id,
                reason=reason,
                case_no=case_no,
                watermarked=watermarked,
                person=person,
                restricted_rooms=RESTRICTED,
                at=NOW,
            )

    def decide(self, package: Package, person: Person, *, approve: bool = True, note: str = "") -> Package:
        with Session(self.archive.engine) as session, session.begin():
            return evidence_requests.decide(
                session, package.id, approve=approve, note=note, person=person, at=NOW
            )

    def now(self, package: Package, person: Person | None = None) -> Package:
        with Session(self.archive.engine) as session:
            found = evidence.package(session, package.id, person=person or self.wang)
        assert found
        return found

    def build(self, package: Package) -> Path:
        """Builds the package and returns its zip."""
        assert build_next(self.archive.engine, self.archive.folder, self.exports, NOW)
        ready = self.now(package)
        assert ready.path, ready.error
        return self.exports / ready.path


@contextmanager
def office(engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with archive(engine, home, monkeypatch) as stock:
        with Session(engine) as session, session.begin():
            people = {
                name: Person(_account(session, name, role), name, rooms)
                for name, role, rooms in (
                    ("wang", Role.INSPECTOR, EVERYWHERE),
                    ("li", Role.INSPECTOR, EVERYWHERE),
                    ("zhao", Role.SUPERVISOR, OPEN_ROOMS),
                    ("qian", Role.SUPERVISOR, OPEN_ROOMS),
                )
            }
        yield Office(stock, home / "exports", **people)


def _account(session: Session, name: str, role: Role) -> int:
    """An account that nobody can sign in with: making passwords takes long."""
    row = Account(name=name, display_name=name, role=role, password_hash="none", created_at=NOW)
    session.add(row)
    session.flush()
    return row.id


def package_without_database(folder: Path) -> Path:
    """A package of one camera, built in `folder`, whose `footage` gets the segments."""
    starts = [NINE, NINE + timedelta(seconds=2), NINE + timedelta(seconds=9)]
    segments = [make_segment(folder / "footage", start, 2, sound=True, size=(192, 48)) for start in starts]
    part = PackagePart(
        1, "开标一室-全景", "开标一室", RoomType.BID_OPENING, NINE, NINE + timedelta(seconds=11)
    )
    runs = [Stretch(NINE, segments[1].ended_at), Stretch(starts[2], segments[2].ended_at)]
    gaps = [Gap(runs[0].end, runs[1].start, GapCause.NETWORK, "")]
    facts = Facts(
        package=Package(
            id=1,
            number="ZJ-20251120-0001",
            status=ExportStatus.APPROVED,
            session_id=None,
            reason="核查投诉",
            case_no="纪〔2025〕7 号",
            watermarked=False,
            restricted=False,
            requested_by=1,
            requester="王检查",
            requested_at=NOW,
            decider="",
            decided_at=None,
            decision_note="",
            built_at=None,
            path="",
            size=None,
            sha256=None,
            progress=0.0,
            error="",
            parts=(part,),
        ),
        at=NOW.astimezone(SHANGHAI),
        identity="test-installation",
        public_key=signing.public_key_pem(),
        cameras=[CameraFacts(part, segments, runs, gaps, [], [])],
        session=None,
        log=[],
    )
    return build(facts, folder / "footage", folder / "exports").path
