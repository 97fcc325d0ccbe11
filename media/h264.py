"""What has to be known of H.264 to pass a camera's pictures on unchanged (ITU-T H.264, Annex B)."""

from __future__ import annotations

from dataclasses import dataclass, replace

_SLICE, _KEY_SLICE, _SEQUENCE_PARAMETERS = 1, 5, 7
_ASSUMED_DURATION = 3000  # 1/30 s in 1/90000 s


@dataclass(frozen=True)
class Picture:
    """One coded picture with start codes, complete with its parameter sets when it is a key picture."""

    data: bytes
    timestamp: int  # 1/90000 s, of the stream's own clock
    key: bool


@dataclass(frozen=True)
class _Front:
    """What stands at the front of a packet."""

    has_parameters: bool  # a sequence parameter set comes before the first slice
    begins_picture: bool  # its first slice is a picture's first


def _front(data: bytes) -> _Front:
    has_parameters = False
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 4:
        kind = data[at + 3] & 31
        if kind in {_SLICE, _KEY_SLICE}:
            # first_mb_in_slice is 0: its Exp-Golomb code is the single bit 1 (clauses 7.3.3 and 9.1).
            return _Front(has_parameters, bool(data[at + 4] & 0x80))
        has_parameters |= kind == _SEQUENCE_PARAMETERS
        at = data.find(b"\0\0\1", at + 3)
    return _Front(has_parameters, begins_picture=True)


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

    def feed(self, data: bytes, timestamp: int | None, *, key: bool) -> list[Picture]:
        """The pictures that are complete with this packet, in order.

        The timestamp of the very first packet may be missing: FFmpeg does not know it for some RTSP cameras.
        """
        front = _front(data)
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
