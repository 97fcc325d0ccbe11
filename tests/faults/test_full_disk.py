"""A small disk that fills up while a camera is recorded and footage is held."""

import errno
import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access import accounts, cameras, footage, footage_holds
from data_access.cameras import StatusRow
from data_access.engine import transaction
from data_access.footage import Segment
from domain.vocabulary import AlertKind, GapCause, Role
from media.alert_rules import judge
from media.alerter import Alerter
from media.segment_file import DiskFailed, SegmentFile
from tests.faults.recorded import bulky_footage
from tests.faults.scene import FRAME, GOP, ON_THE_WAY, Scene, scene
from tests.faults.truth import LONG_AGO, account_of, assert_true_to_its_clock
from tests.installation import until

DISK = 24_000_000  # bytes
RESERVE = 4_000_000
_SOON = 40.0  # seconds
_LEFT = 80_000  # bytes above the reserve: some seconds of recording


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A tmpfs; the test is left out where none may be mounted."""
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass
class Ballast:
    """A file of somebody else's that leaves so much of the disk free."""

    file: Path

    def leave(self, free: int) -> None:
        self.file.unlink(missing_ok=True)
        with self.file.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, shutil.disk_usage(self.file.parent).free - free)

    def go(self) -> None:
        self.file.unlink()


def old_footage(made: Scene) -> tuple[list[Segment], list[Segment]]:
    """Years old, of a camera that is no longer in service: the first half is held, the rest nobody needs."""
    segments = bulky_footage(made.engine, made.folder, megabytes=12)
    held, free = segments[: len(segments) // 2], segments[len(segments) // 2 :]
    with transaction(made.engine) as session:
        now = datetime.now(UTC)
        account = accounts.add(session, "wang", "correct-horse", Role.INSPECTOR, now=now)
        cameras.switch(session, segments[0].camera_id, enabled=False)
        footage_holds.hold(
            session,
            camera_id=segments[0].camera_id,
            start=held[0].started_at,
            end=held[-1].ended_at,
            reason="投诉",
            case_no="T-1",
            made_by=account.id,
            at=now,
        )
    return held, free


def status_of(engine: Engine, camera_id: int) -> StatusRow | None:
    with transaction(engine) as session:
        return cameras.statuses(session).get(camera_id)


def recording(made: Scene, camera_id: int) -> bool:
    status = status_of(made.engine, camera_id)
    return status is not None and status.recording


def stopped_by_the_disk(made: Scene, camera_id: int) -> bool:
    status = status_of(made.engine, camera_id)
    return status is not None and not status.recording and "磁盘" in status.message


def alarmed(made: Scene, camera_id: int) -> bool:
    alerter = Alerter(made.engine, footage_folder=made.folder, kept_days=30, disk_limit=3)
    with transaction(made.engine) as session:
        found = list(judge(alerter._facts(session, datetime.now(UTC))))
    return any(
        one.wrong and one.subject.kind is AlertKind.RECORDING_BEHIND and one.subject.camera_id == camera_id
        for one in found
    )


def test_a_disk_without_room_for_the_header_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried again every few seconds for as long as the disk is full."""
    held = len(list(Path("/proc/self/fd").iterdir()))

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(20):
        with pytest.raises(DiskFailed, match="空间"):
            SegmentFile(tmp_path, "1", LONG_AGO, b"header")
    monkeypatch.undo()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(list(Path("/proc/self/fd").iterdir())) < held + 10


@pytest.mark.rtsp
@pytest.mark.parametrize("reserve", [RESERVE, 0], ids=["down-to-the-reserve", "to-the-last-byte"])
def test_a_full_disk_stops_the_recording_touches_nothing_held_and_goes_on_when_there_is_room(
    database_url: str, tmp_path: Path, reserve: int
) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        scene(
            tmp_path,
            database_url,
            count=1,
            MINGJING_FOOTAGE=str(disk / "footage"),
            MINGJING_RESERVE_GB=str(reserve / 1e9),
        ) as made,
    ):
        (camera_id,) = made.cameras.values()
        held, free = old_footage(made)
        digests = {each.path: hashlib.sha256((made.folder / each.path).read_bytes()) for each in held}
        ballast = Ballast(disk / "ballast")
        made.start_recorder()
        made.await_footage(since=1.0)
        until(lambda: recording(made, camera_id), _SOON, "the recording is told")
        ballast.leave(reserve + random.Random(reserve).randrange(_LEFT // 2, _LEFT))
        until(lambda: stopped_by_the_disk(made, camera_id), _SOON, "the recording has stopped")
        until(lambda: alarmed(made, camera_id), _SOON, "somebody is told")
        assert shutil.disk_usage(disk).free >= reserve // 2
        full_at = datetime.now(UTC).timestamp()
        ballast.go()
        made.await_footage(since=full_at)
        made.stop_recorders()

        account = account_of(made.engine, made.folder, camera_id)
        assert_true_to_its_clock(account, FRAME)
        gap = account.gap_after(full_at)
        assert gap.cause is GapCause.DISK
        assert len(account.runs) >= 2
        stopped = [picture.drawn for picture in account.pictures if picture.drawn < gap.start.timestamp() + 1]
        assert gap.start.timestamp() - max(stopped) < GOP + ON_THE_WAY
        with transaction(made.engine) as session:
            left = footage.segments_between(session, held[0].camera_id, LONG_AGO, datetime.now(UTC))
        assert [each.path for each in left] == [each.path for each in held], "what is held, and only that"
        for path, digest in digests.items():
            assert hashlib.sha256((made.folder / path).read_bytes()).digest() == digest.digest()
        assert not [each.path for each in free if (made.folder / each.path).exists()]
