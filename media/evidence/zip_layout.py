"""The one way in which an evidence package is laid out as a zip: stored, one date, no freedom.

Names, sizes and checksums of the files say what every other byte of the zip must be. So whoever checks a
package lays it out anew and compares: there is no byte in it that could be changed unseen.
`verify_page/layout.js` does the same. Format: PKWARE's APPNOTE.TXT 6.3.10; beyond 4 GB its ZIP64 fields.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64, LOCATOR = b"PK\x06\x06", b"PK\x06\x07"
LOCAL_SIZE, CENTRAL_SIZE, END_SIZE = 30, 46, 22
END64_SIZE, LOCATOR_SIZE = 56, 20
_UTF8 = 0x0800  # names are UTF-8, whatever the machine that unpacks them
_UNIX, _MODE = 3 << 8, 0o100644 << 16
BIG, MANY = 0xFFFF_FFFF, 0xFFFF


@dataclass(frozen=True)
class Entry:
    """A file in the zip."""

    name: str
    size: int  # bytes
    crc32: int
    offset: int = 0  # of its local header

    @property
    def content_at(self) -> int:
        """Offset of the first byte of its content."""
        return self.offset + local_header_size(self.name, self.size)

    @property
    def end(self) -> int:
        """Offset of what follows it."""
        return self.content_at + self.size


def placed(files: Sequence[tuple[str, int, int]]) -> list[Entry]:
    """Where files of (name, size, CRC-32) lie, one after the other."""
    entries: list[Entry] = []
    for name, size, crc32 in files:
        entries.append(Entry(name, size, crc32, entries[-1].end if entries else 0))
    return entries


def local_header_size(name: str, size: int) -> int:
    """Bytes."""
    return LOCAL_SIZE + len(name.encode()) + (20 if size >= BIG else 0)


def local_header(entry: Entry, at: datetime) -> bytes:
    """What stands before the content; `at` in the time that people are shown."""
    name, big = entry.name.encode(), entry.size >= BIG
    size = BIG if big else entry.size
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if big else b""
    fixed = struct.pack("<HHH", 45 if big else 20, _UTF8, 0)
    sizes = struct.pack("<LLLHH", entry.crc32, size, size, len(name), len(extra))
    return LOCAL + fixed + _dos_time(at) + sizes + name + extra


def ending(entries: Sequence[Entry], at: datetime) -> bytes:
    """What stands after the last content: the directory and its end."""
    begins = entries[-1].end
    directory = b"".join(central_header(entry, at) for entry in entries)
    size, count = len(directory), len(entries)
    end = struct.pack("<HHHHLLH", 0, 0, min(count, MANY), min(count, MANY), size, min(begins, BIG), 0)
    if begins < BIG and count < MANY:
        return directory + END + end
    end64 = struct.pack("<QHHLLQQQQ", 44, _UNIX | 45, 45, 0, 0, count, count, size, begins)
    locator = struct.pack("<LQL", 0, begins + size, 1)
    return directory + END64 + end64 + LOCATOR + locator + END + end


def central_header(entry: Entry, at: datetime) -> bytes:
    """The entry's line in the directory."""
    name, big, far = entry.name.encode(), entry.size >= BIG, entry.offset >= BIG
    size = BIG if big else entry.size
    fields = [entry.size, entry.size] * big + [entry.offset] * far
    extra = struct.pack(f"<HH{len(fields)}Q", 1, 8 * len(fields), *fields) if fields else b""
    needed = 45 if fields else 20
    fixed = struct.pack("<HHHH", _UNIX | needed, needed, _UTF8, 0)
    sizes = struct.pack("<LLLHH", entry.crc32, size, size, len(name), len(extra))
    rest = struct.pack("<HHHLL", 0, 0, 0, _MODE, min(entry.offset, BIG))
    return CENTRAL + fixed + _dos_time(at) + sizes + rest + name + extra


def _dos_time(at: datetime) -> bytes:
    """Time and day in two seconds' steps; years 1980 to 2107."""
    clock = at.hour << 11 | at.minute << 5 | at.second // 2
    return struct.pack("<HH", clock, (at.year - 1980) << 9 | at.month << 5 | at.day)
