"""How a camera's figures are written."""

from __future__ import annotations

from decimal import Decimal

from dashboard.i18n import t
from dashboard.numbers import NOT_APPLICABLE, percent

_CODECS = {"h264": "H.264", "hevc": "H.265"}
_SOUNDS = {"aac": "AAC", "pcm_alaw": "G.711 A", "pcm_mulaw": "G.711 U", "mp3": "MP3", "opus": "Opus"}
_STEPS = ((90, "seconds", 1), (90 * 60, "minutes", 60), (48 * 3600, "hours", 3600))
_DAY = 86_400
_RIGHT = 0.5  # seconds of a clock that nobody notices


def codec_word(codec: str | None) -> str:
    """The codec as the camera's own pages call it."""
    return NOT_APPLICABLE if codec is None else _CODECS.get(codec, codec)


def sound_word(codec: str | None) -> str:
    """The sound's codec, or that there is none."""
    return t("health.detail.no_sound") if codec is None else _SOUNDS.get(codec, codec)


def size_word(width: int | None, height: int | None) -> str:
    """Width and height in pixels."""
    return f"{width}×{height}" if width and height else NOT_APPLICABLE


def picture_word(codec: str | None, width: int | None, height: int | None) -> str:
    """Codec and size, as far as they are known."""
    known = [word for word in (codec_word(codec), size_word(width, height)) if word != NOT_APPLICABLE]
    return " ".join(known) or NOT_APPLICABLE


def rate_word(frame_rate: float | None) -> str:
    """Frames a second."""
    return NOT_APPLICABLE if frame_rate is None else t("health.frame_rate", value=f"{frame_rate:.3g}")


def bit_rate(bits: float | None) -> str:
    """Bits a second: `2_140_000` is "2.14 Mb/s"."""
    if bits is None:
        return NOT_APPLICABLE
    return f"{bits / 1e6:.2f} Mb/s" if bits >= 1e6 else f"{bits / 1e3:.0f} kb/s"


def amount(count: float) -> str:
    """Bytes: `2_140_000_000` is "2.14 GB"."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB")):
        if count >= limit:
            return f"{count / limit:,.2f} {unit}"
    return f"{count / 1e6:.1f} MB" if count else "0 MB"


def duration(seconds: float) -> str:
    """A time in its natural unit: "4 s", "12 min", "3 h", "5 days"."""
    for limit, unit, size in _STEPS:
        if seconds < limit:
            return t(f"health.{unit}", value=round(seconds / size))
    return t("health.long_ago", value=round(seconds / _DAY))


def share(part: float | None) -> str:
    """A fraction in percent."""
    return NOT_APPLICABLE if part is None else percent(Decimal(str(part)))


def clock_offset(seconds: float | None) -> str:
    """By how much a clock is fast or slow."""
    if seconds is None:
        return t("health.not_told_by_camera")
    if abs(seconds) < _RIGHT:
        return t("health.clock_right")
    amount = t("health.seconds", value=f"{abs(seconds):.1f}") if abs(seconds) < 90 else duration(abs(seconds))
    return t("health.ahead" if seconds > 0 else "health.behind", value=amount)
