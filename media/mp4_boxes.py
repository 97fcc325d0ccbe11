"""The boxes that MP4 files are made of (ISO/IEC 14496-12)."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

U32 = struct.Struct(">I")
U64 = struct.Struct(">Q")


class NotFragmentedMp4(ValueError):
    """The bytes are no segment as this module describes it."""


@contextmanager
def named(message: str) -> Iterator[None]:
    """Says of bytes that contradict themselves that they are no segment, wherever it shows."""
    try:
        yield
    except NotFragmentedMp4:
        raise
    except (struct.error, zlib.error, LookupError, ValueError) as error:
        raise NotFragmentedMp4(message) from error


class Box(NamedTuple):
    """Where a box lies: its type and the offsets of its header, its body and its end."""

    kind: bytes
    start: int
    body: int
    end: int


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of the joined parts."""
    body = b"".join(parts)
    return U32.pack(8 + len(body)) + kind + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with version and flags."""
    return box(kind, bytes([version]) + flags.to_bytes(3, "big"), *parts)


def children(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The whole boxes one after the other in `data[start:end]`."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            size, header = U64.unpack_from(data, start + 8)[0], 16
        if size < header or start + size > end:
            return
        yield Box(kind, start, start + header, start + size)
        start += size


def find(data: bytes, *path: bytes, inside: Box | None = None) -> Box | None:
    """The first box at `path`, for example `find(moov, b"moov", b"mvhd")`; None when there is none."""
    start, end = (inside.body, inside.end) if inside else (0, len(data))
    for child in children(data, start, end):
        if child.kind == path[0]:
            deeper = child if len(path) == 1 else find(data, *path[1:], inside=child)
            if deeper:
                return deeper
    return None
