"""The footage route: who may watch, which bytes come back, and what is noted about it."""

import io
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import av
import httpx2
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_gzip_middleware import SelectiveGZipMiddleware

from dashboard import footage_routes
from dashboard.access import Viewer
from data_access.models import AuditEntry
from domain.vocabulary import Role
from media import virtual_mp4
from tests.dashboard.footage_archive import NINE, OPENING, Archive, archive

RANGE = {"from": "2025-11-20T09:00:01", "to": "2025-11-20T09:00:21"}

Get = Callable[..., httpx2.Response]


class SignedInAs:
    """Middleware in place of the sign-in: the role stands in a header."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            role = Role(dict(scope["headers"]).get(b"x-role", b"inspector").decode())
            scope.setdefault("state", {})["viewer"] = Viewer(7, "wang", "王", role)
        await self.app(scope, receive, send)


@pytest.fixture
def stock(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    with archive(engine, tmp_path, monkeypatch) as made:
        monkeypatch.setattr(footage_routes, "_noted", type(footage_routes._noted)())
        yield made


@pytest.fixture
def client(stock: Archive) -> Iterator[TestClient]:
    app = Starlette(
        routes=footage_routes.routes,
        middleware=[Middleware(SignedInAs), Middleware(SelectiveGZipMiddleware)],
    )
    with TestClient(app) as made:
        yield made


@pytest.fixture
def get(client: TestClient, stock: Archive) -> Get:
    def ask(
        method: str = "GET", camera: int | None = None, headers: dict[str, str] | None = None, **query: str
    ) -> httpx2.Response:
        path = f"/footage/video/{camera or stock.opening}.mp4"
        return client.request(method, path, params={**RANGE, **query}, headers=headers or {})

    return ask


def notes(stock: Archive) -> list[AuditEntry]:
    with Session(stock.engine) as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_the_whole_range_is_one_playable_file(get: Get) -> None:
    answer = get()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["footage-starts-at"] == "2025-11-20T01:00:01.000000+00:00"
    assert answer.headers["footage-ends-at"] == "2025-11-20T01:00:21.000000+00:00"
    assert answer.headers["footage-complete"] == "yes"
    with av.open(io.BytesIO(answer.content), "r") as container:
        assert sum(1 for _ in container.decode(video=0)) == (7 + 3) * 25


def test_head_tells_the_same_and_sends_nothing(get: Get, stock: Archive) -> None:
    head, whole = get("HEAD"), get()
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "etag", "footage-starts-at", "content-type"):
        assert head.headers[name] == whole.headers[name]
    assert [note.action for note in notes(stock)] == ["play_footage"]  # that of the GET


def test_any_range_of_bytes_is_that_part_of_the_whole(get: Get) -> None:
    whole = get().content
    size, chance = len(whole), random.Random(3)
    edges = [0, 0, size - 1, size - 1, *(chance.randrange(size) for _ in range(20))]
    for _ in range(20):
        start, last = sorted(chance.sample(edges, 2))
        answer = get(headers={"range": f"bytes={start}-{last}"})
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {start}-{last}/{size}"
        assert answer.content == whole[start : last + 1]


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=100-", 100, None), ("bytes=-100", -100, None), ("bytes=5-99999999999", 5, None)],
)
def test_open_ranges_end_with_the_file(get: Get, header: str, start: int, end: int | None) -> None:
    whole = get().content
    answer = get(headers={"range": header})
    assert answer.status_code == 206
    assert answer.content == whole[start:end]


@pytest.mark.parametrize("header", ["bytes=0-1,5-6", "bytes=9-5", "lines=1-2", "bytes=-", "bytes=a-b", "x"])
def test_a_range_header_that_makes_no_sense_gets_the_whole_file(get: Get, header: str) -> None:
    assert get(headers={"range": header}).status_code == 200


@pytest.mark.parametrize("header", ["bytes=99999999-", "bytes=-0"])
def test_bytes_outside_the_file_are_refused_with_its_size(get: Get, header: str) -> None:
    answer = get(headers={"range": header})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{get('HEAD').headers['content-length']}"


def test_a_known_etag_is_not_sent_again_and_a_changed_file_is_sent_whole(get: Get) -> None:
    etag = get("HEAD").headers["etag"]
    assert get(headers={"if-none-match": etag}).status_code == 304
    part = {"range": "bytes=5-9"}
    assert get(headers={**part, "if-range": etag}).status_code == 206
    for other in ('"other"', "Thu, 20 Nov 2025 01:00:00 GMT"):
        assert get(headers={**part, "if-range": other}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=100-900000"}])
def test_video_is_never_compressed(get: Get, headers: dict[str, str]) -> None:
    answer = get(headers={"accept-encoding": "gzip", **headers})
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2025-11-20T09:00:01+08:00", "to": "2025-11-20T09:00:21+08:00"},
        {"from": "2025-11-20T01:00:01Z", "to": "2025-11-20T01:00:21Z"},
        {"from": "2025-11-20T09:00:01 08:00", "to": "2025-11-20 09:00:21"},  # "+" that became a space
    ],
)
def test_times_have_an_offset_or_are_those_of_shanghai(get: Get, query: dict[str, str]) -> None:
    assert get("HEAD", **query).headers["etag"] == get("HEAD").headers["etag"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"from": ""}, "缺少"),
        ({"from": "yesterday"}, "yesterday"),
        ({"to": "2025-11-20T09:00:01"}, "晚于"),
        ({"to": "2025-11-20T08:00:00"}, "晚于"),
        ({"to": "2025-11-21T09:00:02"}, "24"),
        ({"from": "0001-01-01T00:00:00"}, "0001"),
    ],
)
def test_a_wrong_range_is_explained_in_both_languages(get: Get, query: dict[str, str], reason: str) -> None:
    answer = get(**query)
    assert answer.status_code == 400
    assert reason in answer.text
    assert " / " in answer.text


def test_restricted_rooms_are_for_inspectors_only(get: Get, stock: Archive) -> None:
    for role, status in (("inspector", 200), ("supervisor", 403), ("administrator", 403)):
        assert get(camera=stock.evaluation, headers={"x-role": role}).status_code == status
    assert get(headers={"x-role": "supervisor"}).status_code == 200


def test_nothing_recorded_and_unknown_cameras_are_not_found(get: Get) -> None:
    nothing = get(**{"from": "2025-11-20T09:00:09", "to": "2025-11-20T09:00:17"})
    assert nothing.status_code == 404
    assert "没有录像" in nothing.text
    assert get(camera=4711).status_code == 404
    assert get(camera=1 << 40).status_code == 404


def test_a_missing_file_is_named_before_the_first_byte(get: Get, stock: Archive) -> None:
    assert get("HEAD").status_code == 200  # now its front is held in memory
    (stock.folder / stock.segments[0].path).unlink()
    answer = get(headers={"range": "bytes=30000-"})
    assert answer.status_code == 410
    assert Path(stock.segments[0].path).name in answer.text
    assert notes(stock) == []


def test_a_download_has_the_camera_and_the_times_in_its_name(get: Get) -> None:
    answer = get(download="1")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="footage_20251120-090001_20251120-090021.mp4"')
    assert unquote(disposition.split("UTF-8''")[1]) == f"{OPENING}_20251120-090001_20251120-090021.mp4"
    assert answer.content == get().content


def test_playing_and_exporting_are_noted_with_camera_range_and_person(get: Get, stock: Archive) -> None:
    get(headers={"range": "bytes=0-"})
    get(headers={"range": "bytes=5000-"})
    get(download="1")
    assert [(note.actor, note.action, note.subject) for note in notes(stock)] == [
        ("wang", "play_footage", OPENING),
        ("wang", "export_footage", OPENING),
    ]
    assert notes(stock)[1].detail == {
        "camera_id": stock.opening,
        "from": "2025-11-20T09:00:01+08:00",
        "to": "2025-11-20T09:00:21+08:00",
    }


def test_leaving_out_the_first_byte_does_not_leave_out_the_note(get: Get, stock: Archive) -> None:
    get(download="1", headers={"range": "bytes=1-"})
    assert [note.action for note in notes(stock)] == ["export_footage"]


def test_a_front_is_made_once_for_many_requests(get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard import virtual_files

    built: list[str] = []

    def counting(*args: object) -> virtual_mp4.VirtualFile:
        built.append("once")
        return virtual_mp4.build(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(virtual_files, "build", counting)
    for start in (0, 10, 20):
        assert get(headers={"range": f"bytes={start}-{start + 5}"}).status_code == 206
    assert built == ["once"]


def test_a_range_that_reaches_past_the_last_closed_segment_ends_with_it(get: Get) -> None:
    answer = get(to=(NINE + timedelta(hours=5)).isoformat())
    assert answer.headers["footage-ends-at"] == "2025-11-20T01:00:22.000000+00:00"
