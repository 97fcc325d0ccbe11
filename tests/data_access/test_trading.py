"""The trading page's queries add up to the figures, month by month and lot by lot."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from data_access.figures import figures
from data_access.trading import lots_awarded, monthly_by_class, monthly_trading, trading_compared
from domain.periods import Period
from domain.vocabulary import ProcurementMethod, ProjectClass
from tests.data_access.small_cases import SmallCases

FIRST_HALF = Period(date(2023, 1, 1), date(2023, 7, 1))


@pytest.fixture
def cases(session: Session) -> SmallCases:
    made = SmallCases(session)
    made.lot(budget=1000, awards={"2023-01-31 23:59": 900})
    made.lot(budget=2000, awards={"2023-02-01 00:00": 1500}, method=ProcurementMethod.SELECTIVE)
    made.lot(ProjectClass.PROCUREMENT, budget=500, awards={"2023-06-30 23:59": 400})
    made.lot(ProjectClass.LAND, budget=None, starting_price=3000, awards={"2023-03-01 09:00": 4500})
    made.lot(budget=800, awards={"2022-06-01 09:00": 700})
    made.lot(budget=9999, awards={"2023-07-01 00:00": 9000})
    return made


def test_months_are_those_of_shanghai_and_none_is_missing(session: Session, cases: SmallCases) -> None:
    months = monthly_trading(session, FIRST_HALF)
    assert list(months["month"]) == [date(2023, month, 1) for month in range(1, 7)]
    assert list(months["transactions"]) == [1, 1, 1, 0, 0, 1]
    assert list(months["award"]) == [900, 1500, 4500, 0, 0, 400]


def test_rates_leave_land_out_and_premiums_hold_land_only(session: Session, cases: SmallCases) -> None:
    months = monthly_trading(session, FIRST_HALF)
    january, march = months.to_dict("records")[0:3:2]
    assert january["saving_rate"] == pytest.approx(0.1)
    assert (march["saving"], march["saving_rate"], march["premium"]) == (0, 0, 1500)
    assert march["premium_rate"] == pytest.approx(0.5)


def test_months_add_up_to_the_figures(session: Session, cases: SmallCases) -> None:
    months, total = monthly_trading(session, FIRST_HALF), figures(session, FIRST_HALF).total
    assert months["transactions"].sum() == total.transactions == 4
    assert Decimal(months["award"].sum()) == total.award
    assert Decimal(months["saving"].sum()) == total.saving


def test_one_class_can_be_looked_at(session: Session, cases: SmallCases) -> None:
    assert monthly_trading(session, FIRST_HALF, "procurement")["transactions"].tolist() == [0] * 5 + [1]
    assert set(lots_awarded(session, FIRST_HALF, "works")["project_class"]) == {"works"}


def test_every_class_has_a_column_of_counts(session: Session, cases: SmallCases) -> None:
    months = monthly_by_class(session, FIRST_HALF)
    assert list(months.columns) == ["month", *ProjectClass]
    assert months["works"].tolist() == [1, 1, 0, 0, 0, 0]
    assert months["mining"].sum() == 0


def test_nothing_transacted_gives_months_of_zero(session: Session) -> None:
    assert monthly_trading(session, FIRST_HALF)["award"].tolist() == [0.0] * 6
    assert monthly_by_class(session, FIRST_HALF)["works"].tolist() == [0] * 6
    assert lots_awarded(session, FIRST_HALF).empty
    assert trading_compared(session, FIRST_HALF, FIRST_HALF.year_before(), "method").empty


def test_classes_are_compared_with_the_year_before(session: Session, cases: SmallCases) -> None:
    table = trading_compared(session, FIRST_HALF, FIRST_HALF.year_before(), "project_class")
    works, land, procurement = table.to_dict("records")
    assert [row["project_class"] for row in (works, land, procurement)] == ["works", "land", "procurement"]
    assert (works["transactions"], works["transactions_before"]) == (2, 1)
    assert (works["growth"], works["saving_rate_before"]) == (pytest.approx(1), pytest.approx(0.125))
    assert table["growth"].isna().tolist() == [False, True, True]
    assert table["budget"].isna().tolist() == [False, True, False]


def test_a_class_of_the_year_before_stays_in_the_table(session: Session) -> None:
    SmallCases(session).lot(budget=800, awards={"2022-06-01 09:00": 700})
    table = trading_compared(session, FIRST_HALF, FIRST_HALF.year_before(), "method")
    assert table[["transactions", "transactions_before"]].values.tolist() == [[0, 1]]
    assert table["growth"].tolist() == [-1]


def test_lots_come_newest_first_with_the_rate_that_fits_them(session: Session, cases: SmallCases) -> None:
    lots = lots_awarded(session, FIRST_HALF)
    assert lots["project_class"].tolist() == ["procurement", "land", "works", "works"]
    assert lots["rate"].tolist() == [
        Decimal("0.2"),
        Decimal("0.5"),
        Decimal("0.25"),
        Decimal("0.1"),
    ]
    assert lots["award"].sum() == Decimal(7300)


def test_two_winners_of_a_lot_stand_in_one_row(session: Session) -> None:
    SmallCases(session).lot(budget=100, awards={"2023-01-05 09:00": 40, "2023-01-06 09:00": 50})
    lots = lots_awarded(session, FIRST_HALF)
    assert len(lots) == 1
    assert lots["award"].tolist() == [Decimal(90)]
