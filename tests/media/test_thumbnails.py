"""Small pictures: the key picture at or before a moment, kept no longer than the footage."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from data_access import cameras
from data_access.footage import Segment
from data_access.models import FootageRun
from domain.vocabulary import RoomType
from media.byte_slices import FootageMissing
from media.demo_scene import read_clock
from media.thumbnails import Sweeping, Thumbnails, thumbnail
from tests.media.made_footage import EPOCH, make_segment, publish

NINE = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)
WIDE = (1280, 720)


def clock_in(jpeg: bytes) -> datetime:
    """The burnt-in wall clock of a small picture: found in its lowest rows, however small."""
    gray = np.asarray(Image.open(BytesIO(jpeg)).convert("L"))
    return EPOCH + timedelta(milliseconds=read_clock(np.ascontiguousarray(gray)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Segment]:
    folder = tmp_path_factory.mktemp("footage")
    return folder, make_segment(folder, NINE, 6, b_frames=2, sound=True)


@pytest.mark.parametrize(("seconds", "key"), [(0, 0), (0.99, 0), (1, 1), (3.5, 3), (5.96, 5)])
def test_it_is_the_key_picture_at_or_before_the_moment(
    made: tuple[Path, Segment], seconds: float, key: int
) -> None:
    folder, segment = made
    found = thumbnail(segment, NINE + timedelta(seconds=seconds), folder)
    assert abs(found.taken_at - NINE - timedelta(seconds=key)) < timedelta(milliseconds=1)
    assert clock_in(found.jpeg) == NINE + timedelta(seconds=key)


def test_it_is_small_and_keeps_the_shape(tmp_path: Path) -> None:
    segment = make_segment(tmp_path, NINE, 1, size=WIDE)
    image = Image.open(BytesIO(thumbnail(segment, NINE, tmp_path).jpeg))
    assert (image.format, image.size) == ("JPEG", (320, 180))


def test_h265_is_decoded_as_well(tmp_path: Path) -> None:
    segment = make_segment(tmp_path, NINE, 2)
    recoded = _as_h265(tmp_path, segment)
    found = thumbnail(recoded, NINE + timedelta(seconds=1.5), tmp_path)
    assert clock_in(found.jpeg) == NINE + timedelta(seconds=1)


def test_a_file_that_is_gone_or_cut_says_so(made: tuple[Path, Segment], tmp_path: Path) -> None:
    folder, segment = made
    content = (folder / segment.path).read_bytes()
    (tmp_path / segment.path).parent.mkdir()
    with pytest.raises(FootageMissing, match="缺失或已损坏"):
        thumbnail(segment, NINE, tmp_path)
    (tmp_path / segment.path).write_bytes(content[:2000])
    with pytest.raises(FootageMissing, match="缺失或已损坏"):
        thumbnail(segment, NINE + timedelta(seconds=4), tmp_path)


def test_a_picture_is_decoded_once_and_the_folder_stays_small(
    made: tuple[Path, Segment], tmp_path: Path
) -> None:
    folder, segment = made
    kept = Thumbnails(folder, tmp_path / "thumbs")
    first = kept.of(segment, NINE + timedelta(seconds=1.2))
    (file,) = (tmp_path / "thumbs").rglob("*.jpg")
    file.write_bytes(b"kept")
    assert kept.of(segment, NINE + timedelta(seconds=1.9)).jpeg == b"kept"
    for second in range(6):
        kept.of(segment, NINE + timedelta(seconds=second))
    kept.most_bytes = 2 * len(first.jpeg)
    kept.prune()
    assert 0 < len(list((tmp_path / "thumbs").rglob("*.jpg"))) <= 2


def test_nothing_is_kept_where_the_disk_has_no_room(made: tuple[Path, Segment], tmp_path: Path) -> None:
    folder, segment = made
    kept = Thumbnails(folder, tmp_path / "thumbs", reserve=1 << 60)
    assert kept.of(segment, NINE).jpeg
    assert not list((tmp_path / "thumbs").rglob("*.jpg"))


def test_pictures_go_with_the_footage(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "footage"
    with Session(engine) as session, session.begin():
        room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
        camera = cameras.add(session, room_id=room.id, name="全景", url="x.ts", at=NINE - timedelta(days=1))
        segments = [
            make_segment(folder, NINE + timedelta(seconds=start), 2, camera_id=camera.id) for start in (0, 2)
        ]
        publish(session, segments)
    kept = Thumbnails(folder, tmp_path / "thumbs")
    for segment in segments:
        kept.of(segment, segment.started_at)
    (tmp_path / "thumbs" / "999").mkdir()
    (tmp_path / "thumbs" / "999" / "1.jpg").write_bytes(b"of a camera that is no more")
    sweeping = Sweeping(engine, tmp_path / "thumbs")
    sweeping.run()
    assert len(list((tmp_path / "thumbs").rglob("*.jpg"))) == 2
    with Session(engine) as session, session.begin():
        begun = update(FootageRun).where(FootageRun.camera_id == camera.id)
        session.execute(begun.values(started_at=segments[1].started_at))
    sweeping.run()
    (left,) = (tmp_path / "thumbs").rglob("*.jpg")
    assert clock_in(left.read_bytes()) == segments[1].started_at


def _as_h265(folder: Path, segment: Segment) -> Segment:
    """The same pictures, encoded anew."""
    from dataclasses import replace
    from fractions import Fraction

    from media.fragmented_mp4 import scan
    from tests.media.made_footage import FRAGMENTS

    name = "h265.mp4"
    with (
        av.open(str(folder / segment.path)) as source,
        av.open(str(folder / name), "w", format="mp4", options=FRAGMENTS) as out,
    ):
        options = {"preset": "ultrafast", "x265-params": "keyint=25:min-keyint=25:bframes=0:log-level=none"}
        video = out.add_stream("libx265", rate=25, options=options)
        shown = source.streams.video[0]
        video.width, video.height, video.pix_fmt = shown.width, shown.height, "yuv420p"
        video.time_base = Fraction(1, 90_000)
        for frame in source.decode(video=0):
            out.mux(video.encode(frame.reformat(format="yuv420p")))
        out.mux(video.encode(None))
    return replace(segment, path=name, index=scan(folder / name).index().pack())
