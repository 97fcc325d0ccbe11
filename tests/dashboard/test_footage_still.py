"""A still picture is the very one that was on, can be proved to be, and leaves a note."""

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import httpx2
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import footage_still
from data_access.models import AuditEntry
from media.demo_scene import read_clock
from tests.dashboard.footage_archive import NINE, OPENING, Archive, archive
from tests.dashboard.test_footage_routes import SignedInAs
from tests.media.made_footage import milliseconds

WIDTH, HEIGHT = 384, 96

Take = Callable[..., httpx2.Response]


@pytest.fixture
def stock(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with archive(engine, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def take(stock: Archive) -> Iterator[Take]:
    app = Starlette(routes=footage_still.routes, middleware=[Middleware(SignedInAs)])
    with TestClient(app) as client:

        def ask(seconds: float | str, camera: int | None = None, role: str = "inspector") -> httpx2.Response:
            at = (NINE + timedelta(seconds=seconds)).isoformat() if isinstance(seconds, float) else seconds
            path = f"/footage/still/{camera or stock.opening}"
            return client.get(path, params={"at": at}, headers={"x-role": role})

        yield ask


def picture(answer: httpx2.Response) -> Image.Image:
    """The picture without the strip below it."""
    whole = Image.open(io.BytesIO(answer.content))
    assert whole.height > HEIGHT + 20
    return whole.crop((0, 0, WIDTH, HEIGHT))


# In both segments, at the very first picture, a hair before the next, between two, and the last of all.
@pytest.mark.parametrize("seconds", [0.0, 0.0399, 0.04, 3.99, 4.0, 5.5, 7.999, 18.0, 21.99])
def test_it_is_the_very_picture_that_was_on(take: Take, seconds: float) -> None:
    answer = take(seconds)
    assert answer.status_code == 200
    taken = milliseconds(datetime.fromisoformat(answer.headers["footage-at"]))
    assert taken == milliseconds(NINE) + int(seconds * 1000) // 40 * 40
    assert read_clock(np.asarray(picture(answer).convert("L"))) == taken


def test_its_checksums_are_those_of_the_picture_and_of_the_file(take: Take) -> None:
    answer = take(2.5)
    assert hashlib.sha256(picture(answer).tobytes()).hexdigest() == answer.headers["footage-picture-sha256"]
    digest = hashlib.sha256(answer.content).digest()
    assert digest.hex() == answer.headers["footage-file-sha256"]
    assert answer.headers["content-digest"] == f"sha-256=:{base64.b64encode(digest).decode()}:"
    again, later = take(2.51), take(2.54)
    assert again.headers["footage-picture-sha256"] == answer.headers["footage-picture-sha256"]
    assert later.headers["footage-picture-sha256"] != answer.headers["footage-picture-sha256"]


def test_its_number_leads_to_the_note_of_who_took_it(take: Take, stock: Archive) -> None:
    answer = take(2.5)
    with Session(stock.engine) as session:
        note = session.scalars(select(AuditEntry)).one()
    assert (note.actor, note.action, note.subject) == ("wang", "take_still", OPENING)
    assert note.id == int(answer.headers["footage-number"])
    assert note.detail == {
        "camera_id": stock.opening,
        "at": "2025-11-20T09:00:02.480000+08:00",
        "picture_sha256": answer.headers["footage-picture-sha256"],
    }


def test_its_file_is_named_after_camera_and_time(take: Take) -> None:
    named = take(2.5).headers["content-disposition"]
    assert unquote(named.split("UTF-8''")[1]) == f"{OPENING}_20251120-090002-480.png"


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (13.0, 404),
        (8.0, 404),
        (-1.0, 404),
        ("", 400),
        ("noon", 400),
        ("0001-01-01T00:00:00+00:00", 400),
        ("9999-12-31T23:59:59.999999+00:00", 400),
    ],
)
def test_where_there_is_no_picture_it_says_so(
    take: Take, stock: Archive, at: float | str, status: int
) -> None:
    answer = take(at)
    assert answer.status_code == status
    assert " / " in answer.text
    with Session(stock.engine) as session:
        assert session.scalars(select(AuditEntry)).all() == []


def test_restricted_rooms_and_unknown_cameras_give_no_picture(take: Take, stock: Archive) -> None:
    assert take(2.5, camera=stock.evaluation).status_code == 200
    assert take(2.5, camera=stock.evaluation, role="supervisor").status_code == 403
    assert take(2.5, camera=4711).status_code == 404
    assert take(2.5, camera=1 << 40).status_code == 404


def test_a_missing_file_is_named(take: Take, stock: Archive) -> None:
    (stock.folder / stock.segments[0].path).unlink()
    answer = take(2.5)
    assert answer.status_code == 410
    assert Path(stock.segments[0].path).name in answer.text


def test_a_moment_without_an_offset_is_that_of_shanghai(take: Take) -> None:
    answer = take("2025-11-20T09:00:02.5")
    assert datetime.fromisoformat(answer.headers["footage-at"]) == datetime(
        2025, 11, 20, 1, 0, 2, 480_000, UTC
    )
