"""A browser camera's stream: for its key, from this machine only; and what its page is told."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import off_site_routes
from dashboard.access import SignedInOnly
from data_access import cameras, off_site
from data_access.cameras import CameraRow
from data_access.models import AuditEntry, Camera
from domain.vocabulary import RoomType
from media.browser_stream import BrowserStream
from tests.dashboard.test_footage_routes import SignedInAs
from tests.event_loop import finished
from tests.media.browser_frames import picture

HERE = ("127.0.0.1", 40_000)
BEGUN = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@pytest.fixture
def camera(engine: Engine, configured: None, monkeypatch: pytest.MonkeyPatch) -> CameraRow:
    monkeypatch.setattr(off_site_routes, "_streams", {})
    monkeypatch.setattr(off_site_routes, "_PATIENCE", 0.2)
    with Session(engine) as session, session.begin():
        return off_site.start(
            session,
            place="镇政府",
            room_type=RoomType.OFF_SITE,
            held_id=None,
            web_url="http://127.0.0.1:8501",
            at=BEGUN,
        )


def path_of(camera: CameraRow) -> str:
    parts = urlsplit(camera.url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def client() -> Iterator[TestClient]:
    """As recorder and gateway come: from this machine, not signed in."""
    app = Starlette(routes=off_site_routes.routes, middleware=[Middleware(SignedInOnly)])
    with TestClient(app, client=HERE) as made:
        yield made


def test_nobody_sends_is_told_as_such(client: TestClient, camera: CameraRow) -> None:
    answer = client.get(path_of(camera))
    assert answer.status_code == 503
    assert "未在发送" in answer.json()["error"]


@pytest.mark.parametrize("query", ["", "?key=", "?key=wrong", "?sender=1"])
def test_without_the_key_there_is_nothing(client: TestClient, camera: CameraRow, query: str) -> None:
    assert client.get(urlsplit(camera.url).path + query).status_code in {401, 403}


def test_the_key_of_another_camera_does_not_open_it(client: TestClient, camera: CameraRow) -> None:
    assert client.get(path_of(camera).replace(f"/{camera.id}.ts", "/999.ts")).status_code == 404


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
def test_nobody_comes_through_a_proxy(client: TestClient, camera: CameraRow, header: str) -> None:
    assert client.get(path_of(camera), headers={header: "127.0.0.1"}).status_code == 401


def test_nobody_comes_from_another_machine(camera: CameraRow) -> None:
    app = Starlette(routes=off_site_routes.routes, middleware=[Middleware(SignedInOnly)])
    with TestClient(app, client=("10.1.2.3", 40_000)) as elsewhere:
        assert elsewhere.get(path_of(camera)).status_code == 401


@pytest.mark.parametrize(
    "path", ["/off-site/1.ts/", "/off-site/1.tsx", "/off-site/x.ts", "/off-site/1/state"]
)
def test_the_key_opens_nothing_else(client: TestClient, path: str) -> None:
    assert client.get(f"{path}?key=abc").status_code == 401


def test_a_network_camera_has_no_such_stream(client: TestClient, engine: Engine, configured: None) -> None:
    with Session(engine) as session, session.begin():
        room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
        fixed = cameras.add(session, room_id=room.id, name="固定", url="rtsp://c/?key=k", at=BEGUN)
    assert client.get(f"/off-site/{fixed.id}.ts?key=k").status_code == 404


def test_a_stopped_camera_gives_nothing(client: TestClient, camera: CameraRow, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        cameras.switch(session, camera.id, enabled=False)
    assert client.get(path_of(camera)).status_code == 503


def test_a_forgotten_camera_is_taken_out_of_service(
    client: TestClient, camera: CameraRow, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BrowserStream, "idle_seconds", 700.0)
    client.get(path_of(camera))
    with Session(engine) as session:
        assert session.scalar(select(Camera.enabled).where(Camera.id == camera.id)) is False
        (entry,) = session.scalars(select(AuditEntry))
    assert (entry.actor, entry.action, entry.subject) == ("web", "off_site_stop", camera.name)


def test_the_stream_goes_to_whoever_has_the_key(camera: CameraRow) -> None:
    """In one event loop, as in the web process: a browser that sends and a client that reads."""

    async def read() -> bytes:
        app = Starlette(routes=off_site_routes.routes, middleware=[Middleware(SignedInOnly)])
        transport = httpx2.ASGITransport(app=app, client=HERE)
        sending = asyncio.create_task(send())
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as http:
            answer = await http.get(path_of(camera))
        await sending
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp2t")
        return answer.content

    async def send() -> None:
        stream = off_site_routes.stream_of(camera.id)
        for number in range(40):
            stream.push("laptop", picture(320, 180, number), sound=False)
            await asyncio.sleep(0.04)
        stream.end()

    data = finished(read())
    assert data[0] == 0x47
    assert len(data) % 188 == 0


@pytest.fixture
def staff() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=off_site_routes.routes, middleware=[Middleware(SignedInAs)])) as made:
        made.headers["x-role"] = "staff"
        yield made


def test_the_page_is_told_what_arrives(staff: TestClient, camera: CameraRow) -> None:
    told = staff.get(f"/off-site/{camera.id}/state?sender=laptop").json()
    assert told == {
        "sending": None,
        "enabled": True,
        "taken": False,
        "recorded_since": None,
        "inspectors": 0,
    }


@pytest.mark.parametrize("role", ["inspector", "supervisor"])
def test_only_those_who_may_send_are_told(staff: TestClient, camera: CameraRow, role: str) -> None:
    answer = staff.get(f"/off-site/{camera.id}/state?sender=x", headers={"x-role": role})
    assert answer.status_code == 403


def test_an_impossible_camera_is_not_there(staff: TestClient) -> None:
    assert staff.get(f"/off-site/{2**40}/state").status_code == 404
