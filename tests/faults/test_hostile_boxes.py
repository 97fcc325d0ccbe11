"""Files and indices that are damaged in any way: an error by name, never a crash or a hang."""

import zlib
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.fragmented_mp4 import scan
from media.mp4_boxes import NotFragmentedMp4
from media.sample_index import SampleIndex
from tests.faults.damage import damaged_files, damaged_headers, damaged_indices, damaged_streams

SEED = 7


def test_a_damaged_file_is_read_as_far_as_it_is_whole_or_named(tmp_path: Path) -> None:
    damaged_files(tmp_path, SEED, 1500)


def test_damaged_bytes_fed_in_pieces_are_taken_or_named(tmp_path: Path) -> None:
    damaged_streams(tmp_path, SEED + 1, 400)


def test_a_damaged_header_is_read_or_named(tmp_path: Path) -> None:
    damaged_headers(tmp_path, SEED + 2, 2000)


def test_a_damaged_index_is_footage_or_missing_footage(tmp_path: Path) -> None:
    damaged_indices(tmp_path, SEED + 3, 1000)


@given(data=st.binary(max_size=300))
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes_at_all_are_no_segment(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "any.mp4"
    file.write_bytes(data)
    with suppress(NotFragmentedMp4):
        assert scan(file).fragment_count == 0
    for index in (data, zlib.compress(data)):
        with suppress(NotFragmentedMp4):
            SampleIndex.unpack(index)
