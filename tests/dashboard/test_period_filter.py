"""What a link says of the period, and with which days a period is compared."""

from datetime import date

import pytest

from dashboard.period_filter import PRESETS, Chosen, choice_in, period_of
from domain.periods import Period

TODAY = date(2026, 11, 23)
FIRST_HALF = Period(date(2023, 1, 1), date(2023, 7, 1))


def test_two_days_in_a_link_win_over_a_preset() -> None:
    choice = choice_in({"from": "2023-01-01", "to": "2023-07-01", "period": "this_year", "id": "3"})
    assert choice == {"from": "2023-01-01", "to": "2023-07-01"}
    assert period_of(choice, TODAY) == FIRST_HALF


@pytest.mark.parametrize(
    "link",
    [
        {},
        {"period": "next_year"},
        {"from": "2023-01-01"},
        {"from": "2023-07-01", "to": "2023-01-01"},
        {"from": "2023-07-01", "to": "2023-07-01"},
        {"from": "yesterday", "to": "2023-01-01"},
        {"from": "2026-11-23T10:00:00+08:00", "to": "2026-11-23T11:00:00+08:00"},
    ],
)
def test_a_link_that_names_no_usable_period_is_not_followed(link: dict[str, str]) -> None:
    assert choice_in(link) is None


@pytest.mark.parametrize(
    ("preset", "first", "end"),
    [
        ("this_month", date(2026, 11, 1), date(2026, 12, 1)),
        ("this_quarter", date(2026, 10, 1), date(2027, 1, 1)),
        ("this_half", date(2026, 7, 1), date(2027, 1, 1)),
        ("this_year", date(2026, 1, 1), date(2027, 1, 1)),
        ("last_month", date(2026, 10, 1), date(2026, 11, 1)),
        ("last_quarter", date(2026, 7, 1), date(2026, 10, 1)),
        ("last_half", date(2026, 1, 1), date(2026, 7, 1)),
        ("last_year", date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_presets_are_calendar_periods(preset: str, first: date, end: date) -> None:
    assert PRESETS[preset](TODAY) == Period(first, end)


def test_a_past_period_is_compared_with_the_whole_one_before() -> None:
    chosen = Chosen(FIRST_HALF, TODAY)
    assert not chosen.running
    assert chosen.so_far == FIRST_HALF
    assert chosen.before == Period(date(2022, 7, 1), date(2023, 1, 1))
    assert chosen.year_before == Period(date(2022, 1, 1), date(2022, 7, 1))


def test_a_running_period_is_compared_with_as_many_days() -> None:
    chosen = Chosen(Period(date(2026, 7, 1), date(2027, 1, 1)), TODAY)
    assert chosen.running
    assert chosen.so_far == Period(date(2026, 7, 1), date(2026, 11, 24))
    assert chosen.before.days == chosen.so_far.days
    assert chosen.before.start == date(2026, 1, 1)
    assert chosen.year_before == Period(date(2025, 7, 1), date(2025, 11, 24))


def test_the_cut_never_reaches_beyond_a_shorter_period_before() -> None:
    chosen = Chosen(Period(date(2026, 3, 1), date(2026, 4, 1)), date(2026, 3, 31))
    assert chosen.before == Period(date(2026, 2, 1), date(2026, 3, 1))


def test_the_trend_has_twelve_months_or_all_of_a_longer_period() -> None:
    assert Chosen(FIRST_HALF, TODAY).trend == Period(date(2022, 7, 1), date(2023, 7, 1))
    assert Chosen(FIRST_HALF, TODAY).months_inside == 6
    running = Chosen(Period(date(2026, 7, 1), date(2027, 1, 1)), TODAY)
    assert running.trend == Period(date(2025, 12, 1), date(2026, 12, 1))
    assert running.months_inside == 5
    long = Chosen(Period(date(2024, 2, 10), date(2026, 1, 1)), TODAY)
    assert long.trend == Period(date(2024, 2, 1), date(2026, 1, 1))
    assert long.months_inside == 23
