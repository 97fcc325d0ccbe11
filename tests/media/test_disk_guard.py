"""On a real small disk: what is beyond its days goes first, then recording stops; nothing held is touched."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.vocabulary import GapCause
from media.disk_guard import DiskGuard, free_bytes
from tests.media.kept_footage import DAY, FIRST, KEPT_DAYS, MINUTE, Stock, paths_of

MIB = 1 << 20
DISK, RESERVE = 24 * MIB, 4 * MIB
HOUR = timedelta(hours=1)
NOW = FIRST + KEPT_DAYS * DAY + 12 * HOUR  # half of the first day is beyond its days


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "mingjing-test", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a filesystem can be mounted as root only")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def stock(engine: Engine, small_disk: Path) -> Stock:
    return Stock(engine, small_disk, size=MIB)


def guard(stock: Stock) -> DiskGuard:
    return DiskGuard(stock.engine, stock.folder, RESERVE, KEPT_DAYS)


def fill(stock: Stock, free: int) -> Path:
    """Something else takes the disk but for so much."""
    file = stock.folder / "something else"
    with file.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, max(1, free_bytes(stock.folder) - free))
    return file


def test_with_room_nothing_is_deleted(stock: Stock) -> None:
    old = stock.record(FIRST, 5)
    assert guard(stock).tick(NOW)
    assert stock.files() == stock.rows() == paths_of(old)


def test_the_oldest_beyond_its_days_goes_first_and_no_more_than_is_needed(stock: Stock) -> None:
    other = stock.add_camera("近景")
    oldest = stock.record(FIRST + HOUR, 3, camera_id=other)
    old = stock.record(FIRST + 2 * HOUR, 5)
    promised = stock.record(NOW - HOUR, 5)
    fill(stock, free=0)
    assert guard(stock).tick(NOW)
    assert RESERVE <= free_bytes(stock.folder) < RESERVE + 2 * MIB
    left = [path for path in paths_of([*oldest, *old]) if path in stock.files()]
    assert left == paths_of(old[1:])
    assert set(paths_of(promised)) <= set(stock.files())
    assert stock.rows() == stock.files()
    told = stock.gaps(FIRST, old[0].ended_at)
    assert [(gap.start, gap.end, gap.cause) for gap in told] == [(FIRST, old[0].ended_at, GapCause.PLANNED)]


def test_held_and_promised_footage_stays_recording_stops_and_goes_on_by_itself(stock: Stock) -> None:
    held = stock.record(FIRST, 6)
    stock.hold(FIRST + MINUTE / 2, FIRST + 5 * MINUTE + MINUTE / 2)
    promised = stock.record(NOW - DAY, 6)
    filling = fill(stock, free=MIB // 2)
    watching = guard(stock)
    assert not watching.tick(NOW)
    why = watching.obstacle(NOW + MINUTE)
    assert why is not None
    assert why[0] is GapCause.DISK
    assert "已满" in why[1]
    assert stock.files() == stock.rows() == paths_of([*held, *promised])
    filling.unlink()
    assert watching.obstacle(NOW + 2 * MINUTE) is None
    assert stock.files() == paths_of([*held, *promised])


def test_what_is_released_makes_room(stock: Stock) -> None:
    held = stock.record(FIRST, 6)
    hold_id = stock.hold(FIRST, FIRST + HOUR)
    fill(stock, free=MIB // 2)
    watching = guard(stock)
    assert not watching.tick(NOW)
    stock.release(hold_id)
    assert not watching.tick(NOW + timedelta(seconds=2)), "it looks for something to delete now and then"
    assert watching.tick(NOW + timedelta(seconds=12))
    assert set(stock.files()) < set(paths_of(held))


def test_a_clock_set_ahead_deletes_nothing(stock: Stock) -> None:
    young = stock.record(FIRST, 6)
    fill(stock, free=MIB // 2)
    watching = DiskGuard(stock.engine, stock.folder, RESERVE, KEPT_DAYS, by=lambda now: min(now, FIRST + DAY))
    assert not watching.tick(NOW + 100 * DAY)
    assert stock.files() == paths_of(young)


def test_recording_does_not_stop_and_go_on_at_every_look(stock: Stock) -> None:
    stock.record(NOW - DAY, 2)
    filling = fill(stock, free=RESERVE - MIB)
    watching = guard(stock)
    assert not watching.tick(NOW)
    filling.unlink()
    filling = fill(stock, free=RESERVE + 1)
    assert not watching.tick(NOW + MINUTE), "just above the reserve is not enough to begin again"
    filling.unlink()
    assert watching.tick(NOW + 2 * MINUTE)
