"""A little archive of footage with its database, for tests of what serves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data_access import cameras, footage, footage_gaps
from data_access.engine import engine_for
from data_access.footage import Segment
from data_access.settings import settings
from domain.vocabulary import GapCause, RoomType
from tests.media.made_footage import make_segment, publish

NINE = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
OPENING, EVALUATION = "开标一室-全景", "评标室-全景"
# Seconds after nine: two segments that join, a gap of ten seconds, another.
STRETCHES = [(0, 4), (4, 4), (18, 4)]


@dataclass(frozen=True)
class Archive:
    """What there is."""

    engine: Engine
    folder: Path  # of the footage
    opening: int  # id of the camera in the opening room
    evaluation: int  # id of the one in the evaluation room, which has the same footage
    segments: list[Segment]  # of the opening room


@contextmanager
def archive(engine: Engine, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """Two cameras with footage of 09:00:00-09:00:08 and 09:00:18-09:00:22, a network failure between."""
    monkeypatch.setenv("MINGJING_HOME", str(home))
    url = engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    settings.cache_clear()
    folder = settings().footage_folder
    with Session(engine) as session, session.begin():
        opening = _camera(session, OPENING, RoomType.BID_OPENING)
        evaluation = _camera(session, EVALUATION, RoomType.EVALUATION)
        for camera_id in (opening, evaluation):
            publish(session, [_placed(segment, content, folder, camera_id) for segment, content in _made()])
        begin, end = NINE + timedelta(seconds=8), NINE + timedelta(seconds=18)
        footage_gaps.record_gap(session, opening, begin, end, cause=GapCause.NETWORK)
        segments = footage.segments_between(session, opening, NINE, NINE + timedelta(minutes=1))
    yield Archive(engine, folder, opening, evaluation, segments)
    engine_for(url).dispose()
    settings.cache_clear()


@cache
def _made() -> list[tuple[Segment, bytes]]:
    """The segments and their content, encoded once for all tests."""
    with TemporaryDirectory() as folder:
        made = [
            make_segment(Path(folder), NINE + timedelta(seconds=start), length, sound=True)
            for start, length in STRETCHES
        ]
        return [(segment, (Path(folder) / segment.path).read_bytes()) for segment in made]


def _placed(segment: Segment, content: bytes, folder: Path, camera_id: int) -> Segment:
    file = folder / str(camera_id) / Path(segment.path).name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return replace(segment, camera_id=camera_id, path=str(file.relative_to(folder)))


def _camera(session: Session, name: str, room_type: RoomType) -> int:
    room = cameras.add_room(session, name.partition("-")[0], room_type)
    added = cameras.add(session, room_id=room.id, name=name, url="demo.ts", at=NINE - timedelta(days=1))
    return added.id
