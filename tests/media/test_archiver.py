"""Whole sessions are copied to other storage, read back, and tried again until they are there."""

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import Engine, Select, select

from data_access import footage_archive
from data_access.engine import transaction
from data_access.footage_archive import ArchiveState
from data_access.models import AuditEntry, FootageArchive, FootageSegment, TradingSession
from domain.vocabulary import SessionStatus, SessionType
from media.archive_storage import MARKER, FolderStorage, Storage
from media.archiver import MANIFEST, Archiver, storage_at
from tests.media.kept_footage import DAY, FIRST, MINUTE, Stock

HOUR = timedelta(hours=1)
BEGUN = FIRST + 2 * HOUR  # 10:00 in Shanghai
ENDED = BEGUN + 4 * MINUTE
AFTER = ENDED + HOUR


class Clock:
    """Seconds that the test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stock(engine: Engine, tmp_path: Path) -> Stock:
    """A session of four minutes, recorded by two cameras from an hour before to an hour after."""
    made = Stock(engine, tmp_path / "footage", size=1000)
    made.add_camera("近景")
    for camera_id in made.camera_ids:
        made.record(BEGUN - HOUR, 12, camera_id=camera_id, length=timedelta(minutes=10))
        with transaction(engine) as session:
            for row in session.scalars(select_segments(camera_id)):
                content = row.path.encode() * 20
                (made.folder / row.path).write_bytes(content)
                row.sha256, row.size = hashlib.sha256(content).digest(), len(content)
    add_session(made, "KB/2024-001", SessionType.OPENING)
    return made


def select_segments(camera_id: int) -> Select[FootageSegment]:
    return select(FootageSegment).where(FootageSegment.camera_id == camera_id)


def add_session(
    stock: Stock,
    code: str,
    kind: SessionType,
    status: SessionStatus = SessionStatus.DONE,
    begun: datetime = BEGUN,
) -> None:
    with transaction(stock.engine) as session:
        session.add(
            TradingSession(
                source_system="test",
                source_key=code,
                code=code,
                type=kind,
                room_id=stock.room_id,
                planned_start=begun,
                actual_start=begun,
                actual_end=begun + (ENDED - BEGUN),
                status=status,
            )
        )


def archiver(stock: Stock, storage: Storage, clock: Clock | None = None, now: datetime = AFTER) -> Archiver:
    return Archiver(stock.engine, stock.folder, storage, 15, clock=clock or Clock(), now=lambda: now)


def state(stock: Stock, storage: Storage) -> ArchiveState:
    with transaction(stock.engine) as session:
        return footage_archive.state(session, storage.target, AFTER)


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "folder":
        (tmp_path / "archive").mkdir()
        yield storage_at(str(tmp_path / "archive"), "", "")
        return
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name="us-east-1",
    )
    bucket = uuid4().hex  # the server's buckets outlive it
    client.create_bucket(Bucket=bucket)
    yield storage_at(f"s3://{bucket}/centre/one?endpoint={endpoint}&region=us-east-1", "key", "secret")
    server.stop()


def bytes_in(storage: Storage, name: str) -> bytes:
    return b"".join(storage.read(name))


def test_every_camera_of_a_finished_session_is_copied_with_a_manifest_and_read_back(
    stock: Stock, storage: Storage
) -> None:
    add_session(stock, "CQ-1", SessionType.EXPERT_DRAW)
    add_session(stock, "KB-2", SessionType.OPENING, SessionStatus.OPEN)
    assert state(stock, storage).waiting == 2
    working = archiver(stock, storage)
    assert working.work()
    assert working.work()
    assert not working.work()
    with transaction(stock.engine) as session:
        first, second = session.scalars(select(FootageArchive).order_by(FootageArchive.camera_id)).all()
        notes = session.scalars(select(AuditEntry.action)).all()
    assert notes == ["archive_footage"] * 2
    assert (first.status, second.status) == ("verified", "verified")
    assert first.keep_until == date(2039, 3, 1)
    assert first.folder.startswith("sessions/2024/")
    assert "KB_2024-001" in first.folder
    assert (first.started_at, first.ended_at) == (BEGUN - 15 * MINUTE, ENDED + 15 * MINUTE)
    manifest = bytes_in(storage, f"{first.folder}/{MANIFEST}")
    assert hashlib.sha256(manifest).digest() == first.manifest_sha256
    listed = json.loads(manifest)["segments"]
    assert len(listed) == first.segments == 4, "what overlaps the 34 minutes by any bit"
    for each in listed:
        content = bytes_in(storage, f"{first.folder}/{each['file']}")
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        assert len(content) == each["bytes"]
    told = state(stock, storage)
    assert (told.waiting, told.verified, told.failed, told.error) == (0, 2, 0, "")
    assert told.size == first.size + second.size


def test_a_session_is_copied_only_when_its_last_segment_is_there(stock: Stock, storage: Storage) -> None:
    assert not archiver(stock, storage, now=ENDED + 29 * MINUTE).work()
    assert archiver(stock, storage, now=ENDED + 30 * MINUTE).work()


def test_a_copy_that_reads_back_differently_is_an_error_and_made_anew(
    stock: Stock, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    working = archiver(stock, storage, clock)
    put = type(storage).put

    def damage(self: Storage, name: str, source: IO[bytes]) -> None:
        content = source.read()
        put(
            self,
            name,
            io.BytesIO(bytes([content[0] ^ 1]) + content[1:] if name.endswith(".mp4") else content),
        )

    with monkeypatch.context() as patched:
        patched.setattr(type(storage), "put", damage)
        working.work()
    told = state(stock, storage)
    assert (told.failed, told.verified) == (1, 0)
    assert "回读与原件不符" in told.error
    working.work()  # the other camera; the failed one waits
    assert state(stock, storage).verified == 1
    assert not working.work()
    for _ in range(8):  # one damaged file after the other is found, deleted and written anew
        clock.seconds += 3600
        working.work()
    told = state(stock, storage)
    assert told.verified == 2
    assert (told.failed, told.error) == (0, "")


def test_a_changed_source_is_never_archived(stock: Stock, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    storage = FolderStorage(tmp_path / "archive")
    for file in stock.folder.rglob("*.mp4"):
        file.write_bytes(b"x" + file.read_bytes()[1:])
    archiver(stock, storage).work()
    assert "与记录不符" in state(stock, storage).error
    assert list((tmp_path / "archive").rglob("*.mp4")) == []


def test_a_storage_that_is_away_is_asked_less_and_less_often(stock: Stock, tmp_path: Path) -> None:
    storage, clock = FolderStorage(tmp_path / "archive"), Clock()
    working = archiver(stock, storage, clock)
    tries = []
    for _ in range(200):
        if working.work():
            tries.append(clock.seconds)
        clock.seconds += 10
    assert tries == [0, 30, 90, 210, 450, 930, 1890]
    assert "不存在" in state(stock, storage).error
    (tmp_path / "archive").mkdir()
    clock.seconds += 3600
    assert working.work()
    assert working.work()
    assert state(stock, storage).verified == 2


def test_an_archive_disk_that_is_not_mounted_is_refused(stock: Stock, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    storage = FolderStorage(tmp_path / "archive")
    archiver(stock, storage).work()
    (tmp_path / "archive" / MARKER).unlink()
    archiver(stock, storage).work()
    told = state(stock, storage)
    assert (told.verified, told.failed) == (1, 1)
    assert "未挂载" in told.error


def test_a_killed_copy_is_taken_up_where_it_was(
    stock: Stock, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    put = type(storage).put

    def note(self: Storage, name: str, source: IO[bytes]) -> None:
        written.append(name)
        put(self, name, source)

    def break_off(self: Storage, name: str, source: IO[bytes]) -> None:
        if len(written) == 3:
            raise KeyboardInterrupt
        note(self, name, source)

    with monkeypatch.context() as patched:
        patched.setattr(type(storage), "put", break_off)
        with pytest.raises(KeyboardInterrupt):
            archiver(stock, storage).work()
        assert state(stock, storage).copying == 1
    written.clear()
    monkeypatch.setattr(type(storage), "put", note)
    archiver(stock, storage).work()
    assert len([name for name in written if name.endswith(".mp4")]) == 1, "three were there already"
    assert state(stock, storage).verified == 1


def test_footage_that_never_was_is_not_waited_for(stock: Stock, storage: Storage) -> None:
    add_session(stock, "KB-3", SessionType.OPENING, begun=BEGUN + DAY)
    working = archiver(stock, storage, now=AFTER + 2 * DAY)
    assert working.work()
    assert working.work()
    assert not working.work()
