"""When a camera that is recorded for sessions only is to be recorded: around each session of its room."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.vocabulary import SessionStatus

MARGIN = timedelta(minutes=15)  # before the start and after the end
USUAL_LENGTH = timedelta(hours=2)  # of a session whose end is not planned
# A session that has been open longer was forgotten, not held.
LONGEST = timedelta(hours=24)
_ON = frozenset({SessionStatus.OPEN, SessionStatus.PAUSED})


@dataclass(frozen=True)
class SessionTimes:
    """What is known of a session's time, all of it aware."""

    status: SessionStatus
    planned_start: datetime
    planned_end: datetime | None = None
    actual_start: datetime | None = None
    actual_end: datetime | None = None


def recorded_from_to(held: SessionTimes) -> tuple[datetime, datetime] | None:
    """The half-open stretch to be recorded of a session, as it stands now; None: it was cancelled.

    It begins before the planned start, or before the actual one if that was earlier. It ends after the actual
    end; without one after the planned end, but not while the session is on.
    """
    if held.status is SessionStatus.CANCELLED:
        return None
    begins = min(held.planned_start, held.actual_start or held.planned_start)
    started = held.actual_start or held.planned_start
    if held.actual_end is not None and held.status not in _ON:
        ends = held.actual_end
    elif held.status in _ON:
        ends = started + LONGEST
    else:
        ends = held.planned_end or held.planned_start + USUAL_LENGTH
    return begins - MARGIN, max(ends, started) + MARGIN


def recorded_since(sessions: Iterable[SessionTimes], now: datetime) -> datetime | None:
    """Since when a room with these sessions is to be recorded without a break; None: not now."""
    stretches = sorted(stretch for held in sessions if (stretch := recorded_from_to(held)))
    since = until = None
    for begins, ends in stretches:
        if begins > now:
            break
        if until is None or begins > until:
            since = begins
        until = ends if until is None else max(until, ends)
    return since if until is not None and now < until else None
