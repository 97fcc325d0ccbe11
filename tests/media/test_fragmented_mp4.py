import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.fragment_writer import FragmentTrack, fragment, header
from media.fragmented_mp4 import IndexBuilder, scan
from media.mp4_boxes import NotFragmentedMp4, children
from media.sample_index import SampleIndex, TrackSamples
from tests.media.made_footage import make_segment

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(scope="module", params=["plain", "b_frames"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A segment as FFmpeg's muxer writes it, with sound."""
    folder = tmp_path_factory.mktemp("made")
    b_frames = 2 if request.param == "b_frames" else 0
    return folder / make_segment(folder, NOON, 4, sound=True, b_frames=b_frames).path


@pytest.fixture(scope="module")
def file_header(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """`ftyp` and `moov` as this project writes them, of video with sound."""
    folder = tmp_path_factory.mktemp("header")
    with av.open(str(folder / make_segment(folder, NOON, 1, sound=True).path)) as made:
        video, audio = made.streams.video[0], made.streams.audio[0]
        assert video.codec_context.extradata is not None
        assert audio.codec_context.extradata is not None
        return header(video, video.codec_context.extradata, audio, audio.codec_context.extradata)


def assert_same(found: SampleIndex, expected: SampleIndex) -> None:
    assert found.header == expected.header
    np.testing.assert_array_equal(found.fragment_offsets, expected.fragment_offsets)
    assert (found.audio is None) == (expected.audio is None)
    assert_same_track(found.video, expected.video)
    if found.audio and expected.audio:
        assert_same_track(found.audio, expected.audio)


def assert_same_track(found: TrackSamples, expected: TrackSamples) -> None:
    for column in fields(TrackSamples):
        np.testing.assert_array_equal(
            getattr(found, column.name), getattr(expected, column.name), err_msg=column.name
        )


def decode_times(track: TrackSamples) -> list[int]:
    """Of every sample, from the fragments' own."""
    ends = np.cumsum(track.sample_counts)
    times: list[int] = []
    for start, end, first in zip(ends - track.sample_counts, ends, track.decode_times, strict=True):
        times += (first + np.cumsum(track.durations[start:end]) - track.durations[start:end]).tolist()
    return times


def test_the_index_is_what_pyav_demuxes(made: Path) -> None:
    index = scan(made).index()
    assert index.audio is not None
    with av.open(str(made)) as container:
        for track, stream in (
            (index.video, container.streams.video[0]),
            (index.audio, container.streams.audio[0]),
        ):
            container.seek(0)
            packets = [packet for packet in container.demux(stream) if packet.size]
            assert stream.time_base == Fraction(1, track.timescale)
            assert track.sizes.tolist() == [packet.size for packet in packets]
            assert track.sync.tolist() == [packet.is_keyframe for packet in packets]
            assert track.durations.tolist() == [packet.duration for packet in packets]
            shown = np.array(decode_times(track)) + track.composition_offsets
            # FFmpeg moves a whole track on until no composition offset of it is negative.
            moved = max(0, -int(track.composition_offsets.min()))
            assert (shown + moved).tolist() == [packet.pts for packet in packets]
            assert decode_times(track) == [packet.dts for packet in packets]


def test_the_bytes_of_every_sample_lie_where_the_index_says(made: Path) -> None:
    index, data = scan(made).index(), made.read_bytes()
    with av.open(str(made)) as container:
        packets = [bytes(packet) for packet in container.demux(container.streams.video[0]) if packet.size]
    found, at = [], 0
    for offset, count in zip(index.video.data_offsets, index.video.sample_counts, strict=True):
        ends = offset + np.cumsum(index.video.sizes[at : at + count], dtype=np.int64)
        found += [data[start:end] for start, end in pairwise([offset, *ends])]
        at += count
    assert found == packets


def test_packing_keeps_everything_in_a_few_bytes_a_sample(made: Path) -> None:
    index = scan(made).index()
    assert index.audio is not None
    packed = index.pack()
    assert_same(SampleIndex.unpack(packed), index)
    assert len(packed) < 700 + 3 * (len(index.video.sizes) + len(index.audio.sizes))


@pytest.mark.parametrize("damaged", [b"", b"not an index"])
def test_a_damaged_index_is_named(damaged: bytes) -> None:
    with pytest.raises(NotFragmentedMp4, match="索引损坏"):
        SampleIndex.unpack(damaged)


samples = st.lists(
    st.tuples(st.binary(max_size=40), st.integers(1, 9000), st.integers(-7200, 7200), st.booleans()),
    min_size=1,
    max_size=12,
)
fragments = st.lists(st.tuples(samples, st.none() | samples), min_size=1, max_size=5)


def track_of(track_id: int, decode_time: int, rows: Sequence[tuple[bytes, int, int, bool]]) -> FragmentTrack:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return FragmentTrack(track_id, decode_time, *columns)


@given(written=fragments, cuts=st.lists(st.integers(1, 2000), max_size=20))
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_indexed_however_the_bytes_come(
    file_header: bytes,
    written: list[tuple[list[tuple[bytes, int, int, bool]], list[tuple[bytes, int, int, bool]] | None]],
    cuts: list[int],
) -> None:
    data = file_header
    for number, (video, audio) in enumerate(written):
        tracks = [track_of(1, 1000 * number, video)]
        if audio is not None:
            tracks.append(track_of(2, 700 * number, audio))
        data += fragment(number + 1, tracks)
    builder, stream = IndexBuilder(), io.BytesIO(data)
    for size in [*cuts, len(data)]:
        builder.feed(stream.read(size))
    assert builder.whole_bytes == len(data)
    index = SampleIndex.unpack(builder.index().pack())
    assert index.header == file_header
    assert index.audio is not None
    videos = [row for video, _ in written for row in video]
    sounds = [row for _, audio in written for row in audio or ()]
    for track, rows in ((index.video, videos), (index.audio, sounds)):
        assert track.sizes.tolist() == [len(row[0]) for row in rows]
        assert track.durations.tolist() == [row[1] for row in rows]
        assert track.composition_offsets.tolist() == [row[2] for row in rows]
        assert track.sync.tolist() == [row[3] for row in rows]
    assert index.video.decode_times.tolist() == [1000 * number for number in range(len(written))]
    assert index.audio.sample_counts.tolist() == [len(audio or ()) for _, audio in written]
    assert index.fragment_offsets[-1] == len(data)


@given(cut=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_torn_file_is_whole_up_to_its_last_whole_fragment(
    made: Path, tmp_path_factory: pytest.TempPathFactory, cut: float
) -> None:
    data, whole = made.read_bytes(), scan(made).index()
    torn = tmp_path_factory.mktemp("torn") / "torn.mp4"
    torn.write_bytes(data[: round(cut * len(data))])
    builder = scan(torn)
    size = torn.stat().st_size
    assert builder.whole_bytes <= size
    kept = int(np.searchsorted(whole.fragment_offsets, size, side="right")) - 1
    assert builder.fragment_count == max(kept, 0)
    if kept > 0:
        index = builder.index()
        assert builder.whole_bytes == whole.fragment_offsets[kept]
        np.testing.assert_array_equal(index.fragment_offsets, whole.fragment_offsets[: kept + 1])
        np.testing.assert_array_equal(index.video.sizes, whole.video.sizes[: len(index.video.sizes)])
    else:
        with pytest.raises(NotFragmentedMp4):
            builder.index()


def test_boxes_that_overrun_are_not_whole() -> None:
    assert list(children(b"\x00\x00\x00\x10moof1234")) == []
    assert list(children(b"\x00\x00\x00\x04moof")) == []
    (large,) = children(b"\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x12ab")
    assert (large.body, large.end) == (16, 18)
