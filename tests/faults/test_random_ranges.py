"""Thousands of random ranges show exactly the pictures of their source, each at its wall clock."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.faults.ranges import Source, compare, random_range, source_of
from tests.faults.recorded import recorded_footage
from tests.media.made_footage import make_segment

SEED = 20
COUNT, DECODED_EVERY = 1000, 50
NINE = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
# Start and length in seconds, pictures in a group: joined, after a gap, overlapping, after a gap.
MADE = [(0, 3, 25), (3, 2, 10), (5, 2.4, 50), (13.37, 2, 25), (15.1, 2, 12), (40.004, 1, 25)]


@pytest.fixture
def made(tmp_path: Path) -> Source:
    """Segments as FFmpeg's muxer writes them; the fifth begins before the fourth ends."""
    segments = [
        make_segment(tmp_path, NINE + timedelta(seconds=start), length, gop=gop, b_frames=2, sound=True)
        for start, length, gop in MADE
    ]
    return source_of(tmp_path, segments)


@pytest.fixture
def recorded(engine: Engine, tmp_path: Path) -> Source:
    """Segments as the recorder writes them: drift followed, runs that end, B-frames, sound."""
    return source_of(tmp_path, recorded_footage(engine, tmp_path))


@pytest.mark.parametrize("which", ["made", "recorded"])
def test_random_ranges_show_exactly_the_pictures_of_their_source(
    which: str, request: pytest.FixtureRequest
) -> None:
    source: Source = request.getfixturevalue(which)
    chance, shown = random.Random(SEED), 0
    for number in range(COUNT):
        start, end = random_range(source, chance)
        shown += compare(source, start, end, decode=number % DECODED_EVERY == 0)
    assert shown > 20 * COUNT, "most ranges hold pictures"
