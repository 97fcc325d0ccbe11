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
_Key = tuple[Path, int, FootageRange, bytes]
_kept: OrderedDict[_Key, VirtualFile] = OrderedDict()
_keeping = threading.Lock()
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
    found = _known(key)
    if found is None:
        with _building:
            found = _known(key) or _kept_now(key, _built(folder, camera_id, wanted))
    return found


def _known(key: _Key) -> VirtualFile | None:
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _kept_now(key: _Key, file: VirtualFile) -> VirtualFile:
    with _keeping:
        _kept[key] = file
        while len(_kept) > 1 and sum(each.front_size for each in _kept.values()) > KEPT_BYTES:
            _kept.popitem(last=False)
    return file


def _built(folder: Path, camera_id: int, wanted: FootageRange) -> VirtualFile:
    with transaction() as session:
        segments = footage.segments_between(session, camera_id, wanted.start, wanted.end)
    return build(segments, wanted.start, wanted.end, folder)
