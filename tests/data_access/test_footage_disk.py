"""The forecast goes by what each enabled camera takes, what goes each day, and what is held."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from data_access import cameras
from data_access.engine import transaction
from data_access.footage_disk import DiskUse, disk_use
from data_access.models import Camera, FootageDay, FootageSegment
from domain.vocabulary import RecordingPolicy
from tests.media.kept_footage import DAY, MINUTE, Stock

NOW = datetime(2024, 5, 1, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIZE = 1_000_000


@pytest.fixture
def stock(engine: Engine, tmp_path: Path) -> Stock:
    return Stock(engine, tmp_path, size=SIZE)


def forecast(stock: Stock, kept_days: int = 30) -> DiskUse:
    with transaction(stock.engine) as session:
        return disk_use(session, NOW, kept_days)


def test_a_day_is_what_each_enabled_camera_recorded_lately(stock: Stock) -> None:
    other = stock.add_camera("近景")
    stock.record(NOW - HOUR, 2)
    stock.record(NOW - HOUR, 9, camera_id=other)
    with transaction(stock.engine) as session:
        cameras.switch(session, other, enabled=False)
    use = forecast(stock)
    assert use.daily == pytest.approx(SIZE * 24 * 60)
    # Nothing goes before today's footage does: then as much goes as comes.
    assert use.expiring == (0.0,) * 30
    assert use.days_left(use.daily * 5) == pytest.approx(5)
    assert use.days_left(use.daily * 31) is None


def test_footage_of_a_day_goes_with_its_day_and_held_footage_never(stock: Stock) -> None:
    stock.record(NOW - HOUR, 2)
    old = stock.record(NOW - 28 * DAY, 4)
    assert forecast(stock).expiring[:4] == (0.0, 0.0, 4 * SIZE, 0.0)
    stock.hold(old[1].started_at, old[1].started_at + MINUTE / 2)
    stock.hold(old[1].ended_at - MINUTE / 4, old[2].ended_at - MINUTE / 2)
    use = forecast(stock)
    assert use.expiring[:4] == (0.0, 0.0, 2 * SIZE, 0.0)
    assert use.held == 2 * SIZE


def test_whole_sealed_days_are_not_summed_up_again(stock: Stock) -> None:
    stock.record(NOW - HOUR, 1)
    stock.record(NOW - 28 * DAY, 2)
    day = (NOW - 28 * DAY).date()
    with transaction(stock.engine) as session:
        session.add(
            FootageDay(
                camera_id=stock.camera_id,
                day=day,
                segments=2,
                size=77,
                chain_sha256=b"",
                signature=b"",
                sealed_at=NOW,
            )
        )
    assert forecast(stock).expiring[2] == 77
    with transaction(stock.engine) as session:
        session.execute(update(FootageDay).values(expired_at=NOW))
    assert forecast(stock).expiring[2] == 2 * SIZE, "a part of it may be gone"


def test_a_camera_that_is_kept_for_less_makes_room_while_the_other_still_grows(stock: Stock) -> None:
    shorter = stock.add_camera("近景")
    for camera_id in stock.camera_ids:
        stock.record(NOW - HOUR, 2, camera_id=camera_id)
    with transaction(stock.engine) as session:
        session.execute(update(Camera).where(Camera.id == shorter).values(online_days=3))
    use = forecast(stock)
    assert use.expiring == (0.0,) * 3 + (SIZE * 24 * 60,) * 27


def test_a_camera_for_sessions_only_counts_by_its_week(stock: Stock) -> None:
    stock.record(NOW - HOUR, 2)
    stock.record(NOW - 3 * DAY, 5)
    with transaction(stock.engine) as session:
        session.execute(update(Camera).values(recording_policy=RecordingPolicy.SESSIONS))
    assert forecast(stock).daily == pytest.approx(SIZE)


def test_demo_footage_is_no_measure(stock: Stock) -> None:
    stock.record(NOW - HOUR, 2)
    with transaction(stock.engine) as session:
        session.execute(update(FootageSegment).values(path="demo-1/a.mp4"))
    assert forecast(stock).daily == 0
    assert forecast(stock).days_left(5) is None
