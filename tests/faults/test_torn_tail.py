"""A power cut tears the last fragment at any byte: all whole fragments are recovered, published, and play."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from media.fragmented_mp4 import scan
from media.publisher import Publisher
from media.segment_file import left_behind, path_of
from media.segment_writer import SegmentWriter
from media.stream_reader import StreamReader
from tests.faults.truth import account_of
from tests.media.camera_clip import BEGUN, ClipCamera, Clock, as_container, install_camera, make_clip

_STEP = 64  # bytes
_MEMORY = "/dev/shm"  # nothing here is about the disk itself


@dataclass(frozen=True)
class OpenSegment:
    """The bytes of a segment that a recorder is writing."""

    data: bytes
    ends: list[int]  # of header and each whole fragment


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> OpenSegment:
    """Three seconds with B-frames and sound, three fragments, written by the recorder's own writer."""
    folder = tmp_path_factory.mktemp("growing")
    clip = make_clip(folder / "clip.ts", 3.2, b_frames=2)
    clock = Clock()
    with ClipCamera(clip, clock) as camera:
        reader = StreamReader(as_container(camera), clock)
        writer: SegmentWriter | None = None
        for sample in reader.samples():
            writer = writer or SegmentWriter(
                _Nobody(),
                folder=folder,
                shelf="1",
                header=reader.header(),
                audio_timescale=reader.audio_timescale,
                segment_seconds=60,
            )
            writer.write(sample)
    (part,) = folder.rglob("*.part")
    index = scan(part).index()
    return OpenSegment(part.read_bytes(), index.fragment_offsets.tolist())


class _Nobody(Publisher):
    """Publishes nothing."""

    def __init__(self) -> None:
        """Needs no database."""

    def begin_run(self, started_at: object) -> int:
        return 1

    def show_open(self, *_: object) -> None:
        """Nobody is told."""


def test_torn_at_any_byte_of_the_last_fragment_the_file_is_whole_up_to_it(growing: OpenSegment) -> None:
    before, end = growing.ends[-2:]
    with TemporaryDirectory(dir=_MEMORY) as memory:
        torn = Path(memory) / "torn.mp4"
        torn.write_bytes(growing.data)
        for size in range(end, before - 1, -1):
            os.truncate(torn, size)
            assert scan(torn).whole_bytes == (end if size == end else before), size


def test_torn_anywhere_in_the_last_fragment_all_before_it_is_kept_as_it_was(growing: OpenSegment) -> None:
    before, end = growing.ends[-2:]
    assert len(growing.ends) >= 3
    with TemporaryDirectory(dir=_MEMORY) as memory:
        for size in [*range(before, before + 64), *range(before + 64, end, _STEP), end - 1, end]:
            whole = end if size == end else before
            assert recovered(Path(memory), growing.data[:size]) == growing.data[:whole], size


def test_torn_within_the_header_there_is_nothing_to_keep(growing: OpenSegment) -> None:
    with TemporaryDirectory(dir=_MEMORY) as memory:
        for size in range(0, growing.ends[0] + 1, _STEP // 8):
            assert recovered(Path(memory), growing.data[:size]) is None, size


def recovered(folder: Path, torn: bytes) -> bytes | None:
    """What becomes of an open segment with these bytes; None: nothing is left of it."""
    part = folder / (path_of("1", BEGUN) + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(torn)
    found = list(left_behind(folder, "1", lambda _: set()))
    assert not part.exists()
    if not found:
        assert not [path for path in part.parent.iterdir() if path.suffix == ".mp4"]
        return None
    (closed,) = found
    data = (folder / closed.path).read_bytes()
    assert (closed.size, closed.sha256) == (len(data), hashlib.sha256(data).digest())
    (folder / closed.path).unlink()
    return data


@pytest.mark.parametrize("fragments", [1, 2, 3])
def test_what_is_recovered_is_published_and_plays(
    growing: OpenSegment, fragments: int, engine: Engine, tmp_path: Path
) -> None:
    camera = install_camera(engine, "rtsp://camera")
    part = tmp_path / (path_of(str(camera.id), BEGUN) + ".part")
    part.parent.mkdir(parents=True)
    part.write_bytes(growing.data[: growing.ends[fragments] + 7])
    assert Publisher(engine, camera.id).publish_left_behind(tmp_path, str(camera.id)) == 1
    account = account_of(engine, tmp_path, camera.id)
    assert len(account.pictures) == 25 * fragments
    assert [picture.wall for picture in account.pictures] == pytest.approx(
        [picture.drawn for picture in account.pictures], abs=0.002
    )
