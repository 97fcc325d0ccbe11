"""Reading a segment back from the disk: what its bytes are, without disturbing who records or watches."""

import hashlib
import mmap
import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media.fragmented_mp4 import IndexBuilder
from media.mp4_boxes import NotFragmentedMp4
from media.sample_index import SampleIndex

_LARGEST_BOX = 16 << 20  # bytes of a moov or moof; those of an hour take less than one
_CHUNK = 4 << 20  # bytes read at a time; a multiple of any disk's block


@dataclass(frozen=True)
class Content:
    """What a file holds."""

    size: int  # bytes
    sha256: bytes
    index: SampleIndex | None  # as the file tells itself; None: it is no segment


@dataclass
class Pace:
    """Reads no faster than so many bytes a second; 0: as fast as the disk gives."""

    bytes_per_second: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    read: int = 0  # bytes in all
    _ahead_until: float = 0.0

    def took(self, count: int) -> None:
        """So many bytes were read; waits until the next may be."""
        self.read += count
        if self.bytes_per_second:
            now = self.clock()
            self._ahead_until = max(self._ahead_until, now) + count / self.bytes_per_second
            self.sleep(max(0.0, self._ahead_until - now))


def read_back(path: Path, pace: Pace) -> Content:
    """Reads a file once, for its hash and its index alike.

    It is read from the disk itself where the system allows (O_DIRECT): what counts is what lies there, and
    the memory's copies of what is being watched stay. Elsewhere the pages that were read are given back.

    Raises:
        OSError: it is not there, or the disk does not give it.
    """
    descriptor, direct = _open(path)
    hashed, boxes = hashlib.sha256(), _Boxes()
    size = 0
    try:
        with mmap.mmap(-1, _CHUNK) as buffer:  # pages of our own, aligned as direct reading wants them
            while count := os.preadv(descriptor, [buffer], size):
                with memoryview(buffer)[:count] as data:
                    hashed.update(data)
                    boxes.feed(data)
                if not direct:
                    os.posix_fadvise(descriptor, size, count, os.POSIX_FADV_DONTNEED)
                size += count
                pace.took(count)
                if direct and count % mmap.PAGESIZE:
                    break  # the end of the file; direct reading goes on at whole blocks only
    finally:
        os.close(descriptor)
    return Content(size, hashed.digest(), boxes.index())


def _open(path: Path) -> tuple[int, bool]:
    """The file opened for reading, and whether it is read past the memory."""
    for flags in (os.O_DIRECT | os.O_NOATIME, os.O_DIRECT, os.O_NOATIME):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            continue  # not the owner, or a file system without direct reading
        if not flags & os.O_DIRECT or _reads(descriptor):
            return descriptor, bool(flags & os.O_DIRECT)
        os.close(descriptor)
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC), False


def _reads(descriptor: int) -> bool:
    """Whether direct reading works; some file systems refuse only then."""
    with mmap.mmap(-1, mmap.PAGESIZE) as buffer:
        try:
            os.preadv(descriptor, [buffer], 0)
        except OSError:
            return False
    return True


@dataclass
class _Boxes:
    """Follows the boxes of a file whose bytes come in pieces; the pictures themselves are passed over."""

    _builder: IndexBuilder = field(default_factory=IndexBuilder)
    _kept: bytearray = field(default_factory=bytearray)  # of the box that is being read
    _skip: int = 0  # bytes of an mdat that are still to come
    _size: int = 0  # of the box that is being read; 0: its header is not whole yet
    _broken: bool = False

    def feed(self, data: memoryview) -> None:
        at = 0
        while at < len(data) and not self._broken:
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
                if not self._skip:
                    self._whole(b"mdat")
            else:
                step = min((self._size or 8) - len(self._kept), len(data) - at)
                self._kept += data[at : at + step]
                self._header_or_end()
            at += step

    def _header_or_end(self) -> None:
        if not self._size and len(self._kept) == 8:
            self._size, kind = struct.unpack(">I4s", self._kept)
            self._broken = self._size < 8 or (kind != b"mdat" and self._size > _LARGEST_BOX)
            if kind == b"mdat" and self._size > 8:
                self._skip = self._size - 8
                return
        if self._size and len(self._kept) == self._size:
            self._whole(bytes(self._kept[4:8]))

    def _whole(self, kind: bytes) -> None:
        try:
            self._builder.take_box(kind, self._size, b"" if kind == b"mdat" else bytes(self._kept))
        except NotFragmentedMp4:
            self._broken = True
        self._kept.clear()
        self._size = 0

    def index(self) -> SampleIndex | None:
        try:
            return None if self._broken else self._builder.index()
        except NotFragmentedMp4:
            return None
