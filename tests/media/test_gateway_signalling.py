"""The gateway's signalling: whom it answers, what it refuses, what it tells Prometheus, its process."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy.exc import OperationalError

from media import gateway as gateway_module
from tests.event_loop import in_loop
from tests.media.camera_clip import make_clip
from tests.media.rtsp_server import free_port
from tests.media.watching import (
    KEY,
    camera_at,
    passes,
    running_gateway,
    until,
    watched,
    watcher,
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A camera that plays two seconds of a clip round and round."""
    return str(make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 2, sound=""))


@in_loop
async def test_only_the_web_process_is_answered(url: str) -> None:
    async with running_gateway(camera_at(url)) as gateway:
        for path, headers in (
            ("/whep/1?stream=sub", {}),
            ("/whep/1?stream=sub", {"Authorization": f"Bearer {KEY}"}),
            ("/whep/1?stream=sub", passes("POST", "/whep/1?stream=sub", key="guessed")),
            ("/whep/1?stream=sub", passes("POST", "/whep/1?stream=main")),
            ("/whep/1?stream=sub", passes("POST", "/whep/2?stream=sub")),
            ("/whep/1?stream=sub", passes("PATCH", "/whep/1?stream=sub")),
            ("/status", passes("POST", "/whep/1?stream=sub")),
        ):
            method = "GET" if path == "/status" else "POST"
            status, body = await gateway.call(method, path, headers)
            assert (status, body["error"]) == (401, "unauthorised")
        assert await gateway.call("GET", "/healthz", {}) == (200, {"status": "ok"})


@in_loop
async def test_a_pass_is_good_for_a_minute(url: str) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=62)):
        old = passes("POST", "/whep/1?stream=sub")
    async with running_gateway(camera_at(url)) as gateway:
        status, body = await gateway.call("POST", "/whep/1?stream=sub", old)
        assert (status, body["error"]) == (401, "unauthorised")


@in_loop
async def test_a_viewer_belongs_to_the_web_session_that_it_came_with(url: str) -> None:
    async with watched(url) as (gateway, viewer):
        for method in ("PATCH", "DELETE"):
            others = passes(method, viewer.location, "another web session")
            status, body = await gateway.call(method, viewer.location, others)
            assert (status, body["error"]) == (404, "unknown_viewer")
        assert (await gateway.call("PATCH", viewer.location))[0] == 204
        assert len(gateway.gateway.viewers) == 1


@pytest.mark.parametrize("offer", ["", "hello", "v=0\r\ns=-\r\nm=video 9 RTP/AVP\r\n"])
@in_loop
async def test_a_wrong_offer_is_refused_and_leaves_nothing_behind(offer: str, url: str) -> None:
    async with running_gateway(camera_at(url)) as gateway:
        status, body, _ = await gateway.post(1, offer)
        assert (status, json.loads(body)["error"]) == (400, "bad_offer")
        assert not gateway.gateway.viewers
        assert not any(pull.viewers for pull in gateway.gateway.pulls.values())


@in_loop
async def test_a_browser_without_h264_is_told(url: str) -> None:
    async with running_gateway(camera_at(url)) as gateway, watcher() as viewer:
        offer = (await viewer.offer()).replace("H264", "H263")
        status, body, _ = await gateway.post(1, offer)
        assert (status, json.loads(body)["reason"]) == (422, "browser")


@in_loop
async def test_a_database_that_is_away_is_said_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    async with running_gateway(camera_at(url)) as gateway:
        monkeypatch.setattr(gateway.gateway, "_enabled_cameras", away)
        status, body, _ = await gateway.post(1, "v=0")
        assert (status, json.loads(body)["error"]) == (503, "no_database")


@in_loop
async def test_the_figures_tell_who_is_pulled_and_watches(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "_SWEEP_SECONDS", 0.1)
    async with watched(url) as (gateway, viewer):
        await until(lambda: viewer.connection.connectionState == "connected")
        await gateway.post(1, "hello")
        await until(lambda: b"event_loop_lag_seconds_count 0" not in gateway.gateway.figures.text())
        figures = await gateway.figures()
        camera = '{camera="1",stream="main"}'
        assert figures[f"mingjing_gateway_viewers{camera}"] == 1
        assert figures[f"mingjing_gateway_sound_listeners{camera}"] == 0
        assert figures[f"mingjing_gateway_up{camera}"] == 1
        assert figures[f"mingjing_gateway_converted{camera}"] == 0
        assert figures[f"mingjing_gateway_pictures_received_total{camera}"] >= 3
        assert figures[f"mingjing_gateway_bytes_received_total{camera}"] > 500
        assert figures[f"mingjing_gateway_pictures_dropped_total{camera}"] == 0
        assert figures[f"mingjing_gateway_reconnections_total{camera}"] == 0
        assert figures['mingjing_gateway_connections_total{outcome="connected"}'] == 1
        assert figures['mingjing_gateway_connections_total{outcome="bad_offer"}'] == 1
        assert figures["process_open_fds"] > 3

        gateway.cameras.clear()
        await until(lambda: not gateway.gateway.pulls)
        assert not any("camera=" in name for name in await gateway.figures())


def test_the_process_serves_and_ends_on_sigterm(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "MINGJING_HOME": str(tmp_path),
        "MINGJING_GATEWAY_PORT": str(port),
    }
    process = subprocess.Popen([sys.executable, "-m", "media.gateway"], env=environment)
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError):
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                    assert json.load(answer) == {"status": "ok"}
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
