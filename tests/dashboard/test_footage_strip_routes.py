"""The strip and its small pictures by HTTP: who gets what, and what is noted of it."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import footage_looks, footage_strip_routes, footage_thumbs
from data_access import cameras, footage_holds
from data_access.marks import Author
from data_access.models import AuditEntry
from tests.dashboard.footage_archive import NINE, OPENING, Archive, archive
from tests.dashboard.test_footage_routes import SignedInAs
from tests.data_access.a_floor import marked
from tests.data_access.test_marks import account_of
from tests.media.test_thumbnails import clock_in

HOUR = timedelta(hours=1)
DAY = {"from": "2025-11-20T08:30:00", "to": "2025-11-20T09:30:00"}


@pytest.fixture
def stock(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with archive(engine, tmp_path, monkeypatch) as made:
        monkeypatch.setattr(footage_looks, "_noted", type(footage_looks._noted)())
        footage_thumbs.thumbnails.cache_clear()
        yield made


@pytest.fixture
def client(stock: Archive) -> Iterator[TestClient]:
    routes = [*footage_strip_routes.routes, *footage_thumbs.routes]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(SignedInAs)])) as made:
        yield made


def strip(client: TestClient, room: int, role: str = "inspector", **query: str) -> httpx2.Response:
    asked = {"room": str(room), **DAY, **query}
    return client.get("/footage/strip", params=asked, headers={"x-role": role})


def thumb(client: TestClient, camera: int, at: str, role: str = "inspector") -> httpx2.Response:
    return client.get(f"/footage/thumb/{camera}", params={"at": at}, headers={"x-role": role})


def room_of(stock: Archive, camera_id: int) -> int:
    with Session(stock.engine) as session:
        found = cameras.camera_by_id(session, camera_id)
        assert found
        return found.room_id


def marked_and_held(stock: Archive) -> None:
    with Session(stock.engine) as session, session.begin():
        author = Author(account_of(session, "zhang", "张检查"), "zhang")
        camera = cameras.camera_by_id(session, stock.opening)
        assert camera
        at = NINE + timedelta(seconds=3)
        marked(session, camera, at, "无证", author, now=at)
        footage_holds.hold(
            session,
            camera_id=camera.id,
            start=NINE,
            end=NINE + HOUR,
            reason="投诉核查",
            case_no="7号",
            made_by=author.account_id,
            at=at,
        )


def notes(stock: Archive) -> list[str]:
    with Session(stock.engine) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_it_tells_runs_gaps_marks_and_holds_of_the_room(client: TestClient, stock: Archive) -> None:
    marked_and_held(stock)
    told = strip(client, room_of(stock, stock.opening)).json()
    nine = int(NINE.timestamp() * 1e6)
    (lane,) = told["lanes"]
    assert lane["name"] == OPENING
    assert [start for start, _ in lane["runs"]] == [nine, nine + 18_000_000]
    assert ("network", "09:00:08–09:00:18 网络中断") in [(gap["cause"], gap["text"]) for gap in lane["gaps"]]
    (mark,) = told["marks"]
    assert mark["text"] == "09:00:03 · 人员离席 · 无证 · 张检查 标记"
    (held,) = told["holds"]
    assert (held["camera"], held["start"]) == (stock.opening, nine)
    assert held["text"] == "已保全 · 投诉核查 · 7号 · 张检查 于 2025-11-20 09:00 保全"


def test_why_something_is_held_and_marks_are_for_those_who_supervise(
    client: TestClient, stock: Archive
) -> None:
    marked_and_held(stock)
    told = strip(client, room_of(stock, stock.opening), "staff").json()
    assert told["marks"] == []
    assert [held["text"] for held in told["holds"]] == ["已保全"]


def test_restricted_rooms_are_refused(client: TestClient, stock: Archive) -> None:
    room = room_of(stock, stock.evaluation)
    assert strip(client, room).status_code == 200
    for role in ("supervisor", "staff", "administrator"):
        refused = strip(client, room, role)
        assert refused.status_code == 403
        assert "评标" not in refused.text
        assert thumb(client, stock.evaluation, "2025-11-20T09:00:02", role).status_code == 403
    assert strip(client, 4711).status_code == 404


@pytest.mark.parametrize(
    "query", [{"from": ""}, {"from": "x"}, {"to": "2025-11-20T08:00:00"}, {"to": "2035-11-20T08:00:00"}]
)
def test_a_range_that_makes_no_sense_is_refused(
    client: TestClient, stock: Archive, query: dict[str, str]
) -> None:
    refused = strip(client, room_of(stock, stock.opening), **query)
    assert refused.status_code == 400
    assert " / " in refused.text


def test_it_speaks_the_language_that_is_asked_for(client: TestClient, stock: Archive) -> None:
    room = room_of(stock, stock.opening)
    for language, word in (("en", "etwork"), ("xx", "网络中断")):
        gaps = strip(client, room, language=language).json()["lanes"][0]["gaps"]
        assert any(word in gap["text"] for gap in gaps)


def test_looking_over_a_strip_is_noted_once_not_with_every_picture(
    client: TestClient, stock: Archive
) -> None:
    room = room_of(stock, stock.opening)
    for _ in range(3):
        strip(client, room)
        for second in (1, 3, 7):
            thumb(client, stock.opening, f"2025-11-20T09:00:0{second}")
    assert notes(stock) == ["look_up_footage", "browse_footage"]


def test_a_small_picture_shows_the_moment_and_is_asked_for_anew(client: TestClient, stock: Archive) -> None:
    answer = thumb(client, stock.opening, "2025-11-20T09:00:02.5")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert clock_in(answer.content) == NINE + timedelta(seconds=2)
    assert answer.headers["footage-at"] == "2025-11-20T01:00:02.000+00:00"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert Image.open(BytesIO(answer.content)).size == (320, 80)
    again = client.get(
        f"/footage/thumb/{stock.opening}",
        params={"at": "2025-11-20T09:00:02.7"},
        headers={"if-none-match": answer.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("at", "status", "reason"),
    [
        ("2025-11-20T09:00:12", 404, "此处无录像：网络中断"),
        ("2999-01-01T00:00:00", 404, "时间未到"),
        ("", 400, "无法识别"),
        ("2025-11-20T08:00:00", 404, "已到期删除"),
        ("2025-10-01T09:00:00", 404, "未启用"),
    ],
)
def test_where_there_is_no_picture_it_says_why(
    client: TestClient, stock: Archive, at: str, status: int, reason: str
) -> None:
    answer = thumb(client, stock.opening, at)
    assert (answer.status_code, reason in answer.text) == (status, True), answer.text


def test_expired_footage_gives_no_picture_even_when_one_was_made(client: TestClient, stock: Archive) -> None:
    at = "2025-11-20T09:00:02"
    assert thumb(client, stock.opening, at).status_code == 200
    with stock.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM footage_segment")
        connection.exec_driver_sql("DELETE FROM footage_run")
    answer = thumb(client, stock.opening, at)
    assert answer.status_code == 404
    assert "已到期" in answer.text or "此处无录像" in answer.text
