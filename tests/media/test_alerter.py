"""The alerter on a real database: what it sees opens and clears alerts, over restarts and beside another."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from data_access import alerts, cameras, footage, workers
from data_access.alerts import AlertRow
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.models import FootageSegment
from domain.vocabulary import AlertKind
from media.alerter import Alerter
from tests.installation import until
from tests.media.camera_clip import Clock, install_camera
from tests.media.webhook import webhook

ENOUGH = 10**15  # bytes


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.now(UTC).timestamp())


def alerter(engine: Engine, clock: Clock, folder: Path, free: int = ENOUGH) -> Alerter:
    return Alerter(
        engine,
        footage_folder=folder,
        kept_days=30,
        disk_limit=3,
        now=lambda: datetime.fromtimestamp(clock(), UTC),
        free=lambda _folder: free,
    )


def report(engine: Engine, clock: Clock, camera_id: int, *, frames: bool) -> None:
    """What the recorder says at this moment."""
    now = datetime.fromtimestamp(clock(), UTC)
    with transaction(engine) as session:
        workers.beat(session, "recorder", now)
        cameras.report_status(
            session,
            camera_id,
            recording=frames,
            last_frame_at=now if frames else None,
            message="" if frames else "无应答 / no answer",
            at=now,
        )


def open_kinds(engine: Engine) -> list[AlertKind]:
    with transaction(engine) as session:
        return [alert.subject.kind for alert in alerts.open_alerts(session)]


def all_alerts(engine: Engine) -> list[AlertRow]:
    with transaction(engine) as session:
        over = alerts.cleared_since(session, datetime.now(UTC) - timedelta(days=1))
        return [*alerts.open_alerts(session), *over]


def test_a_camera_is_lost_and_found_once_for_two_alerters_and_a_restarted_one(
    engine: Engine, clock: Clock, tmp_path: Path
) -> None:
    camera_id = install_camera(engine, "rtsp://admin:sesame@camera/1").id
    watching = [alerter(engine, clock, tmp_path), alerter(engine, clock, tmp_path)]

    def pass_time(seconds: float, *, frames: bool) -> None:
        for _ in range(int(seconds // 4)):
            clock.now += 4
            report(engine, clock, camera_id, frames=frames)
            for one in watching:
                one.tick()

    pass_time(20, frames=True)
    assert all_alerts(engine) == []
    lost_at = clock.now
    pass_time(20, frames=False)
    assert open_kinds(engine) == [AlertKind.CAMERA_LOST]
    watching[:] = [alerter(engine, clock, tmp_path)]
    pass_time(40, frames=False)
    pass_time(20, frames=True)
    (alert,) = all_alerts(engine)
    assert alert.began_at.timestamp() == pytest.approx(lost_at)
    assert alert.cleared_at is not None
    assert alert.cleared_at.timestamp() == pytest.approx(lost_at + 64)
    assert "sesame" not in alert.message_zh + alert.message_en


def record(engine: Engine, camera_id: int, ended_ago: timedelta, size: int, path: str = "7/a.mp4") -> None:
    """A minute of footage."""
    end = datetime.now(UTC) - ended_ago
    start = end - timedelta(minutes=1)
    with transaction(engine) as session:
        footage.make_days(session, start)
    with transaction(engine) as session:
        run = footage.begin_run(session, camera_id, start)
        footage.publish(session, Segment(camera_id, start, end, run, path, size, b"", b"", b""))


@contextmanager
def alerter_process(database_url: str, home: Path, urls: str) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m media.alerter` that wants a year of disk."""
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "MINGJING_HOME": str(home),
        "MINGJING_ALERT_URLS": urls,
        "MINGJING_DISK_DAYS": "365",
        "MINGJING_ONLINE_DAYS": "3650",
    }
    process = subprocess.Popen([sys.executable, "-m", "media.alerter"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_and_restarted_alerter_tells_the_beginning_and_the_end_once(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    camera_id = install_camera(engine, "rtsp://camera/1").id
    record(engine, camera_id, timedelta(minutes=5), 2**31 - 1)
    with webhook() as hook:
        hook.failures = 1
        with alerter_process(database_url, tmp_path, hook.url) as process:
            until(lambda: hook.titles() == ["【明镜告警】磁盘余量不足"], 30, "the beginning is told")
            until(lambda: all_alerts(engine)[-1].began_told_at, 10, "and written down")
            process.kill()
            process.wait()
        with transaction(engine) as session:
            session.execute(update(FootageSegment).values(size=1))
        with alerter_process(database_url, tmp_path, hook.url) as process:
            until(lambda: "【明镜恢复】磁盘余量不足" in hook.titles(), 40, "the end is told")
            until(lambda: [each for each in all_alerts(engine) if each.cleared_told_at], 10, "written down")
            process.terminate()
            assert process.wait(15) == 0
    about_disk = [title for title in hook.titles() if "磁盘" in title]
    assert about_disk == ["【明镜告警】磁盘余量不足", "【明镜恢复】磁盘余量不足"]
    with transaction(engine) as session:
        seen = alerts.seen_at(session, "alerter")
    assert seen is not None
    assert datetime.now(UTC) - seen < timedelta(seconds=30)
