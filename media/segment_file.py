"""One segment's file: `.part` while it grows, then hashed, on disk for good and renamed; or recovered."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from media.fragmented_mp4 import IndexBuilder, scan
from media.mp4_boxes import NotFragmentedMp4
from media.sample_index import SampleIndex

log = logging.getLogger(__name__)

PART = ".part"
_NAME = "%Y%m%dT%H%M%S.%fZ"
_CHUNK = 1 << 20


class DiskFailed(Exception):
    """The footage cannot be written; the message says why and what to do."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"录像无法写入磁盘，请检查空间和权限 / the footage cannot be written: {error.strerror}; "
            "check space and permissions"
        )


@dataclass(frozen=True)
class ClosedFile:
    """A whole segment on disk."""

    path: str  # relative to the footage folder
    started_at: datetime
    size: int  # bytes
    sha256: bytes
    index: SampleIndex

    @property
    def ends_at(self) -> datetime:
        """Its start and the length of its video."""
        return self.started_at + timedelta(seconds=self.index.duration)


def path_of(shelf: str, started_at: datetime) -> str:
    """Where a segment lies: `shelf/year/month/day/start.mp4`, all in UTC."""
    start = started_at.astimezone(UTC)
    return f"{shelf}/{start:%Y/%m/%d}/{start.strftime(_NAME)}.mp4"


def free_start(folder: Path, shelf: str, at: datetime) -> datetime:
    """`at`, or the next microsecond at which no segment begins: once the clock was set back, one may."""
    while any((folder / (path_of(shelf, at) + ending)).exists() for ending in ("", PART)):
        at += timedelta(microseconds=1)
    return at


def start_of(path: Path) -> datetime:
    """The wall clock in a segment's name.

    Raises:
        ValueError: not a segment's name.
    """
    name = path.name.removesuffix(PART).removesuffix(".mp4")
    return datetime.strptime(name, _NAME).replace(tzinfo=UTC)


class SegmentFile:
    """A growing segment. Hash and index run along with the writing."""

    def __init__(self, folder: Path, shelf: str, started_at: datetime, header: bytes) -> None:
        self.started_at = started_at
        self._path = path_of(shelf, started_at)
        self._final = folder / self._path
        self._part = self._final.with_name(self._final.name + PART)
        self._hash = hashlib.sha256()
        self._builder = IndexBuilder()
        try:
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        except OSError as error:
            raise DiskFailed(error) from error
        try:
            self.write(header)
        except DiskFailed:
            os.close(self._descriptor)
            self._part.unlink()
            raise

    @property
    def fragments(self) -> int:
        """Whole fragments on disk."""
        return self._builder.fragment_count

    @property
    def part_path(self) -> str:
        """Where it lies while it grows, relative to the footage folder."""
        return self._path + PART

    @property
    def whole_bytes(self) -> int:
        """Bytes of the header and the whole fragments."""
        return self._builder.whole_bytes

    def index(self) -> SampleIndex:
        """The samples of the whole fragments, of which there is one at least."""
        return self._builder.index()

    def write(self, data: bytes) -> None:
        """Hands the bytes to the system at once: a killed recorder does not lose them.

        Raises:
            DiskFailed: they could not be written; what was whole before stays whole.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            os.ftruncate(self._descriptor, self._builder.whole_bytes)
            raise DiskFailed(error) from error
        self._hash.update(data)
        self._builder.feed(data)

    def close(self) -> ClosedFile | None:
        """Puts the file on disk for good, under its name. None: nothing was in it, it is gone.

        Raises:
            DiskFailed: it stays a `.part`, to be recovered.
        """
        try:
            if not self.fragments:
                self._part.unlink()
                return None
            os.fdatasync(self._descriptor)
            _settle(self._part, self._final)
        except OSError as error:
            raise DiskFailed(error) from error
        finally:
            os.close(self._descriptor)
        builder = self._builder
        return ClosedFile(
            self._path, self.started_at, builder.whole_bytes, self._hash.digest(), builder.index()
        )


def _settle(part: Path, final: Path) -> None:
    """Renames the file, and makes sure that the name outlives a power cut."""
    part.rename(final)
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def left_behind(
    folder: Path, shelf: str, published_since: Callable[[datetime], set[str]]
) -> Iterator[ClosedFile]:
    """What a recorder that ended hard has left, by time: `.part`s, cut and closed, and files without row.

    It can only be in the two newest days that have files.

    Args:
        published_since: the paths known to the database, of the segments that started then or later.
    """
    days = sorted(path for path in (folder / shelf).glob("*/*/*") if path.is_dir())[-2:]
    found = sorted((path for day in days for path in day.iterdir() if _is_segment(path)), key=start_of)
    published = published_since(start_of(found[0])) if found else set()
    for path in found:
        if path.relative_to(folder).as_posix() in published:
            continue
        try:
            closed = _recovered(folder, path) if path.name.endswith(PART) else _looked_at(folder, path)
        except NotFragmentedMp4 as damaged:
            log.warning("%s is damaged and left as it is: %s", path.relative_to(folder), damaged)
            continue
        if closed is not None:
            yield closed


def _is_segment(path: Path) -> bool:
    try:
        start_of(path)
    except ValueError:
        return False
    return path.name.endswith((".mp4", PART))


def _recovered(folder: Path, part: Path) -> ClosedFile | None:
    """Cuts a torn file behind its last whole fragment and closes it; deletes it when there is none."""
    builder = scan(part)
    if not builder.fragment_count:
        part.unlink()
        return None
    with part.open("r+b") as file:
        file.truncate(builder.whole_bytes)
        os.fsync(file.fileno())
    final = part.with_name(part.name.removesuffix(PART))
    _settle(part, final)
    return _looked_at(folder, final)


def _looked_at(folder: Path, path: Path) -> ClosedFile | None:
    builder = scan(path)
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hashed.update(chunk)
    relative = path.relative_to(folder).as_posix()
    return ClosedFile(relative, start_of(path), builder.whole_bytes, hashed.digest(), builder.index())
