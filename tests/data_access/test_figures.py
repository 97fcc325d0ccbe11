"""Each figure on the smallest cases, its borders, and the identities between figures."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from data_access.figures import enterprise_movement, figures, monthly, trading_by
from data_access.trading_figures import trading_by_class
from domain.kpi import Movement, Trading
from domain.periods import Period
from domain.vocabulary import (
    CLASSES_WITHOUT_SAVING,
    ComplaintType,
    DrawResponse,
    Library,
    ParticipantRole,
    ProcurementMethod,
    ProjectClass,
    SessionStatus,
    SessionType,
)
from tests.data_access.small_cases import SmallCases

HALF_YEAR = Period(date(2023, 1, 1), date(2023, 7, 1))
FIRST, LAST, AFTER, BEFORE = "2023-01-01 00:00", "2023-06-30 23:59", "2023-07-01 00:00", "2022-12-31 23:59"
MEANWHILE = "2023-03-01 10:00"

on_one_database = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def cases(session: Session) -> SmallCases:
    return SmallCases(session)


def test_a_period_without_anything_has_zeros_and_no_rates(session: Session) -> None:
    assert figures(session, HALF_YEAR).as_json() == {
        "total": _trading(0, "0.00", "0.00", "0.00", None),
        "by_class": {
            "works": _trading(0, "0.00", "0.00", "0.00", None),
            "procurement": _trading(0, "0.00", "0.00", "0.00", None),
            "land": _trading(0, "0.00", "0.00", None, None),
        },
        "land": {"premium": "0.00"},
        "openings": {"supervised": 0, "by_method": {"open": 0, "selective": 0, "limited": 0, "direct": 0}},
        "simplified": 0,
        "expert_draws": 0,
        "expert_penalties": {"person_times": 0, "persons": 0},
        "complaints": {"received": 0, "open": 0},
        "petitions": {"received": 0, "open": 0},
        "enterprises": {"opening": 0, "joined": 0, "left": 0, "closing": 0},
        "mall": {"orders": 0, "amount": "0.00"},
        "inspections": 0,
    }


def _trading(
    transactions: int, budget: str, award: str, saving: str | None, saving_rate: float | None
) -> dict[str, object]:
    return {
        "transactions": transactions,
        "budget": budget,
        "award": award,
        "saving": saving,
        "saving_rate": saving_rate,
    }


@pytest.mark.parametrize(("decided", "counts"), [(BEFORE, 0), (FIRST, 1), (LAST, 1), (AFTER, 0)])
def test_an_award_belongs_to_the_day_in_shanghai_on_which_it_is_decided(
    session: Session, cases: SmallCases, decided: str, counts: int
) -> None:
    cases.lot(awards={decided: 80})
    assert figures(session, HALF_YEAR).total.transactions == counts


def test_a_cancelled_award_does_not_count_and_the_next_one_places_the_lot(
    session: Session, cases: SmallCases
) -> None:
    cases.lot(cancelled={MEANWHILE: 70}, awards={AFTER: 80})
    assert figures(session, HALF_YEAR).total.transactions == 0
    later = figures(session, Period(date(2023, 7, 1), date(2023, 8, 1))).total
    assert (later.transactions, later.award) == (1, Decimal(80))


def test_a_lot_with_two_winners_counts_once_with_both_amounts_in_the_first_ones_period(
    session: Session, cases: SmallCases
) -> None:
    cases.lot(budget=100, awards={LAST: 30, AFTER: 50})
    now = figures(session, HALF_YEAR).total
    assert now.as_json() == _trading(1, "100.00", "80.00", "20.00", 0.2)
    assert figures(session, Period(date(2023, 7, 1), date(2023, 8, 1))).total.transactions == 0


def test_land_has_a_premium_and_no_saving(session: Session, cases: SmallCases) -> None:
    cases.lot(ProjectClass.LAND, budget=None, starting_price=1000, awards={MEANWHILE: 1250})
    cases.lot(ProjectClass.LAND, budget=None, starting_price=None, awards={MEANWHILE: 900})
    cases.lot(budget=200, awards={MEANWHILE: 150})
    found = figures(session, HALF_YEAR)
    assert found.as_json()["by_class"] == {
        "works": _trading(1, "200.00", "150.00", "50.00", 0.25),
        "procurement": _trading(0, "0.00", "0.00", "0.00", None),
        "land": _trading(2, "0.00", "2150.00", None, None),
    }
    assert found.land.premium == 250
    assert found.land.rate == Decimal("0.25")
    assert found.land.without_starting_price == 1
    assert found.total.as_json() == _trading(3, "200.00", "2300.00", "50.00", 0.25)


def test_a_lot_without_budget_counts_but_is_left_out_of_the_saving(
    session: Session, cases: SmallCases
) -> None:
    cases.lot(budget=None, awards={MEANWHILE: 500})
    cases.lot(budget=100, awards={MEANWHILE: 90})
    works = figures(session, HALF_YEAR).by_class[ProjectClass.WORKS]
    assert works.as_json() == _trading(2, "100.00", "590.00", "10.00", 0.1)
    assert works.without_budget == 1


def test_another_currency_counts_but_is_left_out_of_the_amounts(session: Session, cases: SmallCases) -> None:
    cases.lot(budget=100, awards={MEANWHILE: 90}, currency="HKD")
    works = figures(session, HALF_YEAR).by_class[ProjectClass.WORKS]
    assert works.as_json() == _trading(1, "0.00", "0.00", "0.00", None)
    assert (works.other_currency, works.without_budget) == (1, 0)


def test_an_award_above_the_budget_is_a_negative_saving(session: Session, cases: SmallCases) -> None:
    cases.lot(budget=100, awards={MEANWHILE: Decimal("100.01")})
    assert figures(session, HALF_YEAR).total.as_json() == _trading(1, "100.00", "100.01", "-0.01", -0.0001)


def test_another_class_shows_when_it_has_transactions(session: Session, cases: SmallCases) -> None:
    cases.lot(ProjectClass.PROPERTY, budget=None, awards={MEANWHILE: 7})
    by_class = figures(session, HALF_YEAR).by_class
    assert list(by_class) == [
        ProjectClass.WORKS,
        ProjectClass.PROCUREMENT,
        ProjectClass.LAND,
        ProjectClass.PROPERTY,
    ]
    assert by_class[ProjectClass.PROPERTY].saving is None


def test_simplified_lots_count_when_they_are_awarded(session: Session, cases: SmallCases) -> None:
    cases.lot(simplified=True, awards={MEANWHILE: 1})
    cases.lot(simplified=True, awards={AFTER: 1})
    cases.lot(simplified=True)
    assert figures(session, HALF_YEAR).simplified == 1


def test_an_opening_is_supervised_on_site_or_remotely_but_not_by_a_monitor(
    session: Session, cases: SmallCases
) -> None:
    cases.held(MEANWHILE)
    cases.held(MEANWHILE, remote=True, method=ProcurementMethod.SELECTIVE)
    cases.held(
        MEANWHILE,
        present=(ParticipantRole.MONITOR, ParticipantRole.SUPERVISOR, ParticipantRole.SUPERVISOR),
        method=None,
    )
    cases.held(MEANWHILE, present=(ParticipantRole.MONITOR,))
    cases.held(MEANWHILE, present=())
    found = figures(session, HALF_YEAR).openings
    assert (found.held, found.supervised) == (5, 3)
    assert found.as_json()["by_method"] == {
        "open": 1,
        "selective": 1,
        "limited": 0,
        "direct": 0,
        "unknown": 1,
    }


def test_only_openings_that_took_place_in_the_period_count(session: Session, cases: SmallCases) -> None:
    for when in (BEFORE, FIRST, LAST, AFTER, None):
        cases.held(when)
    cases.held(MEANWHILE, status=SessionStatus.CANCELLED)
    cases.held(MEANWHILE, SessionType.EVALUATION)
    assert figures(session, HALF_YEAR).openings.held == 2


def test_sessions_on_the_floor_are_openings_negotiations_lotteries_and_auctions(
    session: Session, cases: SmallCases
) -> None:
    for kind in SessionType:
        cases.held(MEANWHILE, kind, present=())
    assert figures(session, HALF_YEAR).floor_sessions == 4


def test_draws_count_when_accepted_by_the_time_of_drawing(session: Session, cases: SmallCases) -> None:
    for response in DrawResponse:
        cases.drawn(FIRST, response)
    cases.drawn(AFTER, DrawResponse.ACCEPTED)
    assert figures(session, HALF_YEAR).expert_draws == 1


def test_penalties_are_person_times_and_distinct_persons(session: Session, cases: SmallCases) -> None:
    one, other = cases.expert(), cases.expert()
    for expert, when in ((one, FIRST), (one, LAST), (other, MEANWHILE), (other, AFTER)):
        cases.penalised(expert, when)
    found = figures(session, HALF_YEAR)
    assert (found.penalties.person_times, found.penalties.persons) == (3, 2)
    assert found.penalty_rate is None


def test_a_complaint_decided_after_the_period_was_open_at_its_end(
    session: Session, cases: SmallCases
) -> None:
    for decided in (LAST, AFTER, None):
        cases.complaint(ComplaintType.COMPLAINT, FIRST, decided)
    cases.complaint(ComplaintType.COMPLAINT, BEFORE, None)
    cases.complaint(ComplaintType.PETITION, MEANWHILE, LAST)
    cases.complaint(ComplaintType.OBJECTION, MEANWHILE)
    found = figures(session, HALF_YEAR).as_json()
    assert found["complaints"] == {"received": 3, "open": 2}
    assert found["petitions"] == {"received": 1, "open": 0}


def test_mall_orders_and_inspections_count_by_their_day(session: Session, cases: SmallCases) -> None:
    cases.order(FIRST, Decimal("10.10"))
    cases.order(LAST, Decimal("0.05"))
    cases.order(AFTER, Decimal(99))
    cases.inspected(date(2023, 1, 1))
    cases.inspected(date(2023, 7, 1))
    found = figures(session, HALF_YEAR).as_json()
    assert found["mall"] == {"orders": 2, "amount": "10.15"}
    assert found["inspections"] == 1


def test_an_enterprise_in_two_libraries_is_one_and_a_change_of_library_moves_nobody(
    session: Session, cases: SmallCases
) -> None:
    cases.enterprise(
        (Library.CONTRACTOR, date(2022, 5, 1), date(2023, 3, 1)),
        (Library.SUPPLIER, date(2023, 3, 1), None),
        (Library.AGENCY, date(2023, 2, 1), date(2023, 4, 1)),
    )
    assert enterprise_movement(session, HALF_YEAR) == Movement(1, 0, 0, 1)
    assert enterprise_movement(session, HALF_YEAR, Library.CONTRACTOR) == Movement(1, 0, 1, 0)
    assert enterprise_movement(session, HALF_YEAR, Library.SUPPLIER) == Movement(0, 1, 0, 1)
    assert enterprise_movement(session, HALF_YEAR, Library.AGENCY) == Movement(0, 1, 1, 0)


@pytest.mark.parametrize(
    ("joined", "left", "expected"),
    [
        (date(2022, 1, 1), date(2023, 1, 1), Movement(1, 0, 1, 0)),  # out on the first day
        (date(2023, 1, 1), None, Movement(0, 1, 0, 1)),  # in on the first day
        (date(2023, 6, 30), date(2023, 7, 1), Movement(0, 1, 0, 1)),  # in on the last day, out after it
        (date(2022, 1, 1), date(2022, 12, 31), Movement(0, 0, 0, 0)),
        (date(2023, 7, 1), None, Movement(0, 0, 0, 0)),
        (date(2023, 2, 1), date(2023, 2, 1), Movement(0, 0, 0, 0)),  # not a single day
    ],
)
def test_joining_and_leaving_at_the_borders(
    session: Session, cases: SmallCases, joined: date, left: date | None, expected: Movement
) -> None:
    cases.enterprise((Library.SUPPLIER, joined, left))
    assert enterprise_movement(session, HALF_YEAR) == expected


def test_a_return_is_a_second_joining(session: Session, cases: SmallCases) -> None:
    cases.enterprise(
        (Library.SUPPLIER, date(2023, 1, 10), date(2023, 2, 10)),
        (Library.SUPPLIER, date(2023, 2, 11), None),
    )
    assert enterprise_movement(session, HALF_YEAR) == Movement(0, 2, 1, 1)


SPELL = st.tuples(st.sampled_from(list(Library)), st.integers(0, 30), st.none() | st.integers(0, 12))


@on_one_database
@given(
    enterprises=st.lists(st.lists(SPELL, max_size=4), max_size=5),
    first=st.integers(0, 30),
    days=st.integers(1, 20),
)
def test_opening_plus_joined_minus_left_is_closing_for_any_spells(
    session: Session, enterprises: list[list[tuple[Library, int, int | None]]], first: int, days: int
) -> None:
    """Against a count day by day."""
    start = date(2023, 1, 1)
    period = Period(start + timedelta(days=first), start + timedelta(days=first + days))
    with _undone(session) as cases:
        for spells in enterprises:
            cases.enterprise(
                *(
                    (library, start + timedelta(days=at), _later(start, at, length))
                    for library, at, length in spells
                )
            )
        found = enterprise_movement(session, period)
    expected = [0, 0, 0, 0]
    for spells in enterprises:
        inside = {day for _, at, length in spells for day in range(at, 99 if length is None else at + length)}
        expected[0] += first - 1 in inside
        expected[1] += sum(day in inside and day - 1 not in inside for day in range(first, first + days))
        expected[2] += sum(day not in inside and day - 1 in inside for day in range(first, first + days))
        expected[3] += first + days - 1 in inside
    assert found == Movement(*expected)
    assert found.opening + found.joined - found.left == found.closing


def _later(start: date, at: int, length: int | None) -> date | None:
    return None if length is None else start + timedelta(days=at + length)


@dataclass(frozen=True)
class DrawnLot:
    project_class: ProjectClass
    method: ProcurementMethod | None
    budget: Decimal | None
    amount: Decimal
    day: date


LOT = st.builds(
    DrawnLot,
    project_class=st.sampled_from(list(ProjectClass)),
    method=st.none() | st.sampled_from(list(ProcurementMethod)),
    budget=st.none() | st.decimals(0, 10**9, places=2),
    amount=st.decimals(0, 10**9, places=2),
    day=st.dates(date(2022, 12, 1), date(2023, 3, 31)),
)


def _total(session: Session, period: Period) -> Trading:
    return sum(trading_by_class(session, period).values(), Trading())


@on_one_database
@given(lots=st.lists(LOT, max_size=6))
def test_classes_methods_and_months_add_up_to_the_total(session: Session, lots: list[DrawnLot]) -> None:
    period = Period(date(2022, 12, 1), date(2023, 4, 1))
    with _undone(session) as cases:
        for lot in lots:
            cases.lot(
                lot.project_class,
                method=lot.method,
                budget=lot.budget,
                awards={f"{lot.day} 12:00": lot.amount},
            )
        total = _total(session, period)
        by_month = [_total(session, month) for month in period.months()]
        tables = [
            monthly(session, period),
            trading_by(session, period, "project_class"),
            trading_by(session, period, "method"),
        ]
    savings = [
        lot.budget - lot.amount
        for lot in lots
        if lot.budget is not None and lot.project_class not in CLASSES_WITHOUT_SAVING
    ]
    assert total.transactions == len(lots)
    assert total.award == sum(lot.amount for lot in lots)
    assert total.saving == sum(savings)
    assert sum(month.award for month in by_month) == total.award
    assert sum(month.saving or 0 for month in by_month) == total.saving
    for table in tables:
        assert table["transactions"].sum() == total.transactions
        assert table["award"].sum() == pytest.approx(float(total.award))
        assert table["saving"].sum() == pytest.approx(float(total.saving or 0), abs=0.01)
        assert table["saving_base"].sum() == pytest.approx(float(total.saving_base))


class _undone:  # noqa: N801 - reads as a with-statement
    """Small cases that are taken back at the end of the block."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> SmallCases:
        self._savepoint = self._session.begin_nested()
        return SmallCases(self._session)

    def __exit__(self, *_error: object) -> None:
        self._savepoint.rollback()
        self._session.expunge_all()


