"""Footage of the last demo sessions, drawn and encoded after the event: so that a new demo has a past.

python -m media.demo_footage
"""

from __future__ import annotations

import io
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
from av.packet import Packet
from sqlalchemy import Engine

from data_access import footage, footage_gaps
from data_access.engine import engine, transaction
from data_access.finished_sessions import last_finished
from data_access.footage import Stretch
from data_access.settings import settings
from media import demo_encoder
from media.camera_locks import DEMO, CameraLocks
from media.demo_scene import Scene
from media.footage_folder import claim
from media.fragment_writer import header
from media.publisher import Publisher
from media.segment_writer import SegmentWriter
from media.stream_reader import Sample, length_prefixed

log = logging.getLogger(__name__)

_SESSIONS = 3
_LONGEST = timedelta(minutes=10)
_SHORTEST = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lay_down(
    bind: Engine,
    footage_folder: Path,
    camera_id: int,
    room_name: str,
    *,
    start: datetime,
    seconds: float,
    segment_seconds: float = 60,
) -> bool:
    """Makes the camera's footage of that stretch of the past; carries on where it was interrupted.

    Does nothing, and returns False, where the camera was recorded, where it is done already, or while another
    process is at it.
    """
    whole = Stretch(start, start + timedelta(seconds=seconds))
    locks = CameraLocks(bind, DEMO)
    try:
        if not locks.take(camera_id):
            return False
        # A shelf of its own: the recorder looks after what is left behind on the camera's.
        shelf = f"demo-{camera_id}"
        publisher = Publisher(bind, camera_id)
        publisher.publish_left_behind(footage_folder, shelf)
        holes = _to_fill(bind, camera_id, shelf, whole)
        for hole in holes:
            writer = _Filming(publisher, footage_folder, shelf, segment_seconds)
            writer.film(Scene(room_name), hole)
        return bool(holes)
    finally:
        locks.close()


def _to_fill(bind: Engine, camera_id: int, shelf: str, whole: Stretch) -> list[Stretch]:
    with transaction(bind) as session:
        segments = footage.segments_between(session, camera_id, whole.start, whole.end)
    if any(not segment.path.startswith(f"{shelf}/") for segment in segments):
        return []
    done = [Stretch(segment.started_at, segment.ended_at) for segment in segments]
    return [hole for hole in footage_gaps.uncovered(whole, done) if hole.end - hole.start >= _SHORTEST]


class _Filming:
    """One stretch through the same writer as the recorder's, with the wall clock of then."""

    def __init__(self, publisher: Publisher, folder: Path, shelf: str, segment_seconds: float) -> None:
        self._publisher = publisher
        self._folder = folder
        self._shelf = shelf
        self._segment_seconds = segment_seconds

    def film(self, scene: Scene, stretch: Stretch) -> None:
        start_ms = (stretch.start - _EPOCH) // timedelta(milliseconds=1)
        seconds = (stretch.end - stretch.start).total_seconds()
        writer: SegmentWriter | None = None
        for at_ms, packet in demo_encoder.film(scene, start_ms, seconds):
            if writer is None:
                writer = self._writer(packet)
            writer.write(_sample(packet, at_ms))
        if writer is not None:
            writer.close()

    def _writer(self, first: Packet[Any]) -> SegmentWriter:
        with av.open(io.BytesIO(bytes(first)), format="h264") as parsed:
            video = parsed.streams.video[0]
            made = header(video, video.codec_context.extradata or b"")
        return SegmentWriter(
            self._publisher,
            folder=self._folder,
            shelf=self._shelf,
            header=made,
            audio_timescale=0,
            segment_seconds=self._segment_seconds,
        )


def _sample(packet: Packet[Any], at_ms: int) -> Sample:
    assert packet.pts is not None
    return Sample(
        video=True,
        data=length_prefixed(bytes(packet)),
        decode_time=packet.pts,
        presentation_time=packet.pts,
        duration=round(demo_encoder.FRAME_RATE**-1 / demo_encoder.TIME_BASE),
        sync=packet.is_keyframe,
        seconds=float(packet.pts * demo_encoder.TIME_BASE),
        arrived_at=at_ms / 1000,
    )


def main() -> None:
    """Up to ten minutes of each of the last three finished sessions in rooms with a camera."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s demo footage: %(message)s")
    chosen = settings()
    claim(engine(), chosen.footage_folder)
    with transaction(engine()) as session:
        sessions = last_finished(session, _SESSIONS)
    for held in sessions:
        length = min(held.ended_at - held.started_at, _LONGEST)
        made = lay_down(
            engine(),
            chosen.footage_folder,
            held.camera_id,
            held.room_name,
            start=held.started_at,
            seconds=length.total_seconds(),
            segment_seconds=chosen.segment_seconds,
        )
        if made:
            log.info("%s, %s: %s of footage", held.room_name, held.started_at.isoformat(), length)


if __name__ == "__main__":
    main()
