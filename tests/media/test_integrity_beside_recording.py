"""A check beside a recorder that publishes and a deletion by rule accuses nothing and moves nothing away."""

import threading
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access.engine import transaction
from data_access.footage import segments_between
from media.fragmented_mp4 import IndexBuilder
from media.integrity import check
from media.publisher import Publisher
from media.retention import make_room
from media.segment_writer import SegmentWriter
from tests.installation import until
from tests.media.camera_clip import BEGUN, picture
from tests.media.sealed_footage import Footage, content, installed

DAYS = timedelta(days=60)


def record(footage: Footage, camera_id: int, stopped: threading.Event) -> None:
    """Segments of a second, as fast as they can be written."""
    builder = IndexBuilder()
    builder.feed(content(0))
    writer = SegmentWriter(
        Publisher(footage.engine, camera_id, live=True),
        folder=footage.folder,
        shelf=str(camera_id),
        header=builder.index().header,
        audio_timescale=0,
        segment_seconds=1,
    )
    for number in count():
        writer.write(picture(number))
        if stopped.is_set():
            break
    writer.close()


def test_nothing_is_accused_beside_a_recorder_and_a_deletion(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installed(engine, tmp_path, monkeypatch) as folder:
        footage = Footage(engine, folder)
        camera_id = footage.add_camera("一号")
        stopped = threading.Event()
        recorder = threading.Thread(target=record, args=(footage, camera_id, stopped))
        recorder.start()
        try:
            until(lambda: published(footage, camera_id) > 3, 60, "segments are published")
            for _ in range(4):
                before = published(footage, camera_id)
                report = check(engine, folder, full=True, now=BEGUN, settle=lambda: make_room_once(footage))
                assert report.faults == ()
                assert make_room(engine, folder, BEGUN + DAYS, 30, wanted=1) > 0
                until(lambda: published(footage, camera_id) != before, 60, "it goes on")  # noqa: B023
        finally:
            stopped.set()
            recorder.join()
        assert check(engine, folder, full=True, now=BEGUN + DAYS, settle=lambda: None).faults == ()
        assert not (folder / "quarantine").exists()


def make_room_once(footage: Footage) -> None:
    """What was suspected is deleted by rule before it is looked at again."""
    make_room(footage.engine, footage.folder, BEGUN + DAYS, 30, wanted=1)


def published(footage: Footage, camera_id: int) -> int:
    """How many segments have a row."""
    with transaction(footage.engine) as session:
        found = segments_between(session, camera_id, BEGUN - DAYS, BEGUN + DAYS)
    return sum(not segment.open for segment in found)
