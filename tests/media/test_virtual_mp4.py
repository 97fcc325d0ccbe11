"""A virtual MP4 shows exactly the pictures of its range, each at its place on the wall clock."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_access.footage import Segment
from media.byte_slices import FootageMissing
from media.sample_index import SampleIndex
from media.sound_timeline import _SILENCE
from media.virtual_mp4 import NothingRecorded, VirtualFile, build
from tests.media.made_footage import SOUND_RATE, clock_of, make_segment

NINE = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
FRAME = timedelta(milliseconds=40)
# Start and length in seconds: two that join, a gap of 7.36 s, one alone, a gap, two that join.
STRETCHES = [(0, 4), (4, 3), (14.36, 2), (30, 4), (34, 2)]


def after(seconds: float) -> datetime:
    return NINE + timedelta(milliseconds=round(seconds * 1000))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("footage")


@pytest.fixture(scope="module", params=["plain", "sound", "b-frames"])
def segments(request: pytest.FixtureRequest, folder: Path) -> list[Segment]:
    place, sound, b_frames = (
        folder / request.param,
        request.param == "sound",
        2 * (request.param == "b-frames"),
    )
    made = [
        make_segment(place, after(start), length, sound=sound, b_frames=b_frames)
        for start, length in STRETCHES
    ]
    return [replace(segment, path=f"{request.param}/{segment.path}") for segment in made]


def recorded(start: datetime, end: datetime) -> list[datetime]:
    """When the pictures of [start, end) were taken."""
    moments = (
        after(begin + number * 0.04) for begin, length in STRETCHES for number in range(round(length * 25))
    )
    return [moment for moment in moments if start <= moment < end]


def whole(file: VirtualFile) -> bytes:
    return b"".join(file.read())


def pictures(file: VirtualFile) -> Iterator[tuple[datetime, datetime]]:
    """For every decoded picture: the wall clock at which it is shown, and the one that is drawn in it."""
    with av.open(io.BytesIO(whole(file)), "r") as container:
        for frame in container.decode(video=0):
            assert isinstance(frame, av.VideoFrame)
            yield file.starts_at + timedelta(seconds=frame.time), clock_of(frame)


def assert_true_to_the_clock(file: VirtualFile, start: datetime, end: datetime) -> None:
    found = list(pictures(file))
    assert [drawn for _, drawn in found] == recorded(start, end)
    assert max(abs(shown - drawn) for shown, drawn in found) < timedelta(milliseconds=1)
    assert found[0][1] == file.starts_at
    assert file.ends_at == min(end, found[-1][1] + FRAME)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(start=st.integers(-1000, 36_500), length=st.integers(1, 38_000))
@example(start=0, length=36_000)
@example(start=7000, length=100)  # within a gap
@example(start=5000, length=12_000)  # from a segment over a gap into the next
@example(start=3960, length=40)  # one picture, the last of its segment
def test_every_picture_of_the_range_is_shown_at_its_wall_clock_and_no_other(
    segments: list[Segment], folder: Path, start: int, length: int
) -> None:
    begin, end = after(start / 1000), after((start + length) / 1000)
    if recorded(begin, end):
        assert_true_to_the_clock(build(segments, begin, end, folder), begin, end)
    else:
        with pytest.raises(NothingRecorded):
            build(segments, begin, end, folder)


def test_any_part_of_the_file_equals_that_part_of_the_whole(segments: list[Segment], folder: Path) -> None:
    file = build(segments, after(1), after(35), folder)
    content = whole(file)
    assert len(content) == file.size
    chance = random.Random(7)
    edges = [0, 1, file.front_size, *file.offsets, file.size]
    for _ in range(200):
        start, end = sorted(chance.choice([*edges, chance.randrange(file.size)]) for _ in range(2))
        assert b"".join(file.read(start, end)) == content[start:end]


def test_the_same_range_gives_the_same_bytes_and_another_range_another_etag(
    segments: list[Segment], folder: Path
) -> None:
    file, again = (build(segments, after(1), after(33), folder) for _ in range(2))
    assert whole(file) == whole(again)
    assert file.etag == again.etag
    assert build(segments, after(1.04), after(33), folder).etag != file.etag
    others = [replace(segment, camera_id=2) for segment in segments]
    assert build(others, after(1), after(33), folder).etag != file.etag


def test_pieces_are_small_and_together_the_whole(segments: list[Segment], folder: Path) -> None:
    pieces = list(build(segments, after(0), after(36), folder).read())
    assert all(0 < len(piece) <= 1 << 20 for piece in pieces)


@pytest.mark.parametrize("what", ["missing", "shorter", "longer"])
def test_a_file_that_is_not_what_it_was_is_named_before_anything_is_read(
    segments: list[Segment], folder: Path, tmp_path: Path, what: str
) -> None:
    copies = [tmp_path / segment.path for segment in segments]
    for copy, segment in zip(copies, segments, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((folder / segment.path).read_bytes())
    build(segments, after(0), after(36), tmp_path)
    if what == "missing":
        copies[1].unlink()
    else:
        content = copies[1].read_bytes()
        copies[1].write_bytes(content[:-1] if what == "shorter" else content + b"x")
    with pytest.raises(FootageMissing, match=copies[1].name):
        build(segments, after(0), after(36), tmp_path)
    build(segments, after(8), after(36), tmp_path)  # a range that does not need it


def test_a_file_that_goes_while_it_is_read_ends_the_reading_with_its_name(folder: Path) -> None:
    segment = make_segment(folder / "gone", NINE, 1)
    file = build([segment], NINE, after(1), folder / "gone")
    (folder / "gone" / segment.path).unlink()
    with pytest.raises(FootageMissing, match=r"missing or damaged"):
        list(file.read())


def test_a_damaged_index_is_named_as_missing_footage(folder: Path) -> None:
    segment = make_segment(folder / "index", NINE, 1)
    with pytest.raises(FootageMissing):
        build([replace(segment, index=b"nonsense")], NINE, after(1), folder / "index")


def test_where_the_size_of_the_picture_changes_the_file_ends_and_says_so(folder: Path) -> None:
    place = folder / "sizes"
    small, large = make_segment(place, NINE, 2), make_segment(place, after(2), 2, size=(480, 128))
    file = build([small, large], after(1), after(4), place)
    assert not file.complete
    assert file.ends_at == after(2)
    rest = build([small, large], file.ends_at, after(4), place)
    assert rest.complete
    assert (rest.starts_at, rest.ends_at) == (after(2), after(4))


def test_an_encoder_that_starts_anew_with_the_same_settings_goes_on_in_the_same_file(folder: Path) -> None:
    place = folder / "again"
    made = [make_segment(place, after(start), 2, sound=True) for start in (0, 9)]
    assert build(made, NINE, after(11), place).complete


def test_when_segments_overlap_the_later_one_counts(folder: Path) -> None:
    place = folder / "overlap"
    made = [make_segment(place, NINE, 3), make_segment(place, after(2.4), 2)]
    drawn = [clock for _, clock in pictures(build(made, NINE, after(5), place))]
    assert drawn == [after(number * 0.04) for number in range(110)]


def test_a_gap_of_most_of_a_day_is_kept_to_the_millisecond(folder: Path) -> None:
    place = folder / "day"
    evening = NINE + timedelta(hours=22, milliseconds=123)
    made = [make_segment(place, NINE, 1, sound=True), make_segment(place, evening, 1, sound=True)]
    file = build(made, NINE, NINE + timedelta(hours=24), place)
    found = list(pictures(file))
    assert len(found) == 50
    assert max(abs(shown - drawn) for shown, drawn in found) < timedelta(milliseconds=1)
    assert found[25][1] == evening


def test_sound_stays_with_its_pictures_and_gaps_are_silent(folder: Path) -> None:
    place = folder / "tones"
    made = [make_segment(place, after(start), length, sound=True) for start, length in STRETCHES]
    wall = {}
    for segment in made:
        index = SampleIndex.unpack(segment.index)
        assert index.audio
        data = (place / segment.path).read_bytes()
        for packet, at in _packets(index, data):
            wall[packet] = segment.started_at + at
    file = build(made, after(1.5), after(35.5), place)
    heard = list(_heard(file))
    real = [(at, wall[packet]) for at, packet in heard if packet in wall]
    assert len(real) > 500
    one_packet = timedelta(seconds=1024 / SOUND_RATE)
    assert max(abs(at - when) for at, when in real) <= one_packet
    silent = [at for at, packet in heard if packet not in wall]
    assert {packet for _, packet in heard if packet not in wall} == {_SILENCE[1]}
    assert sum(after(7.1) < at < after(14.3) for at in silent) > 330
    assert not [at for at in silent if after(14.5) < at < after(16.2) or after(30.1) < at < after(33.9)]
    # Browsers play packet after packet whatever the timestamps say: there must be no hole between them.
    steps = np.diff([at.timestamp() for at, _ in heard])
    assert steps.max() < one_packet.total_seconds() * 1.01


def _packets(index: SampleIndex, data: bytes) -> Iterator[tuple[bytes, timedelta]]:
    assert index.audio
    number = 0
    fragments = zip(
        index.audio.sample_counts, index.audio.data_offsets, index.audio.decode_times, strict=True
    )
    for count, offset, time in fragments:
        for size, duration in zip(
            index.audio.sizes[number : number + count],
            index.audio.durations[number : number + count],
            strict=True,
        ):
            yield data[offset : offset + size], timedelta(seconds=int(time) / index.audio.timescale)
            offset, time = offset + size, time + duration  # noqa: PLW2901
        number += count


def _heard(file: VirtualFile) -> Iterator[tuple[datetime, bytes]]:
    with av.open(io.BytesIO(whole(file)), "r") as container:
        for packet in container.demux(audio=0):
            if packet.pts is not None:
                seconds = float(packet.pts * packet.time_base)
                yield file.starts_at + timedelta(seconds=seconds), bytes(packet)


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2)])
def test_the_silent_packet_decodes_to_silence(layout: str, channels: int) -> None:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SOUND_RATE, layout, "fltp"
    encoder.open()
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = encoder.extradata
    for _ in range(4):
        for frame in decoder.decode(av.Packet(_SILENCE[channels])):
            assert frame.samples == 1024
            assert not frame.to_ndarray().any()
