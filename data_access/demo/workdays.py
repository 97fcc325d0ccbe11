"""Working days and clock times in Shanghai, for the demo's plans."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random

import chinese_calendar

from domain.periods import SHANGHAI, Period

# Fewer procedures around the Spring Festival, a rush before the half-year and the year end.
MONTH_WEIGHTS = (0.65, 0.6, 1.0, 1.1, 1.15, 1.45, 0.85, 0.9, 1.1, 0.85, 1.25, 1.6)


@lru_cache(maxsize=20_000)
def is_workday(day: date) -> bool:
    """Whether offices are open; beyond the years whose holidays are published, Monday to Friday."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def workdays(period: Period) -> list[date]:
    """The working days of a period."""
    days = (period.start + timedelta(days=n) for n in range(period.days))
    return [day for day in days if is_workday(day)]


def shifted(day: date, count: int) -> date:
    """The working day so many working days after (or, when negative, before) a day."""
    step = timedelta(days=1 if count > 0 else -1)
    while count:
        day += step
        if is_workday(day):
            count -= 1 if count > 0 else -1
    return day


def on_workday(day: date) -> date:
    """The day itself or the next working day."""
    return day if is_workday(day) else shifted(day, 1)


def seasonal_days(rng: Random, period: Period, count: int) -> list[date]:
    """So many working days of the period, in order, busy months more often."""
    days = workdays(period)
    return sorted(rng.choices(days, [MONTH_WEIGHTS[day.month - 1] for day in days], k=count))


def at(day: date, clock: str) -> datetime:
    """The instant (UTC) of a clock time `HH:MM` in Shanghai."""
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI).astimezone(UTC)


def in_office_hours(rng: Random, day: date) -> datetime:
    """Some minute between nine and five on that day."""
    return at(day, "09:00") + timedelta(minutes=rng.randrange(8 * 60))
