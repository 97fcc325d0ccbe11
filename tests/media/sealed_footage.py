"""Footage of several days as the recorder lays it down, files and rows, for integrity tests."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from data_access import cameras
from data_access.engine import engine as configured_engine
from data_access.engine import transaction
from data_access.settings import settings
from domain.vocabulary import RoomType
from media.footage_folder import claim
from media.fragmented_mp4 import scan
from media.integrity import CheckReport, Scope, check
from media.publisher import Publisher
from media.sealing import seal_days
from media.segment_file import ClosedFile, path_of
from tests.media.made_footage import make_segment

DAY = timedelta(days=1)
FIRST = datetime(2025, 11, 20, 23, 59, 57, tzinfo=UTC)  # its segments reach over midnight
NOW = FIRST + 3 * DAY
LENGTH = 1.0  # seconds of a segment


@cache
def content(number: int) -> bytes:
    """A segment's bytes; each number has its own."""
    with TemporaryDirectory() as folder:
        made = make_segment(
            Path(folder), FIRST + timedelta(seconds=number), LENGTH, frame_rate=10, size=(192, 32), gop=5
        )
        return (Path(folder) / made.path).read_bytes()


@dataclass
class Footage:
    """An installation's footage."""

    engine: Engine
    folder: Path

    def add_camera(self, name: str) -> int:
        """A camera in the opening room; returns its id."""
        with transaction(self.engine) as session:
            room = cameras.add_room(session, f"{name}室", RoomType.BID_OPENING)
            return cameras.add(session, room_id=room.id, name=name, url="demo.ts", at=FIRST - DAY).id

    def record(
        self, camera_id: int, start: datetime, numbers: Sequence[int], *, demo: bool = False
    ) -> list[str]:
        """A run of segments that begins then; returns their paths."""
        publisher = Publisher(self.engine, camera_id)
        run_id = publisher.begin_run(start)
        paths = []
        for place, number in enumerate(numbers):
            closed = self.lay(camera_id, start + timedelta(seconds=place * LENGTH), number, demo=demo)
            publisher.publish(run_id, closed, closed.ends_at)
            paths.append(closed.path)
        return paths

    def lay(self, camera_id: int, start: datetime, number: int, *, demo: bool = False) -> ClosedFile:
        """A segment's file without a row."""
        shelf = f"demo-{camera_id}" if demo else str(camera_id)
        path = path_of(shelf, start)
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(number))
        os.utime(file, (start.timestamp(), start.timestamp()))
        index = scan(file).index()
        return ClosedFile(path, start, len(content(number)), hashlib.sha256(content(number)).digest(), index)

    def seal(self, now: datetime = NOW) -> int:
        """Seals the days that are over."""
        return seal_days(self.engine, self.folder, now)

    def check(self, *, full: bool = True, sample: int = 0, scope: Scope | None = None) -> CheckReport:
        """A check that does not wait."""
        return check(
            self.engine,
            self.folder,
            full=full,
            now=NOW,
            sample=sample,
            scope=scope,
            settle=lambda: None,
        )


@contextmanager
def installed(engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The footage folder of an installation in `home`, claimed for the database."""
    monkeypatch.setenv("MINGJING_HOME", str(home))
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    settings.cache_clear()
    claim(engine, settings().footage_folder)
    yield settings().footage_folder
    configured_engine().dispose()
    settings.cache_clear()
