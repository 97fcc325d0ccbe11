"""Which files lie in the footage folder, asked folder by folder."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from data_access.footage_integrity import DAY, day_of, start_of_day
from media.segment_names import shelves_of, start_in_name


class FootageFiles:
    """The names in the footage folder; each folder is listed once until `forget`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._listed: dict[str, frozenset[str]] = {}

    def has(self, path: str) -> bool:
        """Whether the file is there; the path is relative to the footage folder."""
        place, _, name = path.rpartition("/")
        return name in self._names(place)

    def segments_between(self, camera_id: int, start: datetime, end: datetime) -> Iterator[str]:
        """The paths of the camera's files whose names say that they started in [start, end)."""
        day = day_of(start)
        while start_of_day(day) < end:
            for shelf in shelves_of(camera_id):
                place = f"{shelf}/{day:%Y/%m/%d}"
                for name in self._names(place):
                    named = start_in_name(name)
                    if named is not None and start <= named < end:
                        yield f"{place}/{name}"
            day += DAY

    def forget(self) -> None:
        """Looks anew from now on."""
        self._listed.clear()

    def _names(self, place: str) -> frozenset[str]:
        if place not in self._listed:
            try:
                self._listed[place] = frozenset(each.name for each in (self.root / place).iterdir())
            except (FileNotFoundError, NotADirectoryError):
                self._listed[place] = frozenset()
        return self._listed[place]
