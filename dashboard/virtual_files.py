"""Opens ranges of footage, and keeps the last ones: a browser asks for the same file many times."""

import threading
from collections import OrderedDict
from pathlib import Path

from dashboard.footage_range import FootageRange
from data_access import footage, footage_lookup
from data_access.engine import transaction
from data_access.settings import settings
from media.virtual_mp4 import VirtualFile, build

KEPT_BYTES = 96 << 20  # of fronts in memory; one of 8 hours with sound has about 8 MB
_kept: OrderedDict[tuple[Path, int, FootageRange, bytes], VirtualFile] = OrderedDict()
# One is built at a time: the fronts of long ranges take hundreds of MB while they are made.
_building = threading.Lock()


def open_range(camera_id: int, wanted: FootageRange) -> VirtualFile:
    """The footage of a camera in a range, of the segments that are closed now.

    Raises:
        NothingRecorded: no picture lies in the range.
        FootageMissing: a file is not there or has changed.
    """
    folder = settings().footage_folder
    with transaction() as session:
        state = footage_lookup.state_of(session, camera_id, wanted.start, wanted.end)
    key = folder, camera_id, wanted, state
    with _building:
        found = _kept.pop(key, None) or _built(folder, camera_id, wanted)
        _kept[key] = found
        while len(_kept) > 1 and sum(file.front_size for file in _kept.values()) > KEPT_BYTES:
            _kept.popitem(last=False)
    return found


def _built(folder: Path, camera_id: int, wanted: FootageRange) -> VirtualFile:
    with transaction() as session:
        segments = footage.segments_between(session, camera_id, wanted.start, wanted.end)
    return build(segments, wanted.start, wanted.end, folder)
