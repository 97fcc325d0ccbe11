"""What has to be known of H.264 to pass a camera's pictures on unchanged (ITU-T H.264, Annex B)."""

from __future__ import annotations

from dataclasses import dataclass

_SLICE, _KEY_SLICE, _SEQUENCE_PARAMETERS = 1, 5, 7


@dataclass(frozen=True)
class Picture:
    """One coded picture with start codes, complete with its parameter sets when it is a key picture."""

    data: bytes
    timestamp: int  # 1/90000 s, of the stream's own clock
    key: bool


def unit_types(data: bytes) -> list[int]:
    """The types of the NAL units up to the first slice: what stands in front of the picture."""
    found: list[int] = []
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 3:
        found.append(data[at + 3] & 31)
        if found[-1] in {_SLICE, _KEY_SLICE}:
            break
        at = data.find(b"\0\0\1", at + 3)
    return found


class PictureAssembler:
    """Makes whole pictures of packets.

    Some cameras send a picture as several slices, each a packet with the same timestamp; WebRTC wants them as
    one frame. Whether more slices follow is known only when the next picture begins, so slices are waited for
    only when the first picture came in several: else each picture would be shown one frame late.
    """

    def __init__(self, parameter_sets: bytes) -> None:
        """`parameter_sets`: SPS and PPS with start codes, for cameras that send them apart from it."""
        self._parameter_sets = parameter_sets
        self._waiting: Picture | None = None
        self._sliced: bool | None = None  # None: not known yet

    def feed(self, data: bytes, timestamp: int, *, key: bool) -> list[Picture]:
        """The pictures that are complete with this packet, in order."""
        waiting = self._waiting
        if waiting is not None and waiting.timestamp == timestamp:
            self._sliced = True
            self._waiting = Picture(waiting.data + data, timestamp, waiting.key or key)
            return []
        if waiting is not None and self._sliced is None:
            self._sliced = False
        new = Picture(self._completed(data) if key else data, timestamp, key)
        complete = [] if waiting is None else [waiting]
        if self._sliced is False:
            self._waiting = None
            return [*complete, new]
        self._waiting = new
        return complete

    def _completed(self, data: bytes) -> bytes:
        return data if _SEQUENCE_PARAMETERS in unit_types(data) else self._parameter_sets + data
