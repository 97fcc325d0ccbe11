"""Pictures of a WHEP server that is not ours (Janus, by npm's janus-whep-server), in a real browser."""

import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import live_routes, sign_in
from dashboard.access import SignedInOnly, cookie_name
from data_access import accounts
from data_access import engine as engines
from data_access.models import LiveView
from data_access.settings import settings
from domain.vocabulary import Role
from tests.installation import free_ports, until
from tests.media import janus
from tests.media.camera_clip import install_camera
from tests.media.janus import Janus, running_janus
from tests.media.rtsp_server import rtsp_camera

# The number that this browser gives H.264 (constrained baseline); Janus must send with it.
PAYLOAD_TYPE = """async () => {
  const connection = new RTCPeerConnection();
  connection.addTransceiver("video", { direction: "recvonly" });
  const { sdp } = await connection.createOffer();
  connection.close();
  return Number(sdp.match(/a=fmtp:(\\d+) .*packetization-mode=1;profile-level-id=42e01f/)[1]);
}"""
WATCH = """async (camera) => {
  const connection = new RTCPeerConnection({ iceServers: [] });
  connection.addTransceiver("video", { direction: "recvonly" });
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true });
  document.body.append(video);
  connection.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); };
  window.shown = 0;
  const count = () => { window.shown++; video.requestVideoFrameCallback(count); };
  video.requestVideoFrameCallback(count);
  await connection.setLocalDescription();
  const answer = await fetch(`/whep/${camera}`, { method: "POST", body: connection.localDescription.sdp });
  if (!answer.ok) return [answer.status, await answer.text()];
  await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  window.state = () => connection.connectionState;
  return [answer.status, answer.headers.get("Location")];
}"""


@pytest.fixture(scope="module")
def glue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reason = janus.missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("janus")
    try:
        janus.install_glue(folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"npm cannot have {janus.GLUE}: {error}")
    return folder


@pytest.fixture
def web(
    database_url: str, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[uvicorn.Config]:
    """Our web process's own signalling, without the pages."""
    (port,) = free_ports(1)
    for name, value in {
        "DATABASE_URL": database_url,
        "MINGJING_HOME": str(tmp_path),
        "PORT": str(port),
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    app = Starlette(
        routes=[*sign_in.routes, *live_routes.routes],
        middleware=[Middleware(SignedInOnly)],
        lifespan=live_routes.sweeping,
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, 20, "the web process is up")
    yield server.config
    server.should_exit = True
    thread.join()
    engines.engine().dispose()
    settings.cache_clear()


@pytest.fixture
def inspector(context: BrowserContext, web: uvicorn.Config, engine: Engine) -> Page:
    """A signed-in browser on our site."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        person = accounts.add(session, "wang", "a long password", Role.INSPECTOR, now=now)
        token = accounts.open_session(session, person.id, "", now=now)
    address = f"http://127.0.0.1:{web.port}"
    context.add_cookies([{"name": cookie_name(), "value": token, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/whep/0")  # nothing is there but our origin
    return page


@pytest.fixture
def media_server(
    glue: Path, inspector: Page, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Janus, int]]:
    """Janus with a camera, which is ours to watch through it; the camera's number."""
    camera = install_camera(engine, "rtsp://127.0.0.1:1/recorded-elsewhere").id
    with (
        rtsp_camera(config_interval=-1) as url,
        running_janus(glue, {camera: url}, inspector.evaluate(PAYLOAD_TYPE)) as running,
    ):
        monkeypatch.setenv("MINGJING_WHEP_URL", running.address)
        settings.cache_clear()
        yield running, camera


def view(engine: Engine) -> LiveView:
    with Session(engine) as session:
        return session.scalars(select(LiveView)).one()


@pytest.mark.rtsp
def test_a_browser_plays_the_pictures_of_another_whep_server(
    inspector: Page, media_server: tuple[Janus, int], engine: Engine
) -> None:
    running, camera = media_server
    status, location = inspector.evaluate(WATCH, camera)
    assert status == 201, location
    until(lambda: inspector.evaluate("shown") >= 25, 20, "a second of pictures")
    assert view(engine).upstream.startswith(running.address.partition("/endpoint")[0] + "/resource/")

    assert fetched(inspector, "PATCH", location) == 204
    assert fetched(inspector, "DELETE", location) == 200
    until(lambda: inspector.evaluate("state()") != "connected", 10, "Janus has let go")
    assert view(engine).ended_at is not None


@pytest.mark.rtsp
def test_signing_out_ends_the_pictures_of_another_whep_server(
    inspector: Page, media_server: tuple[Janus, int], engine: Engine
) -> None:
    _, camera = media_server
    inspector.evaluate(WATCH, camera)
    until(lambda: inspector.evaluate("shown") >= 5, 20, "pictures")
    assert fetched(inspector, "POST", "/sign-out") == 200
    until(lambda: inspector.evaluate("state()") != "connected", 15, "Janus has let go")
    until(lambda: view(engine).ended_at is not None, 5, "the view is over")


def fetched(page: Page, method: str, path: str) -> Any:
    """The status of a request by the page."""
    return page.evaluate("async ([method, path]) => (await fetch(path, { method })).status", [method, path])
