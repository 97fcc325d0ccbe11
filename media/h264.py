"""What has to be known of H.264 to pass a camera's pictures on unchanged (ITU-T H.264, Annex B; RFC 6184)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

_SLICE, _KEY_SLICE, _SEQUENCE_PARAMETERS = 1, 5, 7
_DELIMITER, _FILLER = 9, 12  # of no use to a decoder
_TOGETHER, _FRAGMENT = 24, 28  # STAP-A and FU-A of RFC 6184
_KIND, _REFERENCE = 0x1F, 0x60  # bits of a unit's first byte
_PAYLOAD = 1200  # bytes: fits, with all its heads, through tunnels with an MTU of 1300
_ASSUMED_DURATION = 3000  # 1/30 s in 1/90000 s


@dataclass(frozen=True)
class Picture:
    """One coded picture with start codes, complete with its parameter sets when it is a key picture."""

    data: bytes
    timestamp: int  # 1/90000 s, of the stream's own clock
    key: bool

    @cached_property
    def payloads(self) -> list[bytes]:
        """The picture in RTP payloads: made once for all who watch it."""
        return list(_payloads(self.data))


def units(data: bytes) -> Iterator[bytes]:
    """The network abstraction layer units between start codes; one never ends in a zero byte (7.4.1)."""
    return (unit for part in data.split(b"\0\0\1")[1:] if (unit := part.rstrip(b"\0")))


def _payloads(data: bytes) -> Iterator[bytes]:
    """Small units together, as long as they fit; large ones in pieces of one size (RFC 6184, 5.7 and 5.8)."""
    together: list[bytes] = []
    for unit in units(data):
        if unit[0] & _KIND in {_DELIMITER, _FILLER}:
            continue
        if together and sum(map(len, together)) + len(unit) + 2 * len(together) + 3 > _PAYLOAD:
            yield _joined(together)
            together = []
        if len(unit) > _PAYLOAD:
            yield from _pieces(unit)
        else:
            together.append(unit)
    if together:
        yield _joined(together)


def _joined(small: list[bytes]) -> bytes:
    if len(small) == 1:
        return small[0]
    head = max(unit[0] & _REFERENCE for unit in small) | _TOGETHER
    return bytes([head]) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in small)


def _pieces(unit: bytes) -> Iterator[bytes]:
    indicator, kind = unit[0] & ~_KIND | _FRAGMENT, unit[0] & _KIND
    size = _PAYLOAD - 2
    for at in range(1, len(unit), size):
        begins, ends = at == 1, at + size >= len(unit)
        yield bytes([indicator, begins << 7 | ends << 6 | kind]) + unit[at : at + size]


@dataclass(frozen=True)
class Front:
    """What stands at the front of a packet."""

    has_parameters: bool  # a sequence parameter set comes before the first slice
    has_slice: bool
    begins_picture: bool  # its first slice is a picture's first, or it has none
    is_b: bool  # its first slice is predicted from both sides


def front_of(data: bytes) -> Front:
    """Looks no further than the first slice."""
    has_parameters = False
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 4:
        kind = data[at + 3] & _KIND
        if kind in {_SLICE, _KEY_SLICE}:
            first_macroblock, slice_type = _two_codes(data[at + 4 : at + 16])
            return Front(has_parameters, True, first_macroblock == 0, slice_type % 5 == 1)
        has_parameters |= kind == _SEQUENCE_PARAMETERS
        at = data.find(b"\0\0\1", at + 3)
    return Front(has_parameters, has_slice=False, begins_picture=True, is_b=False)


def _two_codes(data: bytes) -> tuple[int, int]:
    """The first two unsigned Exp-Golomb codes of a slice's head: first_mb_in_slice and slice_type (7.3.3)."""
    bits = "".join(f"{byte:08b}" for byte in data) + "1"
    found = []
    at = 0
    for _ in range(2):
        zeros = bits.find("1", at) - at
        found.append(int(bits[at + zeros : at + 2 * zeros + 1] or "1", 2) - 1)
        at = min(at + 2 * zeros + 1, len(bits) - 1)
    return found[0], found[1]


class PictureAssembler:
    """Makes whole pictures of packets.

    Some cameras send a picture in several packets, one a slice; WebRTC wants it as one frame. Whether more
    slices follow is known only when the next picture begins, and waiting for that shows every picture one
    frame late. So only the first picture is waited for, and from the first sliced picture on every one.
    """

    def __init__(self, parameter_sets: bytes) -> None:
        """`parameter_sets`: SPS and PPS with start codes, for cameras that send them apart from it."""
        self._parameter_sets = parameter_sets
        self._waiting: Picture | None = None
        self._waits = True
        self._decided = False

    def feed(
        self, data: bytes, timestamp: int | None, *, key: bool, front: Front | None = None
    ) -> list[Picture]:
        """The pictures that are complete with this packet, in order.

        The timestamp of the very first packet may be missing: FFmpeg does not know it for some RTSP cameras.
        """
        front = front or front_of(data)
        if not front.begins_picture:
            self._continue(data, timestamp)
            return []
        if timestamp is None and self._decided:
            return []
        if key and not front.has_parameters:
            data = self._parameter_sets + data
        complete = self._completed(before=timestamp)
        new = Picture(data, -1 if timestamp is None else timestamp, key)
        if self._waits:
            self._waiting = new
            return complete
        return [*complete, new]

    def _continue(self, data: bytes, timestamp: int | None) -> None:
        self._waits = self._decided = True
        if self._waiting is not None:
            known = self._waiting.timestamp if timestamp is None else timestamp
            self._waiting = replace(self._waiting, data=self._waiting.data + data, timestamp=known)

    def _completed(self, before: int | None) -> list[Picture]:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return []
        if not self._decided:
            self._decided, self._waits = True, False
        if waiting.timestamp < 0 and before is not None:
            waiting = replace(waiting, timestamp=before - _ASSUMED_DURATION)
        return [waiting]
