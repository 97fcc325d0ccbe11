"""The formulas of the figures, without a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kpi import (
    LandPremium,
    Movement,
    Openings,
    Trading,
    amount_text,
    change,
    no_trading,
    ratio,
)
from domain.vocabulary import ProcurementMethod, ProjectClass

AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, places=2)
TRADINGS = st.builds(
    Trading,
    transactions=st.integers(0, 10**6),
    budget=AMOUNTS,
    award=AMOUNTS,
    saving=st.none() | AMOUNTS,
    saving_base=AMOUNTS,
    without_budget=st.integers(0, 9),
    other_currency=st.integers(0, 9),
)


def test_a_rate_is_a_ratio_of_sums_and_none_over_nothing() -> None:
    assert ratio(Decimal("18223100"), Decimal("197230700")) == Decimal("18223100") / Decimal("197230700")
    assert ratio(3, 0) is None
    assert Trading(saving=Decimal(0)).saving_rate is None
    assert LandPremium().rate is None


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [(78, 72, Decimal(6) / 72), (5, 0, None), (5, None, None), (0, 4, Decimal(-1)), (-1, -2, Decimal("0.5"))],
)
def test_a_change_is_blank_without_a_base(value: int, base: int | None, expected: Decimal | None) -> None:
    assert change(value, base) == expected


def test_land_has_no_saving_and_works_without_transactions_a_saving_of_zero() -> None:
    assert no_trading(ProjectClass.LAND).as_json() == {
        "transactions": 0,
        "budget": "0.00",
        "award": "0.00",
        "saving": None,
        "saving_rate": None,
    }
    assert no_trading(ProjectClass.WORKS).as_json()["saving"] == "0.00"


def test_adding_land_to_works_keeps_the_saving_of_works() -> None:
    works = Trading(2, Decimal(300), Decimal(270), Decimal(30), Decimal(300))
    land = Trading(1, Decimal(0), Decimal(5000), None)
    total = works + land
    assert (total.transactions, total.award, total.saving) == (3, Decimal(5270), Decimal(30))
    assert total.saving_rate == Decimal("0.1")
    assert (land + land).saving is None


@given(TRADINGS, TRADINGS, TRADINGS)
def test_totals_do_not_depend_on_the_order_of_the_classes(a: Trading, b: Trading, c: Trading) -> None:
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Trading() == a


@given(AMOUNTS)
def test_an_amount_is_printed_without_exponent_and_reads_back_exactly(amount: Decimal) -> None:
    text = amount_text(amount)
    assert Decimal(text) == amount
    assert len(text.partition(".")[2]) == 2


def test_an_unknown_method_shows_only_when_there_are_some() -> None:
    known = Openings(held=3, supervised=2, by_method={ProcurementMethod.OPEN: 2})
    assert known.as_json() == {
        "supervised": 2,
        "by_method": {"open": 2, "selective": 0, "limited": 0, "direct": 0},
    }
    assert known.coverage == Decimal(2) / 3
    unknown = Openings(held=1, supervised=1, by_method={None: 1})
    assert unknown.as_json()["by_method"] == {
        "open": 0,
        "selective": 0,
        "limited": 0,
        "direct": 0,
        "unknown": 1,
    }


def test_growth_of_the_library_is_measured_on_its_opening() -> None:
    assert Movement(113, 15, 3, 125).growth == Decimal(12) / 113
    assert Movement(0, 4, 0, 4).growth is None
