"""The demo's rooms, and who has them when."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from data_access.demo.workdays import at
from domain.vocabulary import RoomType, SessionType

ROOMS = (
    ("开标一室", RoomType.BID_OPENING, 60),
    ("开标二室", RoomType.BID_OPENING, 40),
    ("评标室", RoomType.EVALUATION, 16),
    ("土地拍卖厅", RoomType.AUCTION, 80),
    ("开标三室", RoomType.BID_OPENING, 24),
    ("评标二室", RoomType.EVALUATION, 12),
    ("谈判室", RoomType.NEGOTIATION, 12),
    ("专家抽取室", RoomType.EXPERT_DRAW, 6),
    ("摇号室", RoomType.LOTTERY, 24),
    ("外出开标点", RoomType.OFF_SITE, None),
)
WATCHED_ROOMS = tuple(name for name, _, _ in ROOMS[:4])
"""The four with a demo camera; `schedule` keeps them busy."""
OFF_SITE_ROOM = "外出开标点"
"""Where openings away from the centre are; a laptop or phone is the camera there."""

ROOMS_FOR = {
    SessionType.OPENING: ("开标一室", "开标二室", "开标三室"),
    SessionType.EVALUATION: ("评标室", "评标二室"),
    SessionType.NEGOTIATION: ("谈判室",),
    SessionType.LAND_AUCTION: ("土地拍卖厅",),
    SessionType.LOTTERY: ("摇号室",),
    SessionType.EXPERT_DRAW: ("专家抽取室",),
}
CODE_PREFIX = {
    SessionType.OPENING: "KB",
    SessionType.EVALUATION: "PB",
    SessionType.NEGOTIATION: "TP",
    SessionType.LAND_AUCTION: "PM",
    SessionType.LOTTERY: "YH",
    SessionType.EXPERT_DRAW: "CQ",
}


class Bookings:
    """Books rooms so that no two sessions of the history meet in one.

    From `watched_from` on the rooms with a camera belong to the schedule.
    """

    def __init__(self, watched_from: date) -> None:
        self._watched_from = watched_from
        self._taken: dict[str, list[tuple[datetime, datetime]]] = {}
        self._numbers: dict[tuple[str, date], int] = {}

    def book(
        self, kind: SessionType, day: date, clocks: Sequence[str], minutes: int
    ) -> tuple[str | None, datetime]:
        """The room and start of a session: the first free one, else elsewhere (no room) at the first time."""
        for clock in clocks:
            start = at(day, clock)
            for room in self._open_to_history(ROOMS_FOR[kind], day):
                if self._take(room, start, start + timedelta(minutes=minutes + 20)):
                    return room, start
        return None, at(day, clocks[0])

    def number(self, kind: SessionType, day: date) -> str:
        """The next session code of that kind and day."""
        key = CODE_PREFIX[kind], day
        self._numbers[key] = self._numbers.get(key, 0) + 1
        return f"{key[0]}{day:%Y%m%d}{self._numbers[key]:02d}"

    def _open_to_history(self, rooms: Iterable[str], day: date) -> list[str]:
        """The rooms that are free to use, another one first every day."""
        usable = [room for room in rooms if day < self._watched_from or room not in WATCHED_ROOMS]
        first = day.toordinal() % len(usable) if usable else 0
        return usable[first:] + usable[:first]

    def _take(self, room: str, start: datetime, end: datetime) -> bool:
        taken = self._taken.setdefault(room, [])
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            return False
        taken.append((start, end))
        return True
