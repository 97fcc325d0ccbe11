"""The procedures of a half-year: what is bought or sold, how, for how much and when it is decided."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from data_access.demo.dice import dice
from data_access.demo.quotas import Quota, proportional, spread
from data_access.demo.workdays import seasonal_days
from domain.periods import Period
from domain.vocabulary import ProcurementMethod, ProjectClass

SELF_DECISION_LIMIT = Decimal(500_000)  # below it the buyer decides
_FEN = Decimal("0.01")
_HUNDRED = Decimal(100)

Amounts = tuple[Decimal, Decimal]


@dataclass
class Case:
    """One procedure, from the announcement to the award."""

    project_class: ProjectClass
    method: ProcurementMethod
    amounts: list[Amounts]
    """Budget (land: starting price) and award of each lot, yuan."""
    decided_on: date
    simplified: bool = False
    supervised: bool = True
    failed: bool = False
    drawn_experts: int = 4
    """How many experts are drawn for the panel; 0: there is none."""


def cases_of(half_year: Period, quota: Quota) -> list[Case]:
    """All procedures decided in the half-year, by day."""
    rng = dice(f"cases {half_year.start}")
    # The first ten days are left to what precedes an award: nothing is decided before it was opened.
    decided = Period(half_year.start + timedelta(days=9), half_year.end)
    cases = _works(rng, decided, quota) + _procurement(rng, decided, quota) + _land(rng, decided, quota)
    return sorted(cases, key=lambda case: case.decided_on)


def _works(rng: Random, decided: Period, quota: Quota) -> list[Case]:
    tendered = quota.works - quota.simplified
    budgets = [Decimal(rng.randint(800, 39_800)) * _HUNDRED for _ in range(quota.simplified)]
    budgets += spread(rng, quota.works_budget - sum(budgets), tendered, Decimal(4_050_000), _HUNDRED)
    amounts = _awarded(rng, budgets, quota.works_award)
    days = _shuffled_days(rng, decided, quota.works)
    cases = [
        Case(ProjectClass.WORKS, _small_method(pair[0]), [pair], day, simplified=True, drawn_experts=0)
        for pair, day in zip(amounts[: quota.simplified], days, strict=False)
    ]
    for n, (pair, day) in enumerate(zip(amounts[quota.simplified :], days[quota.simplified :], strict=True)):
        method = ProcurementMethod.SELECTIVE if n < quota.selective else ProcurementMethod.OPEN
        cases.append(Case(ProjectClass.WORKS, method, [pair], day))
    _single_out(cases[quota.simplified :], quota)
    failing = (
        Case(ProjectClass.WORKS, ProcurementMethod.OPEN, [(_round_price(rng), Decimal(0))], day, failed=True)
        for day in seasonal_days(rng, decided, quota.failed)
    )
    return cases + list(failing)


def _single_out(tendered: list[Case], quota: Quota) -> None:
    """Marks who goes without a supervisor, without a panel, or with a large one."""
    invited, public = tendered[: quota.selective], tendered[quota.selective :]
    for group, count in zip((public, invited), quota.unsupervised, strict=True):
        for case in group[:count]:
            case.supervised = False
    for case in invited[-quota.without_panel :]:
        case.drawn_experts = 0
    for case in public[-quota.large_panels :]:
        case.drawn_experts = 5


def _procurement(rng: Random, decided: Period, quota: Quota) -> list[Case]:
    budgets = spread(rng, quota.procurement_budget, quota.procurement, Decimal(650_000), _HUNDRED)
    amounts = _awarded(rng, budgets, quota.procurement_award)
    rng.shuffle(amounts)
    negotiated, tendered = amounts[: quota.negotiated], amounts[quota.negotiated :]
    in_bundles = [tendered[2 * n : 2 * n + 2] for n in range(quota.bundles)]
    alone = [[pair] for pair in tendered[2 * quota.bundles :]]
    days = iter(_shuffled_days(rng, decided, quota.procurement))
    cases = [
        Case(ProjectClass.PROCUREMENT, ProcurementMethod.LIMITED, [pair], next(days), drawn_experts=2)
        for pair in negotiated
    ]
    return cases + [
        Case(ProjectClass.PROCUREMENT, ProcurementMethod.OPEN, lots, next(days))
        for lots in in_bundles + alone
    ]


def _land(rng: Random, decided: Period, quota: Quota) -> list[Case]:
    days = _shuffled_days(rng, decided, quota.land)
    starts = [Decimal(rng.randrange(3_000, 24_000, 10)) * 10_000 for _ in days]
    # Every third stays at the starting price; bids rise in steps of 500 000 yuan.
    deals = [
        start
        + (Decimal(0) if rng.random() < 0.3 else Decimal(rng.randint(1, int(start // 2_000_000))) * 500_000)
        for start in starts
    ]
    return [
        Case(ProjectClass.LAND, ProcurementMethod.OPEN, [pair], day, drawn_experts=0)
        for pair, day in zip(zip(starts, deals, strict=True), days, strict=True)
    ]


def _awarded(rng: Random, budgets: list[Decimal], award: Decimal) -> list[Amounts]:
    """Awards that add up to `award`, each below its budget by a rate around the mean."""
    saved = proportional(
        sum(budgets, Decimal(0)) - award, [float(b) * rng.uniform(0.45, 1.55) for b in budgets], _FEN
    )
    return [(budget, budget - saving) for budget, saving in zip(budgets, saved, strict=True)]


def _small_method(budget: Decimal) -> ProcurementMethod:
    """The buyer decides below the limit, a lottery among the library's enterprises above it."""
    return ProcurementMethod.DIRECT if budget < SELF_DECISION_LIMIT else ProcurementMethod.LIMITED


def _shuffled_days(rng: Random, decided: Period, count: int) -> list[date]:
    days = seasonal_days(rng, decided, count)
    rng.shuffle(days)
    return days


def _round_price(rng: Random) -> Decimal:
    return Decimal(rng.randint(45, 240)) * 100_000
