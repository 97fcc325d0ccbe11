"""Segments of footage for tests: real files whose pictures carry their own wall clock."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from sqlalchemy.orm import Session

from data_access import footage
from data_access.footage import Segment
from media.demo_scene import read_clock, write_clock
from media.fragmented_mp4 import scan

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SOUND_RATE = 48_000
FRAGMENTS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer+negative_cts_offsets",
    "use_editlist": "0",
    "video_track_timescale": "90000",
}


def milliseconds(instant: datetime) -> int:
    """Since 1970."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def make_segment(
    folder: Path,
    started_at: datetime,
    seconds: float,
    *,
    frame_rate: int = 25,
    size: tuple[int, int] = (384, 96),
    sound: bool = False,
    b_frames: int = 0,
    camera_id: int = 1,
    gop: int = 25,
) -> Segment:
    """Writes a segment; each picture shows in its lowest rows the millisecond at which it was taken.

    The sound is a tone of (200 + 10 * second of the minute) Hz with a little noise, so that no two packets
    are alike.
    """
    name = f"{camera_id}/{milliseconds(started_at)}.mp4"
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(file), "w", format="mp4", options=FRAGMENTS) as out:
        options = {"preset": "ultrafast", "bf": str(b_frames), "crf": "30", "b-adapt": "0"}
        video = out.add_stream("libx264", rate=frame_rate, options=options)
        video.width, video.height, video.pix_fmt, video.gop_size = *size, "yuv420p", gop
        video.time_base = Fraction(1, 90_000)
        tone = out.add_stream("aac", rate=SOUND_RATE, layout="mono") if sound else None
        # Both streams together, as a camera sends them: by their time.
        frames = [*_pictures(started_at, seconds, frame_rate, size)]
        tones = [*_sound(started_at, seconds)] if tone else []
        for frame in sorted([*frames, *tones], key=lambda frame: frame.time or 0.0):
            if isinstance(frame, av.VideoFrame):
                out.mux(video.encode(frame))
            elif tone and isinstance(frame, av.AudioFrame):
                out.mux(tone.encode(frame))
        out.mux(video.encode(None))
        if tone:
            out.mux(tone.encode(None))
    index = scan(file).index()
    return Segment(
        camera_id=camera_id,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=index.duration),
        run_id=1,
        path=name,
        size=file.stat().st_size,
        sha256=hashlib.sha256(file.read_bytes()).digest(),
        previous_sha256=bytes(32),
        index=index.pack(),
    )


def _pictures(
    started_at: datetime, seconds: float, frame_rate: int, size: tuple[int, int]
) -> Iterator[av.VideoFrame]:
    begin = milliseconds(started_at)
    for number in range(round(seconds * frame_rate)):
        planes = np.full((size[1] * 3 // 2, size[0]), 128, np.uint8)
        write_clock(planes[size[1] - 16 : size[1]], begin + number * 1000 // frame_rate)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = number * 90_000 // frame_rate, Fraction(1, 90_000)
        yield frame


def _sound(started_at: datetime, seconds: float) -> Iterator[av.AudioFrame]:
    noise = np.random.default_rng(milliseconds(started_at))
    for number in range(int(seconds * SOUND_RATE / 1024)):
        at = (np.arange(1024) + number * 1024) / SOUND_RATE + started_at.timestamp() % 60
        wave = 0.4 * np.sin(2 * np.pi * (200 + 10 * np.floor(at)) * at)
        wave += noise.normal(0, 0.02, 1024)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number * 1024, Fraction(1, SOUND_RATE)
        yield frame


def clock_of(frame: av.VideoFrame) -> datetime:
    """The wall clock that a picture shows."""
    gray = np.asarray(frame.to_ndarray(format="gray"), np.uint8)
    return EPOCH + timedelta(milliseconds=read_clock(gray))


def publish(session: Session, segments: Sequence[Segment]) -> None:
    """Enters segments of one camera in the index; a run goes on where one segment joins the next."""
    run_id, ended_at = 0, None
    for segment in segments:
        if segment.started_at != ended_at:
            run_id = footage.begin_run(session, segment.camera_id, segment.started_at)
        footage.publish(session, replace(segment, run_id=run_id))
        ended_at = segment.ended_at
