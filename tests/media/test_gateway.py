"""The gateway with real WebRTC viewers: pictures arrive, pulls are shared, the lost are let go."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import aioice.ice
import av
import psutil
import pytest

from media import gateway as gateway_module
from media import live_hub, live_transcoder
from media.demo_cameras import DEMO_CAMERAS
from media.live_stream import CLOCK, Timeline
from tests.event_loop import in_loop
from tests.media.camera_clip import make_clip
from tests.media.rtsp_server import free_port, rtsp_camera
from tests.media.watching import (
    camera_at,
    demo_cameras,
    running_gateway,
    until,
    watched,
    watcher,
)


@pytest.fixture(scope="module")
def demo() -> Iterator[psutil.Process]:
    """The demo cameras' process."""
    started = demo_cameras(free_port())
    yield psutil.Process(started.pid)
    started.kill()
    started.wait()


@pytest.fixture
def url(demo: psutil.Process) -> str:
    return DEMO_CAMERAS[0].url(int(demo.cmdline()[-1]))


def as_mp4(clip: Path) -> Path:
    """The same pictures in MP4, where they have lengths instead of start codes."""
    file = clip.with_suffix(".mp4")
    with av.open(str(clip)) as source, av.open(str(file), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.pts is not None:
                packet.stream = stream
                target.mux(packet)
    return file


@in_loop
async def test_a_viewer_sees_pictures_of_now(url: str) -> None:
    async with watched(url) as (_, viewer):
        await until(lambda: viewer.pictures >= 15)
        assert viewer.last_picture is not None
        assert (viewer.last_picture.width, viewer.last_picture.height) == (960, 540)
        await until(lambda: viewer.last_age_ms < 1000)


@pytest.mark.rtsp
@in_loop
async def test_viewers_share_one_pull_and_a_late_one_need_not_wait_for_a_key_frame() -> None:
    with rtsp_camera(gop=500) as url:
        async with watched(url) as (gateway, first), watcher() as second:
            await until(lambda: first.pictures >= 20)
            await second.watch(gateway)
            await until(lambda: second.pictures >= 20, within=8)  # the next key frame is 20 s away
            _, status = await gateway.call("GET", "/status")
            assert [pull["viewers"] for pull in status["pulls"]] == [2]


@pytest.mark.rtsp
@in_loop
async def test_a_camera_that_sends_its_pictures_in_slices_is_seen() -> None:
    # Parameter sets before every slice are what makes FFmpeg hand out slices one by one.
    with rtsp_camera(config_interval=-1, slices=4, gop=10) as url:
        async with watched(url) as (_, viewer):
            await until(lambda: viewer.pictures >= 40)


@pytest.mark.parametrize(("stream", "main", "sub"), [("sub", "dead", "url"), ("main", "url", "dead")])
@in_loop
async def test_the_stream_that_was_asked_for_is_watched(stream: str, main: str, sub: str, url: str) -> None:
    address = {"url": url, "dead": f"http://127.0.0.1:{free_port()}/main.ts"}
    camera = camera_at(address[main], sub_url=address[sub])
    async with running_gateway(camera) as gateway, watcher() as viewer:
        await viewer.watch(gateway, stream=stream)
        await until(lambda: viewer.pictures > 0)
        assert list(gateway.gateway.pulls) == [(1, stream)]


@in_loop
async def test_a_camera_without_sub_stream_gives_its_main_stream_once(url: str) -> None:
    async with watched(url) as (gateway, _), watcher() as second:
        await second.watch(gateway, stream="main")
        assert [len(pull.viewers) for pull in gateway.gateway.pulls.values()] == [2]


@in_loop
async def test_a_viewer_who_leaves_is_gone_at_once_and_the_pull_soon(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "_IDLE_SECONDS", 0.5)
    async with watched(url) as (gateway, viewer):
        assert (await gateway.call("PATCH", viewer.location))[0] == 204
        assert (await gateway.call("DELETE", viewer.location))[0] == 200
        assert not gateway.gateway.viewers
        await until(lambda: not gateway.gateway.pulls)
        for method in ("DELETE", "PATCH"):
            status, body = await gateway.call(method, viewer.location)
            assert (status, body["error"]) == (404, "unknown_viewer")


@in_loop
async def test_a_viewer_that_vanishes_is_let_go(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.2)
    monkeypatch.setattr(gateway_module, "_SWEEP_SECONDS", 0.1)
    async with watched(url) as (gateway, viewer):
        for transport in viewer.connection.getTransceivers():
            # Its network is gone: no goodbye reaches the gateway.
            for protocol in transport.receiver.transport.transport._connection._protocols:
                protocol.transport.abort()
        await until(lambda: not gateway.gateway.viewers)


@in_loop
async def test_a_viewer_that_never_connects_is_let_go(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(gateway_module, "_SWEEP_SECONDS", 0.1)
    async with running_gateway(camera_at(url)) as gateway, watcher() as viewer:
        status, _, _ = await gateway.post(1, await viewer.offer())
        assert status == 201
        assert len(gateway.gateway.viewers) == 1
        await until(lambda: not gateway.gateway.viewers)


@in_loop
async def test_a_viewer_who_is_not_renewed_may_watch_no_longer(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_module, "_SWEEP_SECONDS", 0.1)
    async with watched(url) as (gateway, viewer):
        monkeypatch.setattr(gateway_module, "RENEW_SECONDS", 0.5)
        await until(lambda: not gateway.gateway.viewers)
        await until(lambda: viewer.connection.connectionState == "closed")


@in_loop
async def test_a_removed_camera_is_shown_no_longer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "_SWEEP_SECONDS", 0.1)
    async with watched(url) as (gateway, _):
        gateway.cameras.clear()
        await until(lambda: not gateway.gateway.viewers)
        assert (await gateway.post(1, "v=0"))[0] == 404


@in_loop
async def test_a_hung_camera_is_noticed_and_comes_back_to_the_same_viewer(
    demo: psutil.Process, url: str
) -> None:
    async with watched(url) as (gateway, viewer):
        (pull,) = gateway.gateway.pulls.values()
        demo.suspend()
        try:
            await until(lambda: pull.state.problem is not None)
            async with watcher() as late:
                status, body, _ = await gateway.post(1, await late.offer())
                assert (status, json.loads(body)["error"]) == (503, "unreachable")
        finally:
            demo.resume()
        seen = viewer.pictures
        await until(lambda: viewer.pictures > seen + 10)
        assert pull.state.problem is None
        await until(lambda: viewer.last_age_ms < 1000)


@in_loop
async def test_a_camera_that_cannot_be_had_is_said_so() -> None:
    dead = f"rtsp://admin:s3cret@127.0.0.1:{free_port()}/ch1"
    async with running_gateway(camera_at(dead)) as gateway, watcher() as viewer:
        status, body, _ = await gateway.post(1, await viewer.offer())
        assert status == 503
        assert json.loads(body) == {
            "error": "unreachable",
            "reason": None,
            "zh": "设备拒绝或断开了连接，请检查端口和设备服务",
            "en": "the device refuses or drops the connection; check the port and the device",
        }
        assert not gateway.gateway.viewers
        assert "s3cret" not in str(await gateway.call("GET", "/status"))


CONVERTED = pytest.mark.parametrize(
    ("codec", "b_frames", "reason"), [("libx264", 2, "b_frames"), ("libx265", 0, "codec")]
)


@CONVERTED
@in_loop
async def test_a_stream_that_browsers_cannot_play_is_converted(
    codec: str, b_frames: int, reason: str, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.ts", 3, codec=codec, b_frames=b_frames, sound="")
    async with watched(str(clip)) as (gateway, viewer):
        await until(lambda: viewer.pictures > 50)
        (pull,) = gateway.gateway.pulls.values()
        assert pull.converted == reason


@CONVERTED
@in_loop
async def test_a_stream_that_is_not_converted_is_said_so(
    codec: str, b_frames: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_transcoder, "settings", lambda: SimpleNamespace(transcodes=0))
    clip = make_clip(tmp_path / "clip.ts", 3, codec=codec, b_frames=b_frames, sound="")
    async with running_gateway(camera_at(str(clip))) as gateway, watcher() as viewer:
        status, body, _ = await gateway.post(1, await viewer.offer())
        told = json.loads(body)
        assert (status, told["error"], told["reason"]) == (422, "not_playable", reason)
        assert "录像不受影响" in told["zh"]


@in_loop
async def test_a_file_plays_at_its_own_pace_and_again(tmp_path: Path) -> None:
    clip = as_mp4(make_clip(tmp_path / "clip.ts", 2, sound=""))
    async with running_gateway(camera_at(str(clip))) as gateway, watcher() as viewer:
        begun = time.monotonic()
        await viewer.watch(gateway)
        await until(lambda: viewer.pictures > 60)  # of 50 in the file
        assert time.monotonic() - begun > 2


def test_time_goes_on_when_a_stream_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("media.live_stream.time.monotonic", lambda: now)
    timeline = Timeline()
    assert timeline.place(7_000_000) == 100 * CLOCK
    assert timeline.place(7_003_600) == 100 * CLOCK + 3600
    now = 110.0
    timeline.reopen()
    assert timeline.place(0) == 110 * CLOCK
    assert timeline.place(3600) == 110 * CLOCK + 3600
    assert timeline.place(0) == 110 * CLOCK + 3601  # the stream's clock went back
    now = 130.0
    assert timeline.place(3600) == 130 * CLOCK  # or fell behind
