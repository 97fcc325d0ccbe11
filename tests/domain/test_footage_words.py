"""What is typed to find footage falls into a day, a time and words."""

from datetime import date, datetime, time, timedelta

import pytest

from domain.footage_words import Asked, asked_for
from domain.periods import SHANGHAI

TODAY = date(2026, 3, 5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("图书馆", Asked(("图书馆",))),
        ("图书馆　二期", Asked(("图书馆", "二期"))),
        ("昨天 9:30 开标一室", Asked(("开标一室",), date(2026, 3, 4), time(9, 30))),
        ("2026-02-28T09:30:15", Asked((), date(2026, 2, 28), time(9, 30, 15))),
        ("2月28日 下午3点半", Asked((), date(2026, 2, 28), time(15, 30))),
        ("2026年2月28日 评标室", Asked(("评标室",), date(2026, 2, 28))),
        ("28日 14时05分", Asked((), date(2026, 2, 28), time(14, 5))),
        ("11-20", Asked((), date(2025, 11, 20))),
        ("KB2026030501", Asked(("KB2026030501",))),
        ("13-40", Asked(("13-40",))),
        ("25:10", Asked(("25:10",))),
        ("", Asked(())),
    ],
)
def test_a_search_is_taken_apart(text: str, found: Asked) -> None:
    assert asked_for(text, TODAY) == found


def test_a_time_without_a_day_is_the_latest_one_that_is_past() -> None:
    now = datetime(2026, 3, 5, 9, 0, tzinfo=SHANGHAI)
    assert Asked((), None, time(8, 30)).moment(TODAY, now) == now - timedelta(minutes=30)
    assert Asked((), None, time(9, 30)).moment(TODAY, now) == now - timedelta(hours=23, minutes=30)
    assert Asked((), date(2026, 3, 1), time(9, 30)).moment(TODAY, now) == datetime(
        2026, 3, 1, 9, 30, tzinfo=SHANGHAI
    )
    assert Asked(("图书馆",)).moment(TODAY, now) is None


def test_long_searches_are_cut() -> None:
    found = asked_for(" ".join(["x" * 100] * 50), TODAY)
    assert len(found.words) == 6
    assert {len(word) for word in found.words} == {40}
