"""How a person likes the wall: layout, which rooms, how fast the big screen goes round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from dashboard.access import Viewer
from dashboard.db import read_fresh
from data_access import preferences
from data_access.engine import transaction
from domain.vocabulary import RoomType

ROOMS = "rooms"
ON_NOW, EVERY_ROOM = "on", "all"
LAYOUTS = ("1", "4", "9", "16", ROOMS)
FILTERS = (ON_NOW, EVERY_ROOM, *(kind.value for kind in RoomType))
SECONDS = (10, 20, 30, 60)
_NAME = "wall"


@dataclass(frozen=True)
class WallChoice:
    """So many tiles a page, or all rooms; which rooms; and seconds a room on the big screen."""

    layout: str = "4"
    filter: str = ON_NOW
    seconds: int = 20

    @classmethod
    def of(cls, said: Mapping[str, object]) -> WallChoice:
        """What is usable of `said`, which comes from a browser or an older version; the rest as usual."""
        usual = cls()
        layout, only, seconds = (said.get(name) for name in ("layout", "filter", "seconds"))
        return cls(
            layout=layout if isinstance(layout, str) and layout in LAYOUTS else usual.layout,
            filter=only if isinstance(only, str) and only in FILTERS else usual.filter,
            seconds=seconds if isinstance(seconds, int) and seconds in SECONDS else usual.seconds,
        )


def choice_of(person: Viewer) -> WallChoice:
    """What the person chose last, here or on another machine."""
    return WallChoice.of(read_fresh(preferences.preference, person.account_id, _NAME))


def keep_choice(person: Viewer, choice: WallChoice) -> None:
    """Remembers it for the next time."""
    with transaction() as session:
        preferences.remember(session, person.account_id, _NAME, asdict(choice))
