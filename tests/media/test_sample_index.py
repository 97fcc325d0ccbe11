"""Packed and unpacked, an index is the same, whatever lies between the samples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.sample_index import SampleIndex, TrackSamples

Tracks = tuple[list[int], list[TrackSamples]]


@st.composite
def tracks(draw: st.DrawFn) -> Tracks:
    """Fragments' offsets, and video with sound or without; a fragment may have nothing of a track."""
    fragments = draw(st.integers(1, 6))
    counted = st.lists(st.integers(0, 5), min_size=fragments, max_size=fragments)
    offset = st.integers(0, 1 << 40)
    made = []
    for _ in range(draw(st.integers(1, 2))):
        counts = np.array(draw(counted), np.int64)
        total = int(counts.sum())
        column = st.lists(st.integers(0, (1 << 32) - 1), min_size=total, max_size=total)
        places = np.array(draw(st.lists(offset, min_size=fragments, max_size=fragments)), np.int64)
        made.append(
            TrackSamples(
                timescale=draw(st.integers(1, 90_000)),
                sizes=np.array(draw(column), np.uint32),
                durations=np.array(draw(column), np.uint32) % 1000,
                composition_offsets=np.array(draw(column), np.uint32).view(np.int32),
                sync=np.array(draw(column), np.uint32) % 2 == 0,
                sample_counts=counts,
                data_offsets=np.where(counts > 0, places, 0),
                decode_times=np.where(counts > 0, places[::-1] % 86_400, 0),
            )
        )
    return draw(st.lists(offset, min_size=fragments + 1, max_size=fragments + 1)), made


@given(tracks(), st.binary(max_size=2000))
def test_an_index_is_unpacked_as_it_was_packed(drawn: Tracks, header: bytes) -> None:
    offsets, made = drawn
    index = SampleIndex(header, np.array(offsets, np.int64), made[0], made[1] if made[1:] else None)
    found = SampleIndex.unpack(index.pack())
    assert found.header == header
    assert found.fragment_offsets.tolist() == offsets
    again = [found.video] if found.audio is None else [found.video, found.audio]
    assert len(again) == len(made)
    for one, other in zip(again, made, strict=True):
        for name, values in vars(other).items():
            assert np.array_equal(getattr(one, name), values), name
