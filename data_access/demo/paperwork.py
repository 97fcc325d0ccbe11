"""Writes a procedure's project, lots and awards into the plan."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from data_access.demo import names
from data_access.demo.cases import Case
from data_access.demo.library import EnterpriseLibrary
from data_access.demo.plan import Plan, Planned
from data_access.demo.workdays import at, in_office_hours, shifted
from data_access.models import Award, Lot, Project
from domain.vocabulary import AwardStatus, LotStatus, ProjectClass

_REAWARDED = 0.015  # share of lots whose first award was cancelled


@dataclass(frozen=True)
class Paperwork:
    """Writes projects; the library says who wins."""

    plan: Plan
    library: EnterpriseLibrary

    def project(
        self, rng: Random, case: Case, code: str, opened_on: date, *, name: str, buyer: str
    ) -> list[str]:
        """The project with its lots and awards; the keys of the lots."""
        lead = rng.randint(3, 8) if case.simplified else rng.randint(21, 34)
        published = in_office_hours(rng, shifted(opened_on - timedelta(days=lead), -1))
        accepted = published - timedelta(days=rng.randint(4, 15), minutes=rng.randint(0, 120))
        self.plan.add(
            Planned(
                Project,
                code,
                accepted,
                {
                    "code": code,
                    "name": name,
                    "project_class": case.project_class,
                    "region_code": names.REGION_CODE,
                    "buyer": buyer,
                    "agency": None if case.simplified else rng.choice(names.AGENCIES),
                    "accepted_at": accepted,
                },
            )
        )
        decided_at = _decision_time(rng, case)
        keys = [f"{code}-{number:02d}" for number in range(1, len(case.amounts) + 1)]
        for number, (key, amounts) in enumerate(zip(keys, case.amounts, strict=True), start=1):
            title = f"{name}（包{number}）" if len(keys) > 1 else name
            lot = _lot(case, key, title, amounts[0], published)
            lot.refs["project_id"] = Project, code
            lot.values["bid_deadline"] = None if case.simplified else at(opened_on, "09:00")
            outcome = LotStatus.UNSUCCESSFUL if case.failed else LotStatus.COMPLETE
            lot.later.append((at(opened_on, "18:00") if case.failed else decided_at, {"status": outcome}))
            self.plan.add(lot)
            if not case.failed:
                self._award(rng, case, key, amounts[1], decided_at)
        return keys

    def _award(self, rng: Random, case: Case, lot: str, amount: Decimal, decided_at: datetime) -> None:
        self._write_award(rng, case, lot, amount, decided_at)
        if rng.random() < _REAWARDED and case.project_class is not ProjectClass.LAND:
            earlier = decided_at - timedelta(hours=20)
            self._write_award(rng, case, lot, amount - 1000, earlier, status=AwardStatus.CANCELLED)

    def _write_award(
        self,
        rng: Random,
        case: Case,
        lot: str,
        amount: Decimal,
        decided_at: datetime,
        *,
        status: AwardStatus = AwardStatus.ACTIVE,
    ) -> None:
        name, uscc = self.library.winner(rng, case.project_class, case.decided_on)
        self.plan.add(
            Planned(
                Award,
                f"{lot}-award-{status}",
                decided_at,
                {
                    "supplier_name": name,
                    "supplier_uscc": uscc,
                    "amount": amount,
                    "decided_at": decided_at,
                    "status": status,
                },
                {"lot_id": (Lot, lot)},
            )
        )


def _decision_time(rng: Random, case: Case) -> datetime:
    """Some time of the day; an auction's result stands when the hall closes."""
    if case.project_class is ProjectClass.LAND:
        return at(case.decided_on, "17:30")
    return in_office_hours(rng, case.decided_on)


def _lot(case: Case, key: str, title: str, price: Decimal, published: datetime) -> Planned:
    land = case.project_class is ProjectClass.LAND
    return Planned(
        Lot,
        key,
        published,
        {
            "section_code": key,
            "title": title,
            "method": case.method,
            "simplified": case.simplified,
            "budget": None if land else price,
            "starting_price": price if land else None,
            "published_at": published,
            "status": LotStatus.ACTIVE,
        },
    )
