"""What the path of a segment's file says: whose it is and when it started."""

import re
from datetime import datetime
from pathlib import Path

from media.segment_file import PART, path_of, start_of

_SHELF = re.compile(r"(?:demo-)?([1-9][0-9]*)")


def camera_of(path: str) -> int | None:
    """The camera on whose shelf the file lies; None: it lies on no camera's shelf."""
    found = _SHELF.fullmatch(path.partition("/")[0])
    return int(found[1]) if found else None


def shelves_of(camera_id: int) -> tuple[str, str]:
    """Where the footage of a camera lies: its own shelf, and that of its demo footage."""
    return str(camera_id), f"demo-{camera_id}"


def start_in_name(path: Path | str) -> datetime | None:
    """The start in the name of a segment, closed or not; None: it is not named like one."""
    file = Path(path)
    if not file.name.endswith((".mp4", PART)):
        return None
    try:
        return start_of(file)
    except ValueError:
        return None


def paths_at(camera_id: int, started_at: datetime) -> tuple[str, ...]:
    """Where a segment of the camera that started then would lie."""
    return tuple(path_of(shelf, started_at) for shelf in shelves_of(camera_id))
