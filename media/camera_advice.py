"""What a camera's settings cost, and what to change on it. The words stand in the text section `advice`."""

from __future__ import annotations

from enum import StrEnum

from media.camera import StreamFacts
from media.stream_reader import RECORDED_SOUND

LONGEST_GOP_SECONDS = 4.0
MAIN_BITS, SUB_BITS = 8e6, 2e6  # a second; more is seldom needed for 1080p and for a small tile


class Advice(StrEnum):
    """What is to be mended."""

    H265 = "h265"
    B_FRAMES = "b_frames"
    LONG_GOP = "long_gop"
    NO_SOUND = "no_sound"
    SOUND_NOT_RECORDED = "sound_not_recorded"
    NO_SUB_STREAM = "no_sub_stream"
    HIGH_BIT_RATE = "high_bit_rate"
    SUB_H265 = "sub_h265"
    SUB_B_FRAMES = "sub_b_frames"
    SUB_HIGH_BIT_RATE = "sub_high_bit_rate"


def advice_on_main(
    *,
    codec: str | None,
    has_b_frames: bool | None,
    gop_seconds: float | None,
    audio_codec: str | None,
    bits_per_second: float | None,
) -> list[Advice]:
    """What to change for the main stream; a GOP of None is too long for a probe to see."""
    found = {
        Advice.H265: codec == "hevc",
        Advice.B_FRAMES: has_b_frames,
        Advice.LONG_GOP: gop_seconds is None or gop_seconds > LONGEST_GOP_SECONDS,
        Advice.NO_SOUND: audio_codec is None,
        Advice.SOUND_NOT_RECORDED: audio_codec is not None and audio_codec not in RECORDED_SOUND,
        Advice.HIGH_BIT_RATE: (bits_per_second or 0) > MAIN_BITS,
    }
    return [advice for advice, applies in found.items() if applies]


def advice_on(main: StreamFacts, sub: StreamFacts | None = None, *, has_sub: bool) -> list[Advice]:
    """What to change for a probed camera; `sub` is None when there is none or it was not probed."""
    found = advice_on_main(
        codec=main.codec,
        has_b_frames=main.has_b_frames,
        gop_seconds=main.gop_seconds,
        audio_codec=main.audio_codec,
        bits_per_second=main.bits_per_second,
    )
    if not has_sub:
        found.append(Advice.NO_SUB_STREAM)
    if sub is not None:
        of_sub = {
            Advice.SUB_H265: sub.codec == "hevc",
            Advice.SUB_B_FRAMES: sub.has_b_frames,
            Advice.SUB_HIGH_BIT_RATE: sub.bits_per_second > SUB_BITS,
        }
        found += [advice for advice, applies in of_sub.items() if applies]
    return found
