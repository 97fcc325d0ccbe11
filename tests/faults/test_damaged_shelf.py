"""A file that is damaged on the disk neither keeps its camera from being recorded nor is it deleted."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from av.container import InputContainer
from sqlalchemy import Engine

from data_access import footage
from data_access.engine import transaction
from media.camera_recorder import CameraRecorder, Surroundings
from media.fragmented_mp4 import scan
from media.segment_file import path_of
from tests.faults.truth import FAR_AHEAD, LONG_AGO
from tests.media.camera_clip import BEGUN, ClipCamera, Clock, as_container, install_camera, make_clip
from tests.media.made_footage import make_segment


@pytest.mark.parametrize("ending", [".mp4.part", ".mp4"])
@pytest.mark.parametrize("what", ["a fragment", "the header"])
def test_a_camera_is_recorded_though_a_file_of_its_is_damaged(
    engine: Engine, tmp_path: Path, ending: str, what: str
) -> None:
    camera, clock = install_camera(engine, "rtsp://camera"), Clock()
    folder = tmp_path / "footage"
    made = make_segment(tmp_path, BEGUN, 2, camera_id=camera.id)
    content = bytearray((tmp_path / made.path).read_bytes())
    moofs = scan(tmp_path / made.path).index().fragment_offsets
    at = content.index(b"trun", moofs[1]) if what == "a fragment" else content.index(b"trex")
    content[at + 4 : at + 16] = b"\xff" * 12
    left = folder / path_of(str(camera.id), BEGUN - timedelta(seconds=30)).replace(".mp4", ending)
    left.parent.mkdir(parents=True)
    left.write_bytes(content)
    clip = make_clip(tmp_path / "clip.ts", 3)

    def open_once(_url: str) -> InputContainer:
        return as_container(ClipCamera(clip, clock))

    def stop_instead_of_waiting(_stopping: threading.Event, _seconds: float) -> None:
        recorder.stop()

    recorder = CameraRecorder(
        camera, Surroundings(engine, folder, 2, clock, open_once, stop_instead_of_waiting)
    )
    recorder.run()
    with transaction(engine) as session:
        segments = footage.segments_between(session, camera.id, LONG_AGO, FAR_AHEAD)
    recorded = [one for one in segments if one.started_at >= BEGUN]
    assert len(recorded) == 2, recorder.observed.message
    assert any(path.read_bytes()[: moofs[1]] == content[: moofs[1]] for path in folder.rglob("*.mp4*")), (
        "kept"
    )
