"""Decoded pictures and sound as one transport stream: H.264 without B-frames, and AAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from media.transport_stream import TransportStream, adts_head

MOST_A_SECOND = 25  # pictures
GOP_SECONDS = 2
SOUND_RATE = 48_000
_LONG, _SHORT = 1280, 720  # pixels
_CLOCK = Fraction(1, 90_000)
_SAME_SHAPE = 0.02
_BEGIN = 1.0  # seconds: AAC begins before its first sample, and no time may be negative
_X264 = {
    "preset": "superfast",
    "tune": "zerolatency",
    "crf": "23",
    "maxrate": "2500000",
    "bufsize": "2500000",
    "forced-idr": "1",
}


def size_for(width: int, height: int) -> tuple[int, int]:
    """Width and height to encode at: as large as fits 1280x720, upright 720x1280; even numbers.

    Larger than the picture, too: browsers send smaller pictures while the connection is slow, and one size
    for all of them keeps the recording in one piece.
    """
    most_wide, most_high = (_LONG, _SHORT) if width >= height else (_SHORT, _LONG)
    scale = min(most_wide / width, most_high / height)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)


def has_shape(size: tuple[int, int], width: int, height: int) -> bool:
    """Whether a picture fits the size without being distorted visibly."""
    return abs(size[0] / size[1] * height / width - 1) < _SAME_SHAPE


class BrowserEncoder:
    """Encodes pictures into one size, and the sound if there is any; used by one thread."""

    def __init__(self, size: tuple[int, int], *, sound: bool) -> None:
        self.size = size
        self.has_sound = sound
        self._stream = TransportStream(sound=sound)
        self._pictures = _h264(size)
        self._last_picture = -1
        self._sound = _aac()
        self._counted = CountedSound()

    def picture(self, frame: av.VideoFrame, at: float, *, key: bool) -> tuple[bytes, bool]:
        """A picture of `at` (seconds since the stream began), with `key` as a key frame.

        Returns the next piece of the stream, and whether a client may begin there.
        """
        picture = frame.reformat(*self.size, format="yuv420p")
        self._last_picture = max(self._last_picture + 90, round((at + _BEGIN) / _CLOCK))
        picture.pts, picture.time_base = self._last_picture, _CLOCK
        picture.pict_type = PictureType.I if key else PictureType.NONE
        (packet,) = self._pictures.encode(picture)  # "zerolatency": one in, one out
        is_key = packet.is_keyframe
        return self._stream.picture(bytes(packet), self._last_picture, key=is_key), is_key

    def sound(self, frame: av.AudioFrame, at: float) -> bytes:
        """The stream's next piece with sound that begins `at` (seconds since the stream began)."""
        made = []
        for piece in self._counted.pieces(frame, at + _BEGIN):
            for packet in self._sound.encode(piece):
                data = adts_head(packet.size, SOUND_RATE, 1) + bytes(packet)
                made.append(self._stream.sound(data, round((packet.pts or 0) / _CLOCK / SOUND_RATE)))
        return b"".join(made)


def _h264(size: tuple[int, int]) -> av.VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = *size, "yuv420p"
    context.time_base, context.framerate = _CLOCK, Fraction(MOST_A_SECOND)
    context.gop_size, context.max_b_frames = GOP_SECONDS * MOST_A_SECOND, 0
    context.thread_count, context.options = 1, _X264
    return context


def _aac() -> av.AudioCodecContext:
    context = av.CodecContext.create("aac", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = SOUND_RATE, "mono", "fltp"
    context.bit_rate = 64_000
    return context


class CountedSound:
    """Sound without holes or overlaps, cut to the encoder's size: each sample has the time of its number."""

    _PIECE = 1024  # samples, an AAC packet's
    _TOLERANCE = 0.1  # seconds that sound may come early or late before it is put right

    def __init__(self) -> None:
        self._resampler = av.AudioResampler("fltp", "mono", SOUND_RATE)
        self._waiting: NDArray[np.float32] = np.zeros((1, 0), np.float32)
        self._next: int | None = None  # the number of the first sample that waits; seconds * SOUND_RATE

    def pieces(self, frame: av.AudioFrame, at: float) -> Iterator[av.AudioFrame]:
        """What is complete with this sound, which begins `at` (seconds)."""
        frame.pts = None
        heard = [piece.to_ndarray() for piece in self._resampler.resample(frame)]
        due = round(at * SOUND_RATE)
        if self._next is None:
            self._next = due
        late = due - self._next - self._waiting.shape[1]
        if late < -self._TOLERANCE * SOUND_RATE:
            return  # more sound than time: this piece is left out
        silence = np.zeros((1, late if late > self._TOLERANCE * SOUND_RATE else 0), np.float32)
        self._waiting = np.concatenate([self._waiting, silence, *heard], axis=1)
        while self._waiting.shape[1] >= self._PIECE:
            whole, self._waiting = np.split(self._waiting, [self._PIECE], axis=1)
            piece = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="fltp", layout="mono")
            piece.sample_rate, piece.pts, piece.time_base = SOUND_RATE, self._next, Fraction(1, SOUND_RATE)
            self._next += self._PIECE
            yield piece
