"""Writes an evidence package: each file's bytes once, hashed on the way; nothing is held in memory."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from media.evidence.hashes import Hashes
from media.evidence.zip_layout import Entry, ending, local_header

Progress = Callable[[int], None]  # is told how many more bytes are written


@dataclass(frozen=True)
class Written:
    """A file in the package."""

    name: str
    size: int  # bytes
    crc32: int
    sha256: bytes
    pieces: tuple[bytes, ...]  # see Hashes


class ZipWriter:
    """A zip that grows file by file; whole only after `finish`."""

    def __init__(self, file: Path, at: datetime) -> None:
        """Begins anew, whatever stood in `file`; `at` is the date of all its files."""
        self._file, self._at = file, at
        self._out = file.open("wb")
        self._entries: list[Entry] = []

    def __enter__(self) -> "ZipWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._out.close()

    def add(
        self, name: str, size: int, pieces: Iterable[bytes], told: Progress = lambda _count: None
    ) -> Written:
        """Adds a file whose size is known beforehand.

        Raises:
            ValueError: the pieces have another size together.
        """
        entry = Entry(name, size, 0, self._entries[-1].end if self._entries else 0)
        self._out.write(local_header(entry, self._at))
        hashes = Hashes()
        for piece in pieces:
            self._out.write(piece)
            hashes.update(piece)
            told(len(piece))
        if hashes.size != size:
            raise ValueError(f"{name}: {hashes.size} bytes instead of {size}")
        entry = Entry(name, size, hashes.crc32, entry.offset)
        self._out.seek(entry.offset)
        self._out.write(local_header(entry, self._at))
        self._out.seek(entry.end)
        self._entries.append(entry)
        return Written(name, size, hashes.crc32, hashes.sha256, hashes.pieces)

    def finish(self) -> None:
        """Writes the directory; the zip is on the disk when this returns."""
        self._out.write(ending(self._entries, self._at))
        self._out.flush()
        os.fsync(self._out.fileno())
