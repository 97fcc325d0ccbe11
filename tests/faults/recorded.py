"""Footage as the recorder's own writer makes it, without waiting for a camera."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
from sqlalchemy import Engine

from data_access import footage
from data_access.engine import transaction
from data_access.footage import Segment
from media.publisher import Publisher
from media.segment_writer import SegmentWriter
from media.stream_reader import Sample, StreamReader
from tests.media.camera_clip import (
    BEGUN,
    ClipCamera,
    Clock,
    as_container,
    install_camera,
    make_clip,
    picture,
)

# Seconds of the clip that are recorded; the rest is lost.
RUNS = [(0, 7), (8, 11), (13, 16)]
DRIFT = 1.008  # far more than any real camera's: every segment follows it


def recorded_footage(engine: Engine, folder: Path) -> list[Segment]:
    """Three runs of one camera with B-frames and sound, in segments of two seconds."""
    clip = make_clip(folder / "clip.ts", RUNS[-1][1], b_frames=2)
    clock = Clock()
    camera_id = install_camera(engine, "rtsp://camera").id
    with ClipCamera(clip, clock) as camera:
        reader = StreamReader(as_container(camera), clock)
        samples = list(reader.samples())
        header, timescale = reader.header(), reader.audio_timescale
    begun = samples[0].seconds
    for start, end in RUNS:
        writer = SegmentWriter(
            Publisher(engine, camera_id),
            folder=folder,
            shelf=str(camera_id),
            header=header,
            audio_timescale=timescale,
            segment_seconds=2,
        )
        for sample in _from_a_key_picture(samples, begun + start, begun + end):
            writer.write(replace(sample, arrived_at=BEGUN.timestamp() + (sample.seconds - begun) * DRIFT))
        writer.close()
    return _published(engine, camera_id)


def bulky_footage(engine: Engine, folder: Path, megabytes: int) -> list[Segment]:
    """Footage of that size whose pictures are noise: nobody looks at them."""
    folder.mkdir(parents=True, exist_ok=True)
    clip = make_clip(folder / "clip.ts", 1)
    camera_id = install_camera(engine, "rtsp://camera").id
    with av.open(str(clip)) as container:
        reader = StreamReader(container, lambda: 0.0)
        next(reader.samples())
        header = reader.header()
    writer = SegmentWriter(
        Publisher(engine, camera_id),
        folder=folder,
        shelf=str(camera_id),
        header=header,
        audio_timescale=0,
        segment_seconds=2,
    )
    noise = random.Random(megabytes)
    for number in range(10 * megabytes):
        writer.write(replace(picture(number), data=noise.randbytes(100_000)))
    writer.close()
    return _published(engine, camera_id)


def _published(engine: Engine, camera_id: int) -> list[Segment]:
    hour = timedelta(hours=1)
    with transaction(engine) as session:
        return footage.segments_between(session, camera_id, BEGUN - hour, BEGUN + hour)


def _from_a_key_picture(samples: Sequence[Sample], start: float, end: float) -> list[Sample]:
    wanted = [sample for sample in samples if start - 0.001 <= sample.seconds < end - 0.001]
    first = next(number for number, sample in enumerate(wanted) if sample.video and sample.sync)
    return wanted[first:]
