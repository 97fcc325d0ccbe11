"""The chain of footage: what is said of each segment, sealed day by day.

A leaf is the segment's start (8 bytes, microseconds since 1970, big-endian) and the SHA-256 of what its row
says, as text:

    mingjing segment 1
    <camera id>
    <start, 2025-11-20T01:00:00.000000Z>
    <end>
    <path in the footage folder>
    <bytes>
    <SHA-256 of the file, hexadecimal>
    <SHA-256 of the segment before, hexadecimal>
    <SHA-256 of the packed sample index, hexadecimal>

each line ended by a line feed. The chain goes on with each leaf: `chain = SHA-256(chain + leaf)`, from the
chain of the camera's seal before, or from 32 zero bytes. The run is left out: it is not of the footage but of
the index, and is cut where a part of it is deleted by rule.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

NO_SEAL_BEFORE = bytes(32)
LEAF_BYTES = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START_BYTES = 8


@dataclass(frozen=True)
class SegmentFacts:
    """What the row of a closed segment says; instead of its index the index's hash."""

    camera_id: int
    started_at: datetime
    ended_at: datetime  # half-open
    path: str  # relative to the footage folder
    size: int  # bytes
    sha256: bytes
    previous_sha256: bytes
    index_sha256: bytes


@dataclass(frozen=True)
class Seal:
    """What was sealed of a camera after a day (UTC): its segments, and late ones of earlier days.

    `leaves` is empty once all of them are deleted by rule.
    """

    camera_id: int
    day: date
    segments: int
    size: int  # bytes
    chain_sha256: bytes
    signature: bytes
    leaves: tuple[bytes, ...]
    sealed_at: datetime
    expired_at: datetime | None = None  # since when a part of it, or all, is deleted by rule


def leaf(facts: SegmentFacts) -> bytes:
    """The segment's link in the chain, 40 bytes; see the module's text."""
    lines = [
        "mingjing segment 1",
        str(facts.camera_id),
        instant(facts.started_at),
        instant(facts.ended_at),
        facts.path,
        str(facts.size),
        facts.sha256.hex(),
        facts.previous_sha256.hex(),
        facts.index_sha256.hex(),
    ]
    told = "".join(f"{line}\n" for line in lines).encode()
    return start_bytes(facts.started_at) + hashlib.sha256(told).digest()


def start_bytes(at: datetime) -> bytes:
    """A leaf's first 8 bytes; in the order of time."""
    return ((at - _EPOCH) // timedelta(microseconds=1)).to_bytes(_START_BYTES, "big")


def start_of(leaf_bytes: bytes) -> datetime:
    """When the segment of a leaf started."""
    return _EPOCH + timedelta(microseconds=int.from_bytes(leaf_bytes[:_START_BYTES], "big"))


def chain_of(previous: bytes, leaves: Iterable[bytes]) -> bytes:
    """The chain after the leaves, 32 bytes."""
    chain = previous
    for each in leaves:
        chain = hashlib.sha256(chain + each).digest()
    return chain


def statement(seal: Seal, installation: str) -> bytes:
    """What the installation signs of a seal; the leaves are in it by their chain."""
    lines = [
        "mingjing day seal 1",
        installation,
        str(seal.camera_id),
        seal.day.isoformat(),
        str(seal.segments),
        str(seal.size),
        seal.chain_sha256.hex(),
        instant(seal.sealed_at),
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def instant(at: datetime) -> str:
    """An instant to the microsecond in UTC, as it stands in leaves and seals."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
