"""The parts that a virtual file is made of: bytes at hand, bytes repeated, and slices of files on disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from media.segment_file import PART

_READ_AHEAD = 4 << 20  # bytes


class FootageMissing(Exception):
    """A file that the index tells of is not there, or is not what it was."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"录像文件 {file.name} 缺失或已损坏，请联系系统管理员检查录像磁盘 / "
            f"footage file {file.name} is missing or damaged; ask the administrator to check the footage disk"
        )


class ByteSlice(Protocol):
    """Something of a known length that can be read from anywhere."""

    @property
    def length(self) -> int:
        """Bytes."""

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes from `start`."""

    def read_at_once(self, start: int, count: int) -> bytes | None:
        """Like `read`; None when it would have to wait for a disk."""


@dataclass(frozen=True)
class Made:
    """Bytes that are held in memory."""

    content: bytes = field(repr=False)

    @property
    def length(self) -> int:
        """Bytes."""
        return len(self.content)

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes from `start`."""
        return self.content[start : start + count]

    def read_at_once(self, start: int, count: int) -> bytes:
        """The same."""
        return self.read(start, count)


@dataclass(frozen=True)
class Repeated:
    """The same bytes `times` over."""

    content: bytes
    times: int

    @property
    def length(self) -> int:
        """Bytes."""
        return len(self.content) * self.times

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes from `start`."""
        within = start % len(self.content)
        enough = self.content * ((within + count) // len(self.content) + 1)
        return enough[within : within + count]

    def read_at_once(self, start: int, count: int) -> bytes:
        """The same."""
        return self.read(start, count)


def opened(file: Path) -> int:
    """A descriptor to read the file; an open segment's that has been closed since is there by its final name.

    Raises:
        OSError: it cannot be opened.
    """
    try:
        return os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        if file.suffix != PART:
            raise
        return os.open(file.with_suffix(""), os.O_RDONLY)


def size_of(file: Path) -> int:
    """Bytes of the file that `opened` opens.

    Raises:
        OSError: it cannot be opened.
    """
    with _reading(file) as descriptor:
        return os.fstat(descriptor).st_size


@dataclass(frozen=True)
class FileSlice:
    """`length` bytes of a segment's file from `offset`; the file is open only while it is read.

    An open segment grows, and gets its final name, without a change of these bytes.
    """

    file: Path
    offset: int
    length: int

    def read(self, start: int, count: int) -> bytes:
        """Exactly `count` bytes from `start`.

        Raises:
            FootageMissing: the file is gone or too short.
        """
        with self._reading() as descriptor:
            return self._read(descriptor, start, count)

    def read_at_once(self, start: int, count: int) -> bytes | None:
        """Like `read`; None when the bytes are not in memory: then the system is told to fetch them."""
        last = self.offset + start + count - 1
        with self._reading() as descriptor:
            if _in_memory(descriptor, last):
                return self._read(descriptor, start, count)
            os.posix_fadvise(descriptor, self.offset + start, _READ_AHEAD, os.POSIX_FADV_WILLNEED)
            return None

    @contextmanager
    def _reading(self) -> Iterator[int]:
        try:
            with _reading(self.file) as descriptor:
                yield descriptor
        except OSError as error:
            raise FootageMissing(self.file) from error

    def _read(self, descriptor: int, start: int, count: int) -> bytes:
        data = os.pread(descriptor, count, self.offset + start)
        if len(data) != count:
            raise FootageMissing(self.file)
        return data


@contextmanager
def _reading(file: Path) -> Iterator[int]:
    descriptor = opened(file)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _in_memory(descriptor: int, at: int) -> bool:
    """Whether the byte there can be read without waiting."""
    try:
        return os.preadv(descriptor, [bytearray(1)], at, os.RWF_NOWAIT) == 1
    except OSError:  # it would wait, or the file system does not tell
        return False
