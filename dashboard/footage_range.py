"""The range of footage that somebody asks for, as written in a link or on the command line."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.periods import SHANGHAI

LONGEST = timedelta(hours=24)
# Further away, what is a little earlier or later is no date any more.
_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_BEFORE_A_MARK, _AFTER_A_MARK = timedelta(seconds=10), timedelta(seconds=50)


class WrongRange(ValueError):
    """The range cannot be used; the message says why in Chinese and English."""


@dataclass(frozen=True)
class FootageRange:
    """A half-open range of wall clock, as UTC."""

    start: datetime
    end: datetime

    def as_text(self) -> dict[str, str]:
        """Both ends in Asia/Shanghai time, for people and the audit log."""
        return {"from": text_of(self.start), "to": text_of(self.end)}


def text_of(instant: datetime) -> str:
    """ISO 8601 in Asia/Shanghai time with its offset."""
    return instant.astimezone(SHANGHAI).isoformat()


def instant_from(text: str) -> datetime:
    """The instant of an ISO 8601 text; without an offset it is Asia/Shanghai time.

    Raises:
        WrongRange: it is none.
    """
    for candidate in (text, "+".join(text.rsplit(" ", 1))):  # a bare "+" in a link arrives as a space
        try:
            found = datetime.fromisoformat(candidate.strip())
            at = (found if found.tzinfo else found.replace(tzinfo=SHANGHAI)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if _EARLIEST <= at <= _LATEST:
            return at
    raise WrongRange(
        f"时间“{text}”无法识别，请写成 2025-11-20T09:30:00 / {text!r} is no time; write 2025-11-20T09:30:00"
    )


def range_from(start: str | None, end: str | None, longest: timedelta | None = LONGEST) -> FootageRange:
    """The range from `start` to `end`, both ISO 8601; of any length when `longest` is None.

    Raises:
        WrongRange: one is missing or no time, the range is empty, or longer than `longest`.
    """
    if not start or not end:
        raise WrongRange("缺少开始或结束时间 / give both ends of the range: from and to")
    found = FootageRange(instant_from(start), instant_from(end))
    if found.end <= found.start:
        raise WrongRange("结束时间须晚于开始时间 / the range is empty: its end must be after its start")
    if longest and found.end - found.start > longest:
        raise WrongRange(
            "一次最多调阅 24 小时，请缩短时段 / a range is 24 hours at most; ask for a shorter one"
        )
    return found


def replay_of(camera_id: int, at: datetime) -> dict[str, str]:
    """The query of the footage page that plays from 10 s before the moment `at` at once."""
    start, end = (text_of(edge).removesuffix("+08:00") for edge in (at - _BEFORE_A_MARK, at + _AFTER_A_MARK))
    return {"camera": str(camera_id), "from": start, "to": end, "play": "1"}
