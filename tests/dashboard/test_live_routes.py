"""The signalling routes: who may watch, what is noted, and what the gateway is asked."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import live_routes
from data_access import cameras
from data_access.models import AuditEntry
from data_access.settings import settings
from domain.vocabulary import RoomType
from tests.dashboard.test_footage_routes import SignedInAs
from tests.media.camera_clip import BEGUN
from tests.media.rtsp_server import free_port

OFFER = "v=0\r\n"


@dataclass
class FakeGateway:
    """Answers as the gateway does, and remembers what it was asked."""

    status: int = 201
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)

    def serve(self, port: int) -> ThreadingHTTPServer:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                gateway.asked.append((self.command, self.path, self.headers["Authorization"], body))
                self.send_response(gateway.status)
                if gateway.status != HTTPStatus.NO_CONTENT:
                    self.send_header("Content-Type", "application/sdp")
                    self.send_header("Location", f"{self.path}/abc")
                    self.send_header("Content-Length", "6")
                self.end_headers()
                if gateway.status != HTTPStatus.NO_CONTENT:
                    self.wfile.write(b"answer")

            do_POST = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Silent."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


@pytest.fixture
def gateway(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Iterator[FakeGateway]:
    port = free_port()
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("MINGJING_HOME", str(tmp_path))
    monkeypatch.setenv("MINGJING_GATEWAY_PORT", str(port))
    settings.cache_clear()
    made = FakeGateway()
    server = made.serve(port)
    yield made
    server.shutdown()
    server.server_close()
    settings.cache_clear()


@pytest.fixture
def opening(engine: Engine) -> int:
    return _camera(engine, "开标一室", RoomType.BID_OPENING)


@pytest.fixture
def evaluation(engine: Engine) -> int:
    return _camera(engine, "评标室", RoomType.EVALUATION)


def _camera(engine: Engine, room_name: str, room_type: RoomType) -> int:
    with Session(engine) as session, session.begin():
        room = cameras.add_room(session, room_name, room_type)
        return cameras.add(session, room_id=room.id, name=f"{room_name}-全景", url="x.ts", at=BEGUN).id


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=live_routes.routes, middleware=[Middleware(SignedInAs)])) as made:
        yield made


def entries(engine: Engine) -> list[AuditEntry]:
    with Session(engine) as session:
        return list(session.scalars(select(AuditEntry)))


def test_a_viewer_is_connected_through_the_gateway(
    client: TestClient, gateway: FakeGateway, opening: int
) -> None:
    answer = client.post(f"/whep/{opening}", content=OFFER)
    assert (answer.status_code, answer.text) == (201, "answer")
    assert answer.headers["location"] == f"/whep/{opening}/abc"
    assert answer.headers["content-type"] == "application/sdp"
    assert gateway.asked == [("POST", f"/whep/{opening}", f"Bearer {settings().gateway_key()}", OFFER)]


@pytest.mark.usefixtures("gateway")
def test_each_connection_is_noted(client: TestClient, opening: int, engine: Engine) -> None:
    client.post(f"/whep/{opening}", content=OFFER)
    (entry,) = entries(engine)
    assert (entry.actor, entry.action, entry.subject) == ("wang", "view_live", "开标一室-全景")
    assert entry.detail == {"camera_id": opening, "room": "开标一室"}
    assert entry.address == "testclient"


def test_a_connection_that_fails_is_not_noted(
    client: TestClient, gateway: FakeGateway, opening: int, engine: Engine
) -> None:
    gateway.status = 503
    assert client.post(f"/whep/{opening}", content=OFFER).status_code == 503
    assert entries(engine) == []


@pytest.mark.parametrize("role", ["supervisor", "administrator"])
def test_an_evaluation_room_is_for_inspectors_only(
    role: str, client: TestClient, gateway: FakeGateway, evaluation: int, engine: Engine
) -> None:
    refused = client.post(f"/whep/{evaluation}", content=OFFER, headers={"x-role": role})
    assert refused.status_code == 403
    assert refused.json() == {
        "error": "not_allowed",
        "reason": None,
        "zh": "您无权观看该场所",
        "en": "you may not watch this room",
    }
    assert client.patch(f"/whep/{evaluation}/abc", headers={"x-role": role}).status_code == 403
    assert gateway.asked == []
    assert entries(engine) == []
    assert client.post(f"/whep/{evaluation}", content=OFFER).status_code == 201


def test_staying_and_leaving_are_passed_on(client: TestClient, gateway: FakeGateway, opening: int) -> None:
    gateway.status = 204
    assert client.patch(f"/whep/{opening}/abc").status_code == 204
    gateway.status = 200
    assert client.delete(f"/whep/{opening}/abc").status_code == 200
    assert [asked[:2] for asked in gateway.asked] == [
        ("PATCH", f"/whep/{opening}/abc"),
        ("DELETE", f"/whep/{opening}/abc"),
    ]


@pytest.mark.usefixtures("gateway")
@pytest.mark.parametrize("camera_id", [999, 2**40])
def test_an_unknown_camera_is_said_so(client: TestClient, camera_id: int) -> None:
    answer = client.post(f"/whep/{camera_id}", content=OFFER)
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_camera")


def test_an_endless_offer_is_refused(client: TestClient, gateway: FakeGateway, opening: int) -> None:
    assert client.post(f"/whep/{opening}", content="v" * 200_000).status_code == 413
    assert gateway.asked == []


def test_a_gateway_that_is_down_is_said_so(
    client: TestClient,
    gateway: FakeGateway,
    opening: int,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MINGJING_GATEWAY_PORT", str(free_port()))
    settings.cache_clear()
    answer = client.post(f"/whep/{opening}", content=OFFER)
    assert (answer.status_code, answer.json()["error"]) == (503, "no_gateway")
    assert "实时视频服务无应答" in answer.json()["zh"]
    assert gateway.asked == []
    assert entries(engine) == []
