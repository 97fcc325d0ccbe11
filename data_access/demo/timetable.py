"""When the demo's four rooms with a camera are used: round the clock, one session after the other.

Openings away from the centre, which staff show with a laptop or phone, come now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from data_access.demo.rooms import CODE_PREFIX, OFF_SITE_ROOM, WATCHED_ROOMS
from data_access.demo.workdays import at, is_workday, shifted
from domain.periods import day_of
from domain.vocabulary import SessionType

_CLOCKS = (
    ("00:00", "03:00", "07:30", "09:00", "12:00", "14:30", "17:30", "21:00"),
    ("00:00", "03:00", "07:40", "09:30", "12:30", "15:00", "18:00", "21:30"),
    ("00:00", "03:30", "08:00", "10:00", "12:00", "14:00", "17:00", "20:30"),
)
_MORNING, _AFTERNOON = 3, 5
_SLOTS = len(_CLOCKS[0])
_OFF_SITE = len(WATCHED_ROOMS)  # their number among the rooms
_OFF_SITE_CLOCKS = ("01:30", "05:30", "08:30", "10:30", "13:30", "15:30", "18:30", "22:30")
_OFF_SITE_LENGTH = timedelta(minutes=90)


@dataclass(frozen=True)
class Slot:
    """One use of a room: the `number`-th of a day in Shanghai."""

    day: date
    room: int
    number: int

    @property
    def key(self) -> str:
        """For the source key; `of_key` reads it back."""
        return f"{self.day}/{self.room}/{self.number}"

    @staticmethod
    def of_key(key: str) -> Slot:
        """The slot of a key."""
        day, room, number = key.split("/")
        return Slot(date.fromisoformat(day), int(room), int(number))

    @property
    def code(self) -> str:
        """The session's code; from 51 on, the history's are below."""
        return f"{CODE_PREFIX[self.kind]}{self.day:%Y%m%d}{51 + self.room * 10 + self.number}"

    @property
    def room_name(self) -> str:
        """Where."""
        return OFF_SITE_ROOM if self.off_site else WATCHED_ROOMS[self.room]

    @property
    def off_site(self) -> bool:
        """Whether it is held away from the centre."""
        return self.room == _OFF_SITE

    @property
    def kind(self) -> SessionType:
        """What; the second opening room is used for negotiations, but for its mornings."""
        second = SessionType.OPENING if self.number == _MORNING else SessionType.NEGOTIATION
        kinds = SessionType.OPENING, second, SessionType.EVALUATION, SessionType.LAND_AUCTION
        return SessionType.OPENING if self.off_site else kinds[self.room]

    @property
    def in_office_hours(self) -> bool:
        """Whether such a session would be held outside a demo: morning and afternoon of a working day."""
        return self.number in (_MORNING, _AFTERNOON) and is_workday(self.day)

    @property
    def planned_start(self) -> datetime:
        """By the plan."""
        if self.off_site:
            return at(self.day, _OFF_SITE_CLOCKS[self.number])
        return at(self.day, _CLOCKS[(self.day.toordinal() + self.room) % len(_CLOCKS)][self.number])

    @property
    def planned_end(self) -> datetime:
        """When the room's next session is to begin; off-site, where rooms are hired, sooner."""
        if self.off_site:
            return self.planned_start + _OFF_SITE_LENGTH
        return self.following.planned_start

    @property
    def starts_at(self) -> datetime:
        """When it really begins: up to four minutes late."""
        late = (self.day.toordinal() * 37 + self.room * 61 + self.number * 101) % 241
        return self.planned_start + timedelta(seconds=late)

    @property
    def ends_at(self) -> datetime:
        """When it really ends: when the next one begins, so that one is always on; off-site as planned."""
        if self.off_site:
            return self.planned_end
        return self.following.starts_at

    @property
    def following(self) -> Slot:
        """The room's next."""
        if self.number + 1 < _SLOTS:
            return Slot(self.day, self.room, self.number + 1)
        return Slot(self.day + timedelta(days=1), self.room, 0)

    @property
    def preceding(self) -> Slot:
        """The room's one before."""
        if self.number:
            return Slot(self.day, self.room, self.number - 1)
        return Slot(self.day - timedelta(days=1), self.room, _SLOTS - 1)


def slot_at(room: int, instant: datetime) -> Slot:
    """The slot that is on in a room."""
    slot = Slot(day_of(instant), room, 0).preceding
    while slot.ends_at <= instant:
        slot = slot.following
    return slot


def slots_wanted(instant: datetime) -> Iterator[Slot]:
    """What should stand in the schedule: just over, today, and the office hours of the days to come.

    To come are the rest of the week and at least three working days.
    """
    today = day_of(instant)
    yield from _off_site_wanted(today, instant)
    last = max(today + timedelta(days=6 - today.weekday()), shifted(today, 3))
    for room in range(len(WATCHED_ROOMS)):
        now = slot_at(room, instant)
        yield now.preceding
        yield now
        for number in range(_SLOTS):
            slot = Slot(today, room, number)
            if slot.starts_at > instant or slot.in_office_hours:
                yield slot
        for ahead in range(1, (last - today).days + 1):
            for number in (_MORNING, _AFTERNOON):
                slot = Slot(today + timedelta(days=ahead), room, number)
                if slot.in_office_hours:
                    yield slot


def _off_site_wanted(today: date, instant: datetime) -> Iterator[Slot]:
    """Those that are on or to come today, and the last that ended."""
    slots = [Slot(today, _OFF_SITE, number) for number in range(_SLOTS)]
    over = [slot for slot in slots if slot.ends_at <= instant]
    yield from slots[max(len(over) - 1, 0) :]