def test_monthly_shows_every_month_and_clips_the_first_and_last(session: Session, cases: SmallCases) -> None:
    cases.lot(budget=100, awards={"2023-01-31 23:59": 90})
    cases.lot(budget=100, awards={"2023-02-01 00:00": 80})
    cases.lot(budget=100, awards={"2023-01-01 00:00": 1})
    cases.held("2023-03-02 09:00")
    cases.penalised(cases.expert(), "2023-03-14 23:59")
    cases.drawn("2023-03-15 00:00", DrawResponse.ACCEPTED)
    table = monthly(session, Period(date(2023, 1, 15), date(2023, 3, 15)))
    assert table.to_dict("records") == [
        _month(date(2023, 1, 1), 1, 100.0, 90.0, 10.0, openings=0, penalties=0),
        _month(date(2023, 2, 1), 1, 100.0, 80.0, 20.0, openings=0, penalties=0),
        _month(date(2023, 3, 1), 0, 0.0, 0.0, 0.0, openings=1, penalties=1),
    ]


def _month(
    month: date, transactions: int, budget: float, award: float, saving: float, **counts: int
) -> dict[str, object]:
    return {
        "month": month,
        "transactions": transactions,
        "budget": budget,
        "award": award,
        "saving": saving,
        "saving_base": budget,
        "openings": counts["openings"],
        "penalties": counts["penalties"],
        "draws": 0,
    }


def test_trading_by_method_keeps_lots_whose_method_is_not_recorded(
    session: Session, cases: SmallCases
) -> None:
    cases.lot(method=None, budget=100, awards={MEANWHILE: 75})
    cases.lot(ProjectClass.LAND, budget=None, starting_price=5, awards={MEANWHILE: 9})
    table = trading_by(session, HALF_YEAR, "method").set_index("method")
    assert table.index[0] == "open"
    assert pd.isna(table.index[1])
    assert pd.isna(table.iloc[0]["saving"])
    assert table.iloc[1]["saving_rate"] == 0.25
