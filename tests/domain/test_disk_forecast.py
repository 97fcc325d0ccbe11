"""A disk is full when what comes outgrows what goes and what is free."""

import pytest

from domain.disk_forecast import days_until_full


def test_without_expiry_it_is_free_space_by_daily_bytes() -> None:
    assert days_until_full(100, 10, [0] * 30) == pytest.approx(10)


def test_what_expires_makes_room() -> None:
    assert days_until_full(10, 10, [10, 10, 10, 0, 0]) == pytest.approx(4)
    assert days_until_full(10, 10, [10] * 30) is None


def test_what_is_kept_for_the_whole_time_fits() -> None:
    assert days_until_full(301, 10, [0] * 30) is None


def test_a_part_of_a_day_counts() -> None:
    assert days_until_full(5, 10, [0, 0]) == pytest.approx(0.5)
    assert days_until_full(0, 10, [0, 0]) == 0


def test_without_recording_it_never_fills() -> None:
    assert days_until_full(0, 0, []) is None
    assert days_until_full(5, 0, [1, 1]) is None
