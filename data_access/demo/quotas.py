"""How much happens in a half-year of the demo: the published one exactly, the others drawn around a trend."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from data_access.demo.dice import dice
from domain.periods import Period, half_year_of

FIRST_DAY = date(2022, 7, 1)


@dataclass(frozen=True)
class Quota:
    """Counts and sums of one half-year; amounts in yuan."""

    works: int
    works_budget: Decimal
    works_award: Decimal
    procurement: int
    procurement_budget: Decimal
    procurement_award: Decimal
    simplified: int
    """Works lots of the simplified procedure: by lottery, or the buyer decides."""
    negotiated: int
    """Procurement lots without an opening."""
    bundles: int
    """Procurement openings of two lots."""
    selective: int
    """Works lots by invited tender."""
    unsupervised: tuple[int, int]
    """Openings without a supervisor: by open and by invited tender."""
    failed: int
    """Open tenders with too few bidders, without an award."""
    without_panel: int
    """Invited tenders decided by drawing lots among the qualified."""
    large_panels: int
    """Panels of seven, with five drawn experts; the others have four, negotiations two."""
    land: int
    penalties: int
    penalised: int
    complaints: int
    petitions: int
    orders: int
    order_amount: Decimal
    inspections: int
    findings: int
    joined: int
    left: int


# domain.md section 2; the award of procurement at its consistent value, 17 900.76 万元.
PUBLISHED = {
    date(2023, 1, 1): Quota(
        works=111,
        works_budget=Decimal("708988400.00"),
        works_award=Decimal("603756200.00"),
        procurement=30,
        procurement_budget=Decimal("197230700.00"),
        procurement_award=Decimal("179007600.00"),
        simplified=51,
        negotiated=6,
        bundles=3,
        selective=38,
        unsupervised=(2, 2),
        failed=1,
        without_panel=7,
        large_panels=4,
        land=0,
        penalties=9,
        penalised=8,
        complaints=4,
        petitions=2,
        orders=95,
        order_amount=Decimal("6800000.00"),
        inspections=1,
        findings=1,
        joined=15,
        left=3,
    )
}
LIBRARY_AT_FIRST_DAY = 104
_BEFORE_PUBLISHED = {"joined": 13, "left": 4}  # 104 + 13 - 4 = 113 on 2023-01-01


def quota_of(half_year: Period) -> Quota:
    """The quota of a half-year; the same on every machine and every day."""
    return PUBLISHED.get(half_year.start) or _drawn(half_year)


def is_sealed(half_year: Period) -> bool:
    """Whether no procedure may cross the border at its start: the counts on one side are exact."""
    return (
        half_year.start == FIRST_DAY
        or half_year.start in PUBLISHED
        or half_year_of(half_year.previous().start).start in PUBLISHED
    )


def _drawn(half_year: Period) -> Quota:
    rng = dice(f"quota {half_year.start}")
    years = half_year.start.year - 2022
    second_half = half_year.start.month == 7
    growth = 1.03**years * (1.18 if second_half else 1.0)
    works = round(108 * growth * rng.uniform(0.94, 1.08))
    procurement = round(29 * growth * rng.uniform(0.9, 1.12))
    simplified = round(works * rng.uniform(0.42, 0.5))
    works_budget = works * Decimal(round(rng.uniform(5_600_000, 7_200_000), -2))
    procurement_budget = procurement * Decimal(round(rng.uniform(5_200_000, 7_600_000), -2))
    penalties = rng.randint(4, 9)
    orders = round(88 * 1.06**years * rng.uniform(0.9, 1.2))
    return Quota(
        works=works,
        works_budget=works_budget,
        works_award=_less(works_budget, rng.uniform(0.118, 0.158)),
        procurement=procurement,
        procurement_budget=procurement_budget,
        procurement_award=_less(procurement_budget, rng.uniform(0.07, 0.108)),
        simplified=simplified,
        negotiated=round(procurement * 0.2),
        bundles=rng.randint(2, 4),
        selective=round((works - simplified) * rng.uniform(0.48, 0.62)),
        unsupervised=(rng.randint(2, 4), rng.randint(1, 3)),
        failed=rng.randint(1, 4),
        without_panel=rng.randint(4, 8),
        large_panels=rng.randint(3, 7),
        land=rng.randint(2, 4),
        penalties=penalties,
        penalised=penalties - rng.randint(0, 1),
        complaints=rng.randint(3, 6),
        petitions=rng.randint(1, 4),
        orders=orders,
        order_amount=orders * Decimal(round(rng.uniform(62_000, 84_000), 2)),
        inspections=rng.randint(1, 4),
        findings=rng.randint(0, 2),
        **(
            _BEFORE_PUBLISHED
            if half_year.start == FIRST_DAY
            else {"joined": rng.randint(6, 12), "left": rng.randint(1, 5)}
        ),
    )


def _less(budget: Decimal, rate: float) -> Decimal:
    return (budget * Decimal(str(round(1 - rate, 4)))).quantize(Decimal("0.01"))


def spread(rng: Random, total: Decimal, count: int, least: Decimal, step: Decimal) -> list[Decimal]:
    """`count` uneven amounts of at least `least`, multiples of `step`, that add up to `total` exactly."""
    weights = [rng.lognormvariate(0, 0.75) for _ in range(count)]
    return proportional(total - least * count, weights, step, least)


def proportional(
    total: Decimal, weights: list[float], step: Decimal, least: Decimal = Decimal(0)
) -> list[Decimal]:
    """Shares of `total` by weight on top of `least`, in multiples of `step`; the largest takes the rest."""
    whole = sum(weights)
    shares = [(total * Decimal(weight / whole) / step).to_integral_value() * step for weight in weights]
    largest = weights.index(max(weights))
    shares[largest] += total - sum(shares)
    return [least + share for share in shares]
