"""Periods: half-open days in Asia/Shanghai."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.periods import (
    EmptyPeriod,
    Period,
    add_months,
    day_of,
    half_year_of,
    midnight,
    month_of,
    quarter_of,
    year_of,
)

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
PERIODS = st.builds(
    lambda start, days: Period(start, start + timedelta(days=days)), DAYS, st.integers(1, 800)
)


def test_a_period_begins_and_ends_at_midnight_in_shanghai() -> None:
    half_year = Period(date(2023, 1, 1), date(2023, 7, 1))
    assert half_year.start_at == datetime(2022, 12, 31, 16, tzinfo=UTC)
    assert half_year.end_at == datetime(2023, 6, 30, 16, tzinfo=UTC)
    assert half_year.last_day == date(2023, 6, 30)
    assert half_year.contains(date(2023, 6, 30))
    assert not half_year.contains(date(2023, 7, 1))


@pytest.mark.parametrize("end", [date(2023, 1, 1), date(2022, 12, 31)])
def test_an_empty_period_is_refused_with_the_mend_in_both_languages(end: date) -> None:
    with pytest.raises(EmptyPeriod, match=r"期间为空.*the end is the first day outside"):
        Period(date(2023, 1, 1), end)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ((date(2023, 1, 1), date(2023, 7, 1)), (date(2022, 7, 1), date(2023, 1, 1))),
        ((date(2024, 3, 1), date(2024, 4, 1)), (date(2024, 2, 1), date(2024, 3, 1))),
        ((date(2024, 3, 4), date(2024, 3, 11)), (date(2024, 2, 26), date(2024, 3, 4))),
    ],
)
def test_the_previous_period_has_as_many_months_or_days(
    period: tuple[date, date], before: tuple[date, date]
) -> None:
    assert Period(*period).previous() == Period(*before)


@pytest.mark.parametrize(
    ("period", "before"),
    [
        ((date(2023, 1, 1), date(2023, 7, 1)), (date(2022, 1, 1), date(2022, 7, 1))),
        ((date(2025, 2, 1), date(2025, 3, 1)), (date(2024, 2, 1), date(2024, 3, 1))),
        ((date(2024, 2, 29), date(2024, 3, 1)), (date(2023, 2, 28), date(2023, 3, 1))),
        ((date(2024, 2, 28), date(2024, 2, 29)), (date(2023, 2, 28), date(2023, 3, 1))),
    ],
)
def test_the_year_before_keeps_months_whole_and_leap_days_from_vanishing(
    period: tuple[date, date], before: tuple[date, date]
) -> None:
    assert Period(*period).year_before() == Period(*before)


@given(PERIODS)
def test_previous_ends_where_the_period_starts(period: Period) -> None:
    previous = period.previous()
    assert previous.end == period.start
    assert previous.whole_months == period.whole_months
    if period.whole_months is None:
        assert previous.days == period.days


@given(PERIODS)
def test_months_cover_a_period_without_gap_or_overlap(period: Period) -> None:
    months = period.months()
    assert months[0].start == period.start
    assert months[-1].end == period.end
    assert all(one.end == next_one.start for one, next_one in pairwise(months))
    assert all(month_of(month.start) == month_of(month.last_day) for month in months)


@given(DAYS)
def test_calendar_periods_contain_their_day_and_nest(day: date) -> None:
    month, quarter, half, year = (of(day) for of in (month_of, quarter_of, half_year_of, year_of))
    assert [p.whole_months for p in (month, quarter, half, year)] == [1, 3, 6, 12]
    for inner, outer in ((month, quarter), (quarter, half), (half, year)):
        assert outer.start <= inner.start
        assert inner.end <= outer.end
        assert inner.contains(day)


@given(DAYS)
def test_midnight_lies_on_its_day_and_the_instant_before_on_the_day_before(day: date) -> None:
    assert day_of(midnight(day)) == day
    assert day_of(midnight(day) - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_add_months_crosses_years_both_ways() -> None:
    assert add_months(date(2023, 11, 30), 3) == date(2024, 2, 1)
    assert add_months(date(2023, 1, 15), -13) == date(2021, 12, 1)
