"""Finds the files of a package that somebody may have changed: nothing in it is believed."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from media.evidence.hashes import Hashes
from media.evidence.zip_layout import (
    BIG,
    CENTRAL,
    CENTRAL_SIZE,
    END,
    END64,
    END64_SIZE,
    END_SIZE,
    LOCAL,
    LOCAL_SIZE,
    LOCATOR_SIZE,
)

CHUNK = 1 << 20
_LONGEST_DIRECTORY = 64 << 20  # bytes; a package has some dozens of files


@dataclass(frozen=True)
class Found:
    """A file in the zip, as the zip says."""

    name: str
    at: int  # offset of its content
    size: int  # bytes
    crc32: int  # as its header says


class ZipReader:
    """Reads a zip of stored files from both of its lists: the headers before each file, and the directory."""

    def __init__(self, file: Path) -> None:
        """Opens the file.

        Raises:
            OSError: it cannot be opened.
        """
        self._in: BinaryIO = file.open("rb")
        self.size = self._in.seek(0, 2)

    def close(self) -> None:
        """Closes the file."""
        self._in.close()

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from `at`; fewer at the file's end, none outside."""
        if not 0 <= at < self.size:
            return b""
        self._in.seek(at)
        return self._in.read(max(count, 0))

    def hashed(self, found: Found, told: Callable[[int], None]) -> Hashes:
        """The hashes of a file's content, as far as it is there.

        Args:
            told: is told how many more bytes are read.
        """
        hashes, at, end = Hashes(), found.at, found.at + found.size
        while at < end and (piece := self.read(at, min(CHUNK, end - at))):
            hashes.update(piece)
            at += len(piece)
            told(len(piece))
        return hashes

    def by_headers(self) -> list[Found]:
        """The files one after the other, as far as the headers before them make sense."""
        found, at = [], 0
        while (head := self.read(at, LOCAL_SIZE))[:4] == LOCAL and len(head) == LOCAL_SIZE:
            crc, _, size, name_length, extra_length = struct.unpack("<LLLHH", head[14:])
            name = self.read(at + LOCAL_SIZE, name_length)
            extra = self.read(at + LOCAL_SIZE + name_length, extra_length)
            (size,) = _wide(extra, [size])
            at += LOCAL_SIZE + name_length + extra_length
            found.append(Found(_text(name), at, size, crc))
            at += size
        return found

    def by_directory(self) -> list[Found]:
        """The files that the directory at the end names, as far as it makes sense."""
        found = []
        (directory, moved), at = self._directory(), 0
        while directory[at : at + 4] == CENTRAL and len(directory) >= at + CENTRAL_SIZE:
            fields = struct.unpack("<LLLHHHHHLL", directory[at + 16 : at + CENTRAL_SIZE])
            crc, _, size, name_length, extra_length, comment_length, *_, offset = fields
            name_at = at + CENTRAL_SIZE
            extra_at = name_at + name_length
            extra = directory[extra_at : extra_at + extra_length]
            size, offset = _wide(extra, [size, offset])
            offset = max(offset + moved, 0)
            head = self.read(offset, LOCAL_SIZE)
            if len(head) == LOCAL_SIZE:
                content_at = offset + LOCAL_SIZE + sum(struct.unpack("<HH", head[26:]))
                found.append(Found(_text(directory[name_at:extra_at]), content_at, size, crc))
            at = extra_at + extra_length + comment_length
        return found

    def _directory(self) -> tuple[bytes, int]:
        """The directory, and by how much its offsets are off because something was put before the files."""
        end_at = self.size - END_SIZE
        end = self.read(end_at, END_SIZE)
        if end[:4] != END:
            return b"", 0
        size, begins = struct.unpack("<LL", end[12:20])
        end64_at = end_at - LOCATOR_SIZE - END64_SIZE
        end64 = self.read(end64_at, END64_SIZE)
        if end64[:4] == END64:
            end_at = end64_at
            size, begins = struct.unpack("<QQ", end64[40:])
        if size > min(end_at, _LONGEST_DIRECTORY):
            return b"", 0
        return self.read(end_at - size, size), end_at - size - begins


def _wide(extra: bytes, values: list[int]) -> list[int]:
    """The values, those that did not fit their field from the ZIP64 field (id 1)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack("<HH", extra[at : at + 4])
        if kind == 1:
            field = extra[at + 4 : at + 4 + length]
            wide = [number for (number,) in struct.iter_unpack("<Q", field[: len(field) // 8 * 8])]
            break
        at += 4 + length
    else:
        return values
    # Both sizes stand there when either is too big; they are the same, as nothing is compressed.
    if values[0] == BIG and len(wide) > 1:
        wide.pop(0)
    return [wide.pop(0) if value == BIG and wide else value for value in values]


def _text(name: bytes) -> str:
    return name.decode("utf-8", errors="replace")
