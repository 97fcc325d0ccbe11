"""What browsers cannot play is converted once for all who watch, and never piles up."""

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest

from media import live_transcoder
from media.h264 import Picture, front_of
from media.live_stream import CLOCK, NotPlayable
from media.live_transcoder import Transcoder, slots
from tests.event_loop import in_loop
from tests.installation import until as wait_until
from tests.media.camera_clip import make_clip
from tests.media.rtsp_server import rtsp_camera
from tests.media.watching import camera_at, running_gateway, until, watcher


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds with B-frames, wider than what is sent."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 8, b_frames=2, sound="", size=(1920, 96))


@pytest.fixture(autouse=True)
def all_slots_are_free_at_the_end() -> Iterator[None]:
    yield
    wait_until(lambda: slots.taken == 0, 20, "every transcoder gives its slot back")


@pytest.mark.rtsp
@pytest.mark.parametrize(
    ("options", "reason"),
    [({"codec": "h265"}, "codec"), ({"b_frames": 2}, "b_frames")],
    ids=["H.265", "B-frames"],
)
@in_loop
async def test_two_viewers_see_one_conversion(options: dict[str, Any], reason: str) -> None:
    with rtsp_camera(gop=25, **options) as url:
        async with running_gateway(camera_at(url)) as gateway, watcher() as first, watcher() as second:
            await first.watch(gateway)
            await second.watch(gateway)
            await until(lambda: min(first.pictures, second.pictures) > 30, within=30)
            (pull,) = gateway.gateway.pulls.values()
            assert pull.converted == reason
            assert slots.taken == 1
            await until(lambda: first.last_age_ms < 1500)


def converted(clip: Path, *, until_count: int) -> list[Picture]:
    found: list[Picture] = []
    enough = threading.Event()

    def deliver(picture: Picture) -> None:
        found.append(picture)
        if len(found) >= until_count:
            enough.set()

    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        transcoder = Transcoder(video, "camera", "codec", deliver)
        for packet in container.demux(video):
            if packet.size:
                transcoder.feed(packet)
        assert enough.wait(30)
        transcoder.close()
    return found


def test_pictures_keep_their_times_and_begin_anew_every_two_seconds(clip: Path) -> None:
    found = converted(clip, until_count=190)
    assert {b.timestamp - a.timestamp for a, b in pairwise(found)} == {CLOCK // 25}
    keys = [picture.timestamp for picture in found if picture.key]
    assert [b - a for a, b in pairwise(keys)] == [2 * CLOCK] * 3
    assert all(front_of(picture.data).has_parameters for picture in found if picture.key)
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    frames = [*decoder.decode(av.Packet(found[0].data)), *decoder.decode(None)]
    assert (frames[0].width, frames[0].height) == (1280, 64)


@pytest.mark.parametrize(
    ("size", "sent"),
    [((640, 480), (640, 480)), ((3840, 2160), (1280, 720)), ((1080, 1920), (404, 720)), ((3, 3), (4, 4))],
)
def test_pictures_are_fitted_into_720p(size: tuple[int, int], sent: tuple[int, int]) -> None:
    assert live_transcoder._size(*size) == sent


def test_no_more_cameras_are_converted_than_is_set(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_transcoder, "settings", lambda: SimpleNamespace(transcodes=1))
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        first = Transcoder(video, "camera", "codec", lambda _: None)
        with pytest.raises(NotPlayable, match="1 cameras are being converted already") as refused:
            Transcoder(video, "camera", "codec", lambda _: None)
        assert (refused.value.reason, "已有 1 路" in refused.value.zh) == ("codec", True)
        first.close()
        wait_until(lambda: slots.taken == 0, 20, "every transcoder gives its slot back")
        Transcoder(video, "camera", "codec", lambda _: None).close()


def test_who_falls_behind_goes_on_at_a_key_picture(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The converter is held up while five seconds come in; then it has to do with the last of them."""
    held, found = threading.Event(), list[Picture]()

    def deliver(picture: Picture) -> None:
        found.append(picture)
        held.wait(30)

    now = time.monotonic()
    monkeypatch.setattr(live_transcoder, "time", SimpleNamespace(monotonic=lambda: now))
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        transcoder = Transcoder(video, "camera", "codec", deliver)
        packets = [packet for packet in container.demux(video) if packet.size]
        for number, packet in enumerate(packets[:130]):  # key pictures are a second apart
            transcoder.feed(packet)
            if number == 10:  # as many as the decoder wants to see before it gives the first one
                wait_until(lambda: found, 20, "a picture")
            now += 1 / 25
        assert len(transcoder._waiting) <= 25 * 2.5
        held.set()
        wait_until(lambda: found[-1].timestamp - found[0].timestamp > 4 * CLOCK, 20, "the last pictures")
        transcoder.close()
    gaps = [(b.timestamp - a.timestamp) / CLOCK for a, b in pairwise(found)]
    assert max(gaps) > 1  # what was let go
    assert len(found) < 100
