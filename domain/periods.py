"""Periods of whole days in Asia/Shanghai, half-open: `start` is in, `end` is not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class EmptyPeriod(ValueError):
    """A period must end after it starts."""


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`.

    Raises:
        EmptyPeriod: `end` is not after `start`.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise EmptyPeriod(
                f"期间为空：结束日期须晚于开始日期 / the period is empty: {self.end} is not after "
                f"{self.start}; the end is the first day outside, for 2023-H1 write 2023-01-01 to 2023-07-01"
            )

    @property
    def start_at(self) -> datetime:
        """Midnight in Shanghai at the start of the first day, as UTC."""
        return midnight(self.start)

    @property
    def end_at(self) -> datetime:
        """Midnight in Shanghai at the end of the last day, as UTC; the first instant outside."""
        return midnight(self.end)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day inside, for showing "1 January to 30 June"."""
        return self.end - timedelta(days=1)

    @property
    def whole_months(self) -> int | None:
        """How many calendar months, or None when the period does not consist of whole ones."""
        if self.start.day != 1 or self.end.day != 1:
            return None
        return _month_number(self.end) - _month_number(self.start)

    def contains(self, day: date) -> bool:
        """Whether the day lies inside."""
        return self.start <= day < self.end

    def previous(self) -> Period:
        """The period right before (上期): as many months when it consists of months, else as many days."""
        months = self.whole_months
        if months is None:
            return Period(self.start - timedelta(days=self.days), self.start)
        return Period(add_months(self.start, -months), self.start)

    def year_before(self) -> Period:
        """The same months or days of the year before (去年同期); 29 February becomes 28 February."""
        if self.whole_months is not None:
            return Period(add_months(self.start, -12), add_months(self.end, -12))
        return Period(
            _year_before(self.start), _year_before(self.end - timedelta(days=1)) + timedelta(days=1)
        )

    def months(self) -> list[Period]:
        """The calendar months, the first and last clipped to the period."""
        parts, start = [], self.start
        while start < self.end:
            end = min(month_of(start).end, self.end)
            parts.append(Period(start, end))
            start = end
        return parts


def midnight(day: date) -> datetime:
    """The first instant of a day in Shanghai, as UTC."""
    return datetime.combine(day, time.min, SHANGHAI).astimezone(UTC)


def day_of(instant: datetime) -> date:
    """The day in Shanghai on which an aware instant lies."""
    return instant.astimezone(SHANGHAI).date()


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    return _of_months(day, 1)


def quarter_of(day: date) -> Period:
    """The quarter of a day."""
    return _of_months(day, 3)


def half_year_of(day: date) -> Period:
    """The half-year of a day."""
    return _of_months(day, 6)


def year_of(day: date) -> Period:
    """The calendar year of a day."""
    return _of_months(day, 12)


def add_months(first: date, months: int) -> date:
    """The first day of the month so many months after the month of `first`."""
    year, month = divmod(_month_number(first) + months, 12)
    return date(year, month + 1, 1)


def _of_months(day: date, length: int) -> Period:
    start = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(start, add_months(start, length))


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _year_before(day: date) -> date:
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)
