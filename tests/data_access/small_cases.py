"""The smallest rows that a figure can be tested with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from data_access.models import (
    Award,
    Base,
    Complaint,
    Enterprise,
    Expert,
    ExpertDrawMember,
    ExpertPenalty,
    Inspection,
    LibraryMembership,
    Lot,
    MallOrder,
    Project,
    SessionParticipant,
    TradingSession,
)
from domain.periods import SHANGHAI
from domain.vocabulary import (
    AwardStatus,
    ComplaintType,
    DrawResponse,
    Library,
    ParticipantRole,
    PenaltyBehaviour,
    PenaltyKind,
    ProcurementMethod,
    ProjectClass,
    SessionStatus,
    SessionType,
)


def shanghai(text: str) -> datetime:
    """`2023-01-01 00:00` on the clocks of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class SmallCases:
    """Adds rows with just what a test names; everything else is filled with something plain."""

    session: Session
    _numbers: Iterator[int] = field(default_factory=count)

    def _add(self, row: Base) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def _source(self) -> dict[str, str]:
        return {"source_system": "test", "source_key": f"row-{next(self._numbers)}"}

    def lot(
        self,
        project_class: ProjectClass = ProjectClass.WORKS,
        *,
        budget: Decimal | int | None = 100,
        awards: dict[str, Decimal | int] | None = None,
        cancelled: dict[str, Decimal | int] | None = None,
        starting_price: Decimal | int | None = None,
        method: ProcurementMethod | None = ProcurementMethod.OPEN,
        simplified: bool = False,
        currency: str = "CNY",
    ) -> Lot:
        """A lot with its awards by the time of decision in Shanghai."""
        number = next(self._numbers)
        project = self._add(
            Project(**self._source(), code=f"P{number}", name="项目", project_class=project_class)
        )
        lot: Lot = self._add(
            Lot(
                **self._source(),
                project_id=project.id,
                section_code=f"P{number}-01",
                title="标段",
                method=method,
                simplified=simplified,
                budget=budget,
                starting_price=starting_price,
                currency=currency,
            )
        )
        for status, decided in ((AwardStatus.ACTIVE, awards), (AwardStatus.CANCELLED, cancelled)):
            for when, amount in (decided or {}).items():
                self._add(
                    Award(
                        **self._source(),
                        lot_id=lot.id,
                        amount=amount,
                        decided_at=shanghai(when),
                        status=status,
                    )
                )
        return lot

    def held(
        self,
        when: str | None,
        kind: SessionType = SessionType.OPENING,
        *,
        method: ProcurementMethod | None = ProcurementMethod.OPEN,
        status: SessionStatus = SessionStatus.DONE,
        present: tuple[ParticipantRole, ...] = (ParticipantRole.SUPERVISOR,),
        remote: bool = False,
    ) -> TradingSession:
        """A session that began at a time in Shanghai (None: not yet)."""
        held: TradingSession = self._add(
            TradingSession(
                **self._source(),
                code=f"S{next(self._numbers)}",
                type=kind,
                method=method,
                planned_start=shanghai(when or "2023-01-10 09:00"),
                actual_start=shanghai(when) if when else None,
                status=status,
            )
        )
        for number, role in enumerate(present):
            self._add(SessionParticipant(session_id=held.id, role=role, name=f"某{number}", remote=remote))
        return held

    def expert(self) -> Expert:
        """An expert."""
        number = next(self._numbers)
        made: Expert = self._add(Expert(**self._source(), code=f"ZJ{number}", name="专家"))
        return made

    def drawn(self, when: str, response: DrawResponse) -> None:
        """Somebody drawn, and the answer."""
        expert = self.expert()
        self._add(
            ExpertDrawMember(
                **self._source(), expert_id=expert.id, drawn_at=shanghai(when), response=response
            )
        )

    def penalised(self, expert: Expert, when: str) -> None:
        """A warning."""
        self._add(
            ExpertPenalty(
                **self._source(),
                expert_id=expert.id,
                kind=PenaltyKind.WARNING,
                behaviour=PenaltyBehaviour.OTHER,
                decided_at=shanghai(when),
            )
        )

    def enterprise(self, *spells: tuple[Library, date, date | None]) -> Enterprise:
        """An enterprise and its stays: library, joined, left."""
        number = next(self._numbers)
        made: Enterprise = self._add(Enterprise(**self._source(), uscc=f"U{number}", name="企业"))
        for library, joined, left in spells:
            self._add(
                LibraryMembership(
                    **self._source(), enterprise_id=made.id, library=library, joined_on=joined, left_on=left
                )
            )
        return made

    def complaint(self, kind: ComplaintType, received: str, decided: str | None = None) -> None:
        """A complaint, petition or the like."""
        self._add(
            Complaint(
                **self._source(),
                code=f"C{next(self._numbers)}",
                type=kind,
                subject="事项",
                received_at=shanghai(received),
                decided_at=shanghai(decided) if decided else None,
            )
        )

    def order(self, when: str, amount: Decimal) -> None:
        """A mall order."""
        self._add(
            MallOrder(
                **self._source(),
                order_no=f"O{next(self._numbers)}",
                amount=amount,
                ordered_at=shanghai(when),
            )
        )

    def inspected(self, on: date) -> None:
        """A post-award inspection."""
        self._add(Inspection(**self._source(), code=f"J{next(self._numbers)}", inspected_on=on))
