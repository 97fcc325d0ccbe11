"""Writes a procedure's project, lots and awards into the plan."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from data_access.demo import names
from data_access.demo.cases import Amounts, Case
from data_access.demo.library import EnterpriseLibrary
from data_access.demo.plan import Plan, Planned
from data_access.demo.workdays import at, in_office_hours, shifted
from data_access.models import Award, Lot, Project
from domain.vocabulary import AwardStatus, LotStatus, ProjectClass

_REAWARDED = 0.015  # share of lots whose first award was cancelled


def write_project(
    plan: Plan,
    library: EnterpriseLibrary,
    rng: Random,
    case: Case,
    code: str,
    name: str,
    opened_on: date,
) -> list[str]:
    """The project with its lots and awards; the keys of the lots."""
    lead = rng.randint(3, 8) if case.simplified else rng.randint(21, 34)
    published = in_office_hours(rng, shifted(opened_on - timedelta(days=lead), -1))
    accepted = published - timedelta(days=rng.randint(4, 15), minutes=rng.randint(0, 120))
    plan.add(
        Planned(
            Project,
            code,
            accepted,
            {
                "code": code,
                "name": name,
                "project_class": case.project_class,
                "region_code": names.REGION_CODE,
                "buyer": rng.choice(names.BUYERS[case.project_class]),
                "agency": None if case.simplified else rng.choice(names.AGENCIES),
                "accepted_at": accepted,
            },
        )
    )
    keys = []
    for number, amounts in enumerate(case.amounts, start=1):
        key = f"{code}-{number:02d}"
        title = f"{name}（包{number}）" if len(case.amounts) > 1 else name
        decided_at = _decision_time(rng, case)
        _write_lot(plan, case, key, code, title, amounts[0], published, opened_on, decided_at)
        if not case.failed:
            _write_award(plan, library, rng, case, key, amounts, decided_at)
        keys.append(key)
    return keys


def _decision_time(rng: Random, case: Case) -> datetime:
    """Some time of the day; an auction's result stands when the hall closes."""
    if case.project_class is ProjectClass.LAND:
        return at(case.decided_on, "17:30")
    return in_office_hours(rng, case.decided_on)


def _write_lot(
    plan: Plan,
    case: Case,
    key: str,
    project: str,
    title: str,
    price: Decimal,
    published: datetime,
    opened_on: date,
    decided_at: datetime,
) -> None:
    land = case.project_class is ProjectClass.LAND
    outcome = LotStatus.UNSUCCESSFUL if case.failed else LotStatus.COMPLETE
    plan.add(
        Planned(
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
                "bid_deadline": None if case.simplified else at(opened_on, "09:00"),
                "status": LotStatus.ACTIVE,
            },
            {"project_id": (Project, project)},
            [(at(opened_on, "18:00") if case.failed else decided_at, {"status": outcome})],
        )
    )


def _write_award(
    plan: Plan,
    library: EnterpriseLibrary,
    rng: Random,
    case: Case,
    lot: str,
    amounts: Amounts,
    decided_at: datetime,
) -> None:
    name, uscc = library.winner(rng, case.project_class, case.decided_on)
    plan.add(
        Planned(
            Award,
            f"{lot}-award",
            decided_at,
            {
                "supplier_name": name,
                "supplier_uscc": uscc,
                "amount": amounts[1],
                "decided_at": decided_at,
                "status": AwardStatus.ACTIVE,
            },
            {"lot_id": (Lot, lot)},
        )
    )
    if rng.random() < _REAWARDED and case.project_class is not ProjectClass.LAND:
        first, first_uscc = library.winner(rng, case.project_class, case.decided_on)
        earlier = decided_at - timedelta(hours=20)
        plan.add(
            Planned(
                Award,
                f"{lot}-award-cancelled",
                earlier,
                {
                    "supplier_name": first,
                    "supplier_uscc": first_uscc,
                    "amount": amounts[1] - 1000,
                    "decided_at": earlier,
                    "status": AwardStatus.CANCELLED,
                },
                {"lot_id": (Lot, lot)},
            )
        )
