"""The demo cameras: what they send, from when on, and what they cost when nobody pulls them."""

import signal
import time
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

import av
import numpy as np
import psutil
import pytest

from media.camera import CameraUnreachable, open_stream, probe
from media.demo_cameras import DEMO_CAMERAS, DemoCamera
from media.demo_sound import RATE
from tests.media.camera_clip import clock_of
from tests.media.rtsp_server import free_port
from tests.media.watching import demo_cameras


@pytest.fixture(scope="module")
def process() -> Iterator[psutil.Process]:
    """The process on the port that its command line names."""
    started = demo_cameras(free_port())
    yield psutil.Process(started.pid)
    started.terminate()
    assert started.wait(10) == 0


@pytest.fixture(scope="module")
def port(process: psutil.Process) -> int:
    return int(process.cmdline()[-1])


def test_the_stream_can_be_recorded_and_watched(port: int) -> None:
    facts = probe(DEMO_CAMERAS[0].url(port))
    assert (facts.codec, facts.width, facts.height) == ("h264", 960, 540)
    assert not facts.has_b_frames
    # 12.5, but pictures carry the moment they were drawn: a busy machine lets some out, and one that comes
    # late shortens what is measured over the 25 of a GOP by up to one of them.
    assert 6 < facts.frame_rate < 12.5 * 26 / 25 + 0.1
    assert facts.gop_seconds == pytest.approx(25 / facts.frame_rate, rel=0.2)


@pytest.mark.parametrize("demo", DEMO_CAMERAS, ids=lambda demo: demo.slug)
def test_every_room_is_on_air_in_large_and_in_small(demo: DemoCamera, port: int) -> None:
    for url, size in ((demo.url(port), (960, 540)), (demo.sub_url(port), (640, 360))):
        with open_stream(url) as stream:
            video = stream.streams.video[0]
            assert (video.width, video.height) == size
            assert next(stream.demux(video)).is_keyframe
            assert stream.streams.audio[0].codec_context.name == "aac"


def times(frames: Sequence[av.VideoFrame | av.AudioFrame]) -> list[float]:
    """Seconds of the stream's clock."""
    return [frame.time for frame in frames if frame.time is not None]


def test_the_sound_ticks_with_the_clock_in_the_picture(port: int) -> None:
    demo = DEMO_CAMERAS[2]
    pictures: list[av.VideoFrame] = []
    sound: list[av.AudioFrame] = []
    with open_stream(demo.sub_url(port)) as stream:
        while not sound or times(sound)[-1] - times(sound)[0] < 4:
            for frame in next(stream.demux()).decode():
                (pictures if isinstance(frame, av.VideoFrame) else sound).append(frame)  # type: ignore[arg-type]
    offset = clock_of(pictures[-1]) - times(pictures)[-1]
    wave = np.concatenate([frame.to_ndarray()[0] for frame in sound])
    (loud,) = np.nonzero(np.abs(wave) > 0.15)
    ticks = [at for at, before in zip(loud[1:], loud, strict=False) if at - before > RATE // 2]
    assert len(ticks) >= 2
    for tick in ticks:
        moment = times(sound)[0] + tick / RATE + offset
        assert moment == pytest.approx(round(moment), abs=0.005)
    between = wave[ticks[0] + RATE // 10 :][: RATE // 2]
    assert 2 * np.abs(np.fft.rfft(between)).argmax() == demo.pitch


def test_each_client_begins_with_a_key_picture_of_now(port: int) -> None:
    url = DEMO_CAMERAS[0].url(port)
    with open_stream(url) as first:
        next(first.demux(video=0))
        for _ in range(3):
            asked = time.time()
            with open_stream(url) as later:
                packet = next(later.demux(video=0))
                (frame,) = [*packet.decode(), *later.streams.video[0].codec_context.decode(None)]
            assert packet.is_keyframe
            assert clock_of(frame) >= asked - 0.1


def test_the_clock_runs_with_the_timestamps(port: int) -> None:
    with open_stream(DEMO_CAMERAS[1].url(port)) as stream:
        frames = list(islice(stream.decode(video=0), 25))
    for earlier, later in pairwise(frames):
        assert earlier.time is not None
        assert later.time is not None
        assert later.time - earlier.time == pytest.approx(clock_of(later) - clock_of(earlier), abs=0.0015)


def test_a_camera_that_nobody_pulls_costs_nothing(process: psutil.Process, port: int) -> None:
    deadline = time.monotonic() + 10
    while any(
        one.laddr.port == port and one.status == psutil.CONN_ESTABLISHED for one in process.net_connections()
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    before = process.cpu_times()
    time.sleep(1)
    after = process.cpu_times()
    assert after.user + after.system - before.user - before.system < 0.05


def test_an_unknown_room_is_not_served(port: int) -> None:
    with pytest.raises(CameraUnreachable, match="no such stream"):
        open_stream(f"http://127.0.0.1:{port}/canteen.ts")


def test_it_ends_at_once_while_somebody_watches() -> None:
    port = free_port()
    started = demo_cameras(port)
    with open_stream(DEMO_CAMERAS[0].url(port)) as stream:
        next(stream.demux(video=0))
        started.send_signal(signal.SIGTERM)
        assert started.wait(5) == 0
