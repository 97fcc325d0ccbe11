"""The sound of the demo rooms: a soft tone, another in each room, and a tick at every full second.

The tick is on the wall clock, as is the clock in the picture, so that the two can be compared. Sound that
repeats itself is encoded only once: a camera's sound then costs next to nothing.
"""

from __future__ import annotations

from functools import lru_cache

import av
import numpy as np
from numpy.typing import NDArray

from media.transport_stream import adts_head

RATE = 32_000  # samples a second
PACKET_MS = 32  # one AAC packet: 1024 samples
TICK_SECONDS = 0.02
_PACKET = 1024  # samples
_LOOP = 125  # packets in 4 s, the shortest time that is whole in packets and in seconds
_BITS_PER_SECOND = 32_000
_TONE, _TICK, _TICK_PITCH = 0.03, 0.3, 2000
_LATE = 10  # packets: after a longer pause the sound goes on with that of now


class DemoSound:
    """The sound of one camera, in packets of AAC with ADTS heads."""

    def __init__(self, pitch: int) -> None:
        """`pitch` of the tone, in whole Hz."""
        self._packets = _loop(pitch)
        self._last = 0

    def up_to(self, at_ms: int) -> list[tuple[int, bytes]]:
        """The next packets, each with its beginning, in milliseconds since 1970 (UTC).

        The last of them begins after `at_ms`: that lets FFmpeg write the picture of `at_ms` at once, as it
        holds one back until it has sound that is later.
        """
        due = at_ms // PACKET_MS + 1
        if not -1 <= due - self._last <= _LATE:
            self._last = due - 1
        first, self._last = self._last + 1, max(self._last + 1, due)
        return [
            (number * PACKET_MS, self._packets[number % _LOOP]) for number in range(first, self._last + 1)
        ]


@lru_cache(maxsize=8)
def _loop(pitch: int) -> tuple[bytes, ...]:
    """Four seconds of AAC that join their own beginning."""
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "fltp"
    encoder.bit_rate = _BITS_PER_SECOND
    packets = []
    once = _wave(pitch)
    for number in range(2 * _LOOP + 2):  # the second time round: a packet builds on the one before
        frame = av.AudioFrame.from_ndarray(once[number % _LOOP][None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, number * _PACKET
        packets += encoder.encode(frame)
    second = [bytes(packet) for packet in packets if packet.pts is not None and packet.pts >= _LOOP * _PACKET]
    return tuple(adts_head(len(data), RATE, 1) + data for data in second[:_LOOP])


def _wave(pitch: int) -> NDArray[np.float32]:
    at = np.arange(_LOOP * _PACKET) / RATE
    into_second = at % 1
    tone = _TONE * np.sin(2 * np.pi * pitch * at)
    tick = _TICK * np.sin(2 * np.pi * _TICK_PITCH * into_second) * (into_second < TICK_SECONDS)
    return (tone + tick).astype(np.float32).reshape(_LOOP, _PACKET)
