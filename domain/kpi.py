"""The supervisors' figures: what they are made of and how they follow from sums. Formulas: docs/kpi.md.

Money is yuan, rates are fractions of sums (never means of rates). Sums themselves are made in
`data_access.figures`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal

from domain.periods import Period
from domain.vocabulary import CLASSES_WITHOUT_SAVING, ProcurementMethod, ProjectClass

# Always shown, even without a transaction; other classes only when they have some.
CLASSES_ALWAYS_SHOWN = (ProjectClass.WORKS, ProjectClass.PROCUREMENT, ProjectClass.LAND)


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """`part / whole` at full precision; None (not applicable) when the base is 0."""
    return Decimal(part) / Decimal(whole) if whole else None


def change(value: Decimal | int, base: Decimal | int | None) -> Decimal | None:
    """The growth over the base as a fraction; None (shown blank) when the base is missing or 0 (KPI 9)."""
    return ratio(Decimal(value) - Decimal(base), abs(Decimal(base))) if base else None


def amount_text(amount: Decimal) -> str:
    """Yuan as a decimal string with two places, without exponent."""
    return f"{amount:.2f}"


@dataclass(frozen=True)
class Trading:
    """The lots transacted in a period (KPI 1 and 3 to 6)."""

    transactions: int = 0
    budget: Decimal = Decimal(0)
    award: Decimal = Decimal(0)
    saving: Decimal | None = None
    """Σ (budget - award) of the lots a saving is defined for; None: not applicable (land, property)."""
    saving_base: Decimal = Decimal(0)
    """Σ budget of those same lots."""
    without_budget: int = 0
    """Lots left out of the saving because their budget is not known."""
    other_currency: int = 0
    """Lots counted, but left out of every amount because they are not in yuan."""

    @property
    def saving_rate(self) -> Decimal | None:
        """Σ saving / Σ budget of the same lots; None when there are none."""
        return None if self.saving is None else ratio(self.saving, self.saving_base)

    def __add__(self, other: Trading) -> Trading:
        savings = [saving for saving in (self.saving, other.saving) if saving is not None]
        return Trading(
            transactions=self.transactions + other.transactions,
            budget=self.budget + other.budget,
            award=self.award + other.award,
            saving=sum(savings, Decimal(0)) if savings else None,
            saving_base=self.saving_base + other.saving_base,
            without_budget=self.without_budget + other.without_budget,
            other_currency=self.other_currency + other.other_currency,
        )

    def as_json(self) -> dict[str, object]:
        """Amounts as decimal strings, the rate as a number."""
        return {
            "transactions": self.transactions,
            "budget": amount_text(self.budget),
            "award": amount_text(self.award),
            "saving": None if self.saving is None else amount_text(self.saving),
            "saving_rate": None if self.saving_rate is None else float(self.saving_rate),
        }


def no_trading(project_class: ProjectClass) -> Trading:
    """The figures of a class without transactions: a saving of 0 where one is defined, else none."""
    return Trading(saving=None if project_class in CLASSES_WITHOUT_SAVING else Decimal(0))


@dataclass(frozen=True)
class LandPremium:
    """溢价 of the land lots transacted (KPI 7)."""

    premium: Decimal = Decimal(0)
    """Σ (deal - starting price), yuan."""
    base: Decimal = Decimal(0)
    """Σ starting price of the same lots, yuan."""
    without_starting_price: int = 0
    """Land lots left out because their starting price is not known."""

    @property
    def rate(self) -> Decimal | None:
        """Premium / starting prices; None when there are none."""
        return ratio(self.premium, self.base)


@dataclass(frozen=True)
class Openings:
    """Bid openings by actual start (KPI 16 and 17)."""

    held: int
    """All that were not cancelled."""
    supervised: int
    """Of those, with a supervisor on site or remote."""
    by_method: Mapping[ProcurementMethod | None, int]
    """The supervised ones by method; None: the method is not recorded."""

    @property
    def coverage(self) -> Decimal | None:
        """Supervised / held."""
        return ratio(self.supervised, self.held)

    def as_json(self) -> dict[str, object]:
        """All four methods, and `unknown` only when there are some."""
        by_method = {method.value: self.by_method.get(method, 0) for method in ProcurementMethod}
        if unknown := self.by_method.get(None, 0):
            by_method["unknown"] = unknown
        return {"supervised": self.supervised, "by_method": by_method}


@dataclass(frozen=True)
class Penalties:
    """Expert penalties by the day of decision (KPI 29)."""

    person_times: int
    persons: int


@dataclass(frozen=True)
class Received:
    """Complaints or petitions received in a period (KPI 48)."""

    received: int
    open: int
    """Of those, not decided before the period ended."""


@dataclass(frozen=True)
class Movement:
    """Enterprises in a library over a period (KPI 33): opening + joined - left = closing.

    Opening and closing are the stock at midnight before the first day and after the last one.
    """

    opening: int
    joined: int
    left: int
    closing: int

    @property
    def growth(self) -> Decimal | None:
        """(closing - opening) / opening; None when it was empty (KPI 34)."""
        return change(self.closing, self.opening)


@dataclass(frozen=True)
class Mall:
    """Online mall orders (KPI 60)."""

    orders: int
    amount: Decimal


@dataclass(frozen=True)
class Figures:
    """All figures of one period."""

    period: Period
    by_class: Mapping[ProjectClass, Trading]
    land: LandPremium
    floor_sessions: int
    """Openings, negotiations, lotteries and auctions held (KPI 2)."""
    openings: Openings
    simplified: int
    """Lots of the simplified procedure transacted (KPI 23)."""
    expert_draws: int
    """Accepted draw members, person-times (KPI 24)."""
    penalties: Penalties
    complaints: Received
    petitions: Received
    enterprises: Movement
    mall: Mall
    inspections: int

    @property
    def total(self) -> Trading:
        """All classes together."""
        return sum(self.by_class.values(), Trading())

    @property
    def penalty_rate(self) -> Decimal | None:
        """Penalties / draws, both person-times (KPI 30)."""
        return ratio(self.penalties.person_times, self.expert_draws)

    def as_json(self) -> dict[str, object]:
        """The structure that `python -m dashboard kpi --json` prints."""
        return {
            "total": self.total.as_json(),
            "by_class": {code.value: trading.as_json() for code, trading in self.by_class.items()},
            "land": {"premium": amount_text(self.land.premium)},
            "openings": self.openings.as_json(),
            "simplified": self.simplified,
            "expert_draws": self.expert_draws,
            "expert_penalties": _plain(self.penalties),
            "complaints": _plain(self.complaints),
            "petitions": _plain(self.petitions),
            "enterprises": _plain(self.enterprises),
            "mall": {"orders": self.mall.orders, "amount": amount_text(self.mall.amount)},
            "inspections": self.inspections,
        }


def _plain(counts: Penalties | Received | Movement) -> dict[str, object]:
    return {field.name: getattr(counts, field.name) for field in fields(counts)}
