"""What somebody types to find footage, taken apart: a day, a time of day, and the words that remain."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from domain.periods import SHANGHAI

Found = TypeVar("Found")

MOST_WORDS = 6
_LONGEST_WORD = 40  # characters
_DAYS_BACK = {"今天": 0, "今日": 0, "today": 0, "昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2}
_FULL_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_MONTH_AND_DAY = re.compile(r"(\d{1,2})(?:[-/]|月)(\d{1,2})[日号]?")
_DAY_ALONE = re.compile(r"(\d{1,2})[日号]")
_CLOCK = re.compile(r"(上午|下午|晚上)?(\d{1,2})(?:[:：]|[点时])(?:(\d{1,2})(?:分|[:：](\d{1,2}))?|(半))?")


@dataclass(frozen=True)
class Asked:
    """The parts of a search."""

    words: tuple[str, ...]  # all of them are to be found
    day: date | None = None  # in Asia/Shanghai
    clock: time | None = None  # in Asia/Shanghai

    def moment(self, today: date, now: datetime) -> datetime | None:
        """The moment that is meant, without a day the latest such one; None: no time is given."""
        if self.clock is None:
            return None
        day = self.day or today
        found = datetime.combine(day, self.clock, SHANGHAI)
        return found if self.day or found <= now else found - timedelta(days=1)


def asked_for(text: str, today: date) -> Asked:
    """Takes a search apart; a day without a year, or without a month, is the latest one up to `today`.

    Words are parted by spaces. "昨天 9:30 开标一室", "11月20日 下午3点半 图书馆", "2026-11-20T09:30".
    """
    day: date | None = None
    clock: time | None = None
    words: list[str] = []
    for part in re.sub(r"(?<=\d)T(?=\d)", " ", text).split():
        found_day = None if day else _day(part, today)
        found_clock = None if clock or found_day else _clock(part)
        day, clock = day or found_day, clock or found_clock
        if found_day is None and found_clock is None:
            words.append(part[:_LONGEST_WORD])
    return Asked(tuple(words[:MOST_WORDS]), day, clock)


def _day(part: str, today: date) -> date | None:
    if part.lower() in _DAYS_BACK:
        return today - timedelta(days=_DAYS_BACK[part.lower()])
    if full := _FULL_DAY.fullmatch(part):
        return _or_none(lambda: date(*map(int, full.groups())))
    if month_and_day := _MONTH_AND_DAY.fullmatch(part):
        month, day = map(int, month_and_day.groups())
        this_year = _or_none(lambda: date(today.year, month, day))
        if this_year is not None and this_year <= today:
            return this_year
        return _or_none(lambda: date(today.year - 1, month, day))
    if alone := _DAY_ALONE.fullmatch(part):
        return next((day for day in _days_before(today) if day.day == int(alone[1])), None)
    return None


def _days_before(today: date) -> list[date]:
    return [today - timedelta(days=back) for back in range(62)]


def _clock(part: str) -> time | None:
    found = _CLOCK.fullmatch(part)
    if found is None:
        return None
    half, hour, minute, second, half_past = found.groups()
    late = half in {"下午", "晚上"} and int(hour) < 12
    minutes = 30 if half_past else int(minute or 0)
    return _or_none(lambda: time(int(hour) + 12 * late, minutes, int(second or 0)))


def _or_none(make: Callable[[], Found]) -> Found | None:
    """None where the numbers are no day or time."""
    try:
        return make()
    except ValueError:
        return None
