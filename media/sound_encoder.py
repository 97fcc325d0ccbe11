"""G.711, the sound of telephones and many cameras, as AAC: MP4 for browsers cannot hold it as it is.

The rate stays that of the camera. The encoder never stops, so nothing is lost at the border of a segment;
a hole in the sound stays one: the packet before it is filled up with silence, the next begins with the sound.
"""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags

ENCODED_SOUND = frozenset({"pcm_alaw", "pcm_mulaw"})
PACKET = 1024  # samples, of AAC
_BITS_PER_SAMPLE = 4  # a channel: 32 kbit/s at 8 kHz
# By how much the camera's timestamps may swing around the count of its samples, which is steady.
_SWING_SECONDS = 0.06

Samples = npt.NDArray[np.float32]  # [channels, n], from -1 to 1


class SoundEncoder:
    """Encodes one stream; ticks are its samples."""

    def __init__(self, codec: str, rate: int, channels: int) -> None:
        self.rate = rate
        self._table = _table(codec)
        self._layout = "mono" if channels == 1 else "stereo"
        self._channels = channels
        self.restart()

    def restart(self) -> None:
        """Forgets what it was given; the next sound stands alone."""
        context = av.CodecContext.create("aac", "w")
        context.sample_rate, context.layout, context.format = self.rate, self._layout, "fltp"
        context.bit_rate = _BITS_PER_SAMPLE * self.rate * self._channels
        context.time_base = Fraction(1, self.rate)
        context.flags |= Flags.global_header
        context.open()
        self.context = context
        self._waiting: Samples = np.zeros((self._channels, 0), np.float32)
        self._at: int | None = None  # tick of what comes next after what waits
        self._times: deque[int] = deque()  # ticks of the packets that are in the encoder

    def feed(self, data: bytes, tick: int) -> Iterator[tuple[bytes, int]]:
        """Takes sound that begins at `tick`; gives the packets that are ready, and their ticks."""
        if self._at is not None and abs(tick - self._at) > _SWING_SECONDS * self.rate:
            yield from self._fill_up()
            self._at = None
        sound = self._table[np.frombuffer(data, np.uint8)].reshape(-1, self._channels).T
        self._at = (tick if self._at is None else self._at) + sound.shape[1]
        self._waiting = np.concatenate((self._waiting, sound), axis=1)
        while self._waiting.shape[1] >= PACKET:
            begins = self._at - self._waiting.shape[1]
            yield from self._encode(self._waiting[:, :PACKET], begins)
            self._waiting = self._waiting[:, PACKET:]

    def finish(self) -> Iterator[tuple[bytes, int]]:
        """The last packets; to be restarted before it is fed again."""
        yield from self._fill_up()
        if self._times:
            yield from self._packets(None)

    def _fill_up(self) -> Iterator[tuple[bytes, int]]:
        waits = self._waiting.shape[1]
        if waits and self._at is not None:
            filled = np.pad(self._waiting, ((0, 0), (0, PACKET - waits)))
            self._waiting = self._waiting[:, :0]
            yield from self._encode(filled, self._at - waits)

    def _encode(self, sound: Samples, tick: int) -> Iterator[tuple[bytes, int]]:
        if not self._times:
            self._times.append(tick - PACKET)  # the encoder begins with a packet of what came before: nothing
        self._times.append(tick)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), format="fltp", layout=self._layout)
        frame.sample_rate = self.rate
        yield from self._packets(frame)

    def _packets(self, frame: av.AudioFrame | None) -> Iterator[tuple[bytes, int]]:
        for packet in self.context.encode(frame):
            yield bytes(packet), self._times.popleft()


@cache
def _table(codec: str) -> npt.NDArray[np.float32]:
    """What each of the 256 bytes of G.711 stands for (ITU-T G.711; FFmpeg knows)."""
    decoder = cast("av.AudioCodecContext", av.CodecContext.create(codec, "r"))
    decoder.sample_rate, decoder.layout = 8000, "mono"
    (frame,) = decoder.decode(av.Packet(bytes(range(256))))
    table: npt.NDArray[np.float32] = frame.to_ndarray()[0].astype(np.float32) / 32768
    return table
