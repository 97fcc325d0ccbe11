"""One camera's footage for a package: whether its segments are what they were, and its files as MP4."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_access.footage import Segment
from domain.periods import SHANGHAI
from media.byte_slices import opened
from media.evidence.gathered import CameraFacts
from media.virtual_mp4 import NothingRecorded, VirtualFile, build

_CHUNK = 1 << 20
_LONGEST_NAME = 40  # characters; file systems take 255 bytes for the whole


@dataclass(frozen=True)
class CheckedSegment:
    """A segment, and whether its file still has the hash that was noted when it was recorded."""

    segment: Segment
    missing: bool  # the file is not there, or is shorter
    matches: bool | None  # None: no hash was noted, as it is being recorded still


@dataclass(frozen=True)
class CameraFiles:
    """A camera's facts with its name in files, and its segments after they were read."""

    facts: CameraFacts
    label: str
    checked: Sequence[CheckedSegment]


def check(facts: CameraFacts, number: int, footage_folder: Path, told: Callable[[int], None]) -> CameraFiles:
    """Reads all segments of a camera.

    Args:
        number: of the camera in the package, which keeps names apart.
        told: is told how many more bytes are read.
    """
    checked = [_checked(segment, footage_folder, told) for segment in facts.segments]
    return CameraFiles(facts, f"{number:02d}_{_in_file_names(facts.part.camera)}", checked)


def _in_file_names(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|\s\x00-\x1f]+', "_", name)[:_LONGEST_NAME]


def _checked(segment: Segment, folder: Path, told: Callable[[int], None]) -> CheckedSegment:
    hashed, size = hashlib.sha256(), 0
    try:
        with open(opened(folder / segment.path), "rb", buffering=0) as file:
            while piece := file.read(min(_CHUNK, segment.size - size)):
                hashed.update(piece)
                size += len(piece)
                told(len(piece))
            longer = bool(file.read(1))
    except OSError:
        return CheckedSegment(segment, missing=True, matches=False)
    if size < segment.size or (longer and not segment.open):
        return CheckedSegment(segment, missing=True, matches=False)
    matches = None if segment.open else hashed.digest() == segment.sha256
    return CheckedSegment(segment, missing=False, matches=matches)


def videos(camera: CameraFiles, footage_folder: Path) -> Iterator[tuple[str, VirtualFile]]:
    """The camera's stretch as MP4s, one for each picture format, with the time in their names.

    They are the bytes that a download of the same range gives.
    """
    part, start = camera.facts.part, camera.facts.part.start
    there = [one.segment for one in camera.checked if not one.missing]
    while start < part.end:
        try:
            file = build(there, start, part.end, footage_folder)
        except NothingRecorded:
            return
        begins, ends = (f"{at.astimezone(SHANGHAI):%Y%m%d-%H%M%S}" for at in (file.starts_at, file.ends_at))
        yield f"{camera.label}_{begins}_{ends}.mp4", file
        if file.complete:
            return
        start = file.ends_at
