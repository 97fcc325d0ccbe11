"""One picture of footage at full size, exactly the one that was on at a moment, with its checksum.

What was recorded stays untouched: time, camera and number stand on a strip below the picture, and the
checksum is that of the picture alone. Whoever has the PNG finds it again from the rows above the strip.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import av
from av.video.reformatter import Colorspace
from PIL import Image, ImageDraw

from data_access.footage import Segment
from domain.periods import SHANGHAI
from media.byte_slices import FootageMissing
from media.demo_drawing import font, words
from media.footage_clips import clips_of, instant_of
from media.mp4_boxes import NotFragmentedMp4
from media.virtual_mp4 import NothingRecorded, build

_TIMESCALE = 90_000
_ONE_TICK = timedelta(microseconds=12)  # a little more than one, so that the moment itself is inside
_LEAST_TEXT, _TEXT_SHARE = 11, 60  # pixels; height of letters as a part of the picture's width
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED of FFmpeg
_HD_LINES = 720  # from here on cameras that do not say otherwise mean BT.709, as browsers take it


@dataclass(frozen=True)
class StillPicture:
    """A decoded picture."""

    taken_at: datetime
    image: Image.Image = field(repr=False)  # RGB

    @property
    def sha256(self) -> str:
        """Of the picture's data: the rows from the top, each pixel as one byte of red, green and blue."""
        return hashlib.sha256(self.image.tobytes()).hexdigest()

    def png(self, camera: str, number: str) -> bytes:
        """The picture as PNG, with time, camera, number and checksum on a strip below it."""
        told = {
            words("时间", "Time"): words(
                f"{clock(self.taken_at)}（北京时间）", f"{clock(self.taken_at)} +08:00"
            ),
            words("摄像头", "Camera"): camera,
            words("编号", "Number"): number,
            words("画面校验值 SHA-256", "SHA-256 of the picture"): self.sha256,
        }
        encoded = BytesIO()
        whole = _with_strip(self.image, [f"{name} {value}" for name, value in told.items()])
        whole.save(encoded, "PNG", compress_level=3)
        return encoded.getvalue()


def _with_strip(image: Image.Image, facts: list[str]) -> Image.Image:
    """The image on top of a strip with the facts, as many in a line as there is room for."""
    size = max(_LEAST_TEXT, image.width // _TEXT_SHARE)
    room, row = image.width - size, round(size * 1.5)
    lines = [""]
    for fact in facts:
        longer = f"{lines[-1]}    {fact}" if lines[-1] else fact
        if font(size).getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(fact)
    whole = Image.new("RGB", (image.width, image.height + row * len(lines) + size // 2), "#FFFFFF")
    whole.paste(image, (0, 0))
    pen = ImageDraw.Draw(whole)
    for number, line in enumerate(lines):
        fits = max((s for s in range(6, size + 1) if font(s).getlength(line) <= room), default=6)
        pen.text((size // 2, image.height + row * number + size // 3), line, "#000000", font(fits))
    return whole


def still_picture(segment: Segment, at: datetime, footage_folder: Path) -> StillPicture:
    """The picture that was on at the moment `at`.

    Args:
        segment: that has the moment.

    Raises:
        FootageMissing: the file is gone, is not what it was, or cannot be decoded.
    """
    try:
        (clip,) = clips_of([segment], segment.started_at, at + _ONE_TICK, _TIMESCALE)
        taken_at = instant_of(int(clip.shown.max()), _TIMESCALE)
        # A file of this one picture; what is needed to decode it comes along and is not shown.
        file = build([segment], taken_at, taken_at + _ONE_TICK, footage_folder)
        with av.open(BytesIO(b"".join(file.read())), "r") as container:
            frame = list(container.decode(video=0))[-1]
    except (NotFragmentedMp4, NothingRecorded, KeyError, ValueError, IndexError, av.FFmpegError) as error:
        raise FootageMissing(footage_folder / segment.path) from error
    return StillPicture(taken_at, _rgb(frame))


def _rgb(frame: av.VideoFrame) -> Image.Image:
    hd = frame.colorspace == _UNSPECIFIED and frame.height >= _HD_LINES
    rgb = frame.reformat(format="rgb24", src_colorspace=Colorspace.ITU709 if hd else None)
    image: Image.Image = rgb.to_image()  # type: ignore[no-untyped-call]
    return image


def clock(at: datetime) -> str:
    """Date and time in Asia/Shanghai, to the millisecond."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S.%f}"[:-3]
