"""Pictures and sound as aiortc hands them on, decoded from what a browser sent."""

from fractions import Fraction

import av
import numpy as np

PITCH = 440  # Hz


def picture(width: int, height: int, number: int) -> av.VideoFrame:
    """A grey picture, another grey for each number; 25 a second."""
    level = np.full((height, width, 3), number * 7 % 200 + 20, np.uint8)
    frame = av.VideoFrame.from_ndarray(level, format="rgb24").reformat(format="yuv420p")
    frame.pts, frame.time_base = 3600 * number, Fraction(1, 90_000)
    return frame


def tone(number: int, loud: float = 0.3) -> av.AudioFrame:
    """The `number`-th 20 ms of a tone, 48 kHz, two channels."""
    at = np.arange(960 * number, 960 * (number + 1)) / 48_000
    wave = (loud * 32_767 * np.sin(2 * np.pi * PITCH * at)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 960 * number, Fraction(1, 48_000)
    return frame
