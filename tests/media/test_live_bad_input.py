"""A camera that misbehaves is said so, recovers, and does not disturb the one beside it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest

from media import live_hub, live_reader
from media.camera import CameraUnreachable
from media.h264 import Front, Picture, front_of
from media.live_hub import Pull
from media.live_stream import CLOCK, CameraPace, Timeline
from media.live_tracks import ViewerTrack
from tests.event_loop import in_loop
from tests.media.byte_camera import at_once, byte_camera, in_time
from tests.media.camera_clip import FRAME_RATE, make_clip
from tests.media.watching import until

FRAME = CLOCK // FRAME_RATE


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What a camera may send."""
    folder = tmp_path_factory.mktemp("clips")
    return {
        "good": make_clip(folder / "good.ts", 10),
        "short": make_clip(folder / "short.ts", 2),
        "other size": make_clip(folder / "size.ts", 2, size=(192, 64)),
        "H.265": make_clip(folder / "h265.ts", 2, codec="libx265"),
        "hours later": later(make_clip(folder / "now.ts", 2), 5 * 3600),
    }


def later(clip: Path, seconds: int) -> Path:
    """The same clip with other timestamps."""
    moved = clip.with_suffix(".later.ts")
    with av.open(str(clip)) as source, av.open(str(moved), "w", format="mpegts") as target:
        streams = {stream: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.pts is not None and packet.dts is not None:
                shift = int(seconds / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = streams[packet.stream]
                target.mux(packet)
    return moved


class Good:
    """A viewer of a good camera."""

    def __init__(self, track: ViewerTrack) -> None:
        self.track = track
        self.times: list[int] = []

    async def watch(self) -> None:
        while True:
            _, at = await self.track.payloads()
            self.times.append(at)

    def missed(self) -> int:
        """Pictures that did not come, of those after the first ones, which come squeezed together."""
        steady = [at for at in self.times if at > self.times[0] + CLOCK]
        return (steady[-1] - steady[0]) // FRAME + 1 - len(steady)


@contextlib.asynccontextmanager
async def beside_a_good_one(url: str, good: Path) -> AsyncIterator[Pull]:
    """The pull of a bad camera; at the end the good one must have lost nothing."""
    pulls = [Pull(str(good), ended=lambda _: None), Pull(url, ended=lambda _: None)]
    viewer = Good(pulls[0].join())
    pulls[1].join()
    await pulls[0].playable(20)
    watching = asyncio.create_task(viewer.watch())
    try:
        yield pulls[1]
        count = len(viewer.times)
        await until(lambda: len(viewer.times) > max(count, 2 * FRAME_RATE), within=20)
        if pulls[0].reconnections == 0:  # its file has not begun anew
            assert viewer.missed() == 0
        assert pulls[0].dropped == 0
    finally:
        watching.cancel()
        for pull in pulls:
            pull.close()


def watched(pull: Pull) -> list[Picture]:
    """What the pull receives from now on."""
    seen: list[Picture] = []
    receive = pull.received

    def received(picture: Picture, problem: object) -> None:
        seen.append(picture)
        receive(picture, problem)  # type: ignore[arg-type]

    pull.received = received  # type: ignore[method-assign]
    return seen


@in_loop
async def test_garbage_in_the_stream_is_survived(clips: dict[str, Path]) -> None:
    def sent(_client: int) -> Iterator[bytes]:
        yield from in_time(clips["short"], 1)
        for _ in range(20):
            yield bytes(range(1, 256)) * 400
        yield from in_time(clips["short"], 1)

    with byte_camera(sent) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            await until(lambda: pull.state.pictures > 150, within=30)


@in_loop
async def test_nothing_but_garbage_is_said_so(clips: dict[str, Path]) -> None:
    def sent(_client: int) -> Iterator[bytes]:
        for _ in range(500):
            yield bytes(range(1, 256)) * 100

    with byte_camera(sent) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            with pytest.raises(CameraUnreachable) as problem:
                await pull.playable(20)
            assert "不是视频码流" in problem.value.zh


@in_loop
async def test_a_change_of_size_passes_through(clips: dict[str, Path]) -> None:
    def sent(_client: int) -> Iterator[bytes]:
        yield from in_time(clips["short"], 2)
        yield from in_time(clips["other size"], 2)

    with byte_camera(sent) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            seen = watched(pull)
            await until(
                lambda: {(384, 96), (192, 64)} <= {size_of(one) for one in seen if one.key}, within=20
            )


def size_of(key: Picture) -> tuple[int, int]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    (frame,) = [*decoder.decode(av.Packet(key.data)), *decoder.decode(None)]
    return frame.width, frame.height


@in_loop
async def test_a_change_of_codec_is_followed(clips: dict[str, Path]) -> None:
    def sent(client: int) -> Iterator[bytes]:
        if client == 0:
            yield from in_time(clips["short"], 2)
        while True:
            yield from in_time(clips["H.265"], 2)

    with byte_camera(sent) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            await pull.playable(20)
            assert pull.converted is None
            await until(lambda: pull.converted == "codec" and pull.state.in_a_row > 10, within=30)


@in_loop
async def test_a_flood_is_held_back_and_told(clips: dict[str, Path]) -> None:
    with byte_camera(lambda _: at_once(clips["short"], 10_000)) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            await until(lambda: "远快于实时" in str(pull.state.problem), within=20)
            begun, count = time.monotonic(), pull.state.pictures
            await until(lambda: pull.state.pictures > count + 200, within=20)
            assert pull.state.pictures - count < 100 * (time.monotonic() - begun) + 100


@in_loop
async def test_timestamps_that_jump_for_hours_and_back(clips: dict[str, Path]) -> None:
    def sent(_client: int) -> Iterator[bytes]:
        while True:
            yield from in_time(clips["short"], 2)
            yield from in_time(clips["hours later"], 2)

    with byte_camera(sent) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            seen = watched(pull)
            await until(lambda: pull.state.problem is not None, within=20)
            assert "时间戳跳变" in str(pull.state.problem)
            await until(lambda: len(seen) > 200, within=20)
            assert abs(seen[-1].timestamp / CLOCK - time.monotonic()) < 5
            assert all(a.timestamp < b.timestamp for a, b in pairwise(seen))


@in_loop
async def test_a_camera_that_hangs_is_noticed_and_comes_back(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_reader, "_RETRY_SECONDS", (0.1,))

    def sent(client: int) -> Iterator[bytes]:
        yield from in_time(clips["short"], 2)
        time.sleep(0 if client else 30)

    with byte_camera(sent) as url:
        async with beside_a_good_one(url, clips["good"]) as pull:
            await until(lambda: pull.reconnections == 1, within=20)
            assert "无应答" in str(pull.state.problem)
            await until(lambda: pull.state.problem is None, within=20)


@in_loop
async def test_what_trips_the_reader_itself_is_told_and_tried_again(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tripped = list[bytes]()

    def trip(data: bytes) -> Front:
        if not tripped:
            tripped.append(data)
            raise ValueError("a weak spot")
        return front_of(data)

    monkeypatch.setattr(live_reader, "front_of", trip)
    pull = Pull(str(clips["good"]), ended=lambda _: None)
    pull.join()
    with pytest.raises(CameraUnreachable, match="码流内容异常"):
        await pull.playable(20)
    await pull.playable(20)
    assert pull.reconnections == 1
    pull.close()


@in_loop
async def test_a_reader_that_ffmpeg_never_gives_back_is_replaced(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, stuck = live_reader.read, list[live_reader.Inlet]()

    def get_stuck(url: str, inlet: live_reader.Inlet) -> None:
        if not stuck:
            stuck.append(inlet)
            time.sleep(5)
        else:
            read(url, inlet)

    monkeypatch.setattr(live_hub, "_STUCK_SECONDS", 0.5)
    monkeypatch.setattr(live_reader, "read", get_stuck)
    pull = Pull(str(clips["good"]), ended=lambda _: None)
    pull.join()
    await until(lambda: pull.state.pictures > 10, within=20)
    assert pull.reconnections == 1
    pull.close()


@in_loop
async def test_when_the_event_loop_halts_pictures_are_let_go_up_to_a_key_frame(
    clips: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_hub, "_HANDED_OVER", 20)
    pull = Pull(str(clips["good"]), ended=lambda _: None)
    pull.join()
    await pull.playable(20)
    seen = watched(pull)
    time.sleep(2)  # noqa: ASYNC251
    await until(lambda: len(seen) > 30, within=20)
    pull.close()
    assert pull.dropped > 0
    jumps = [later for earlier, later in pairwise(seen) if later.timestamp - earlier.timestamp > 2 * FRAME]
    assert jumps
    assert all(picture.key for picture in jumps)


def test_a_clock_that_stands_still_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("media.live_stream.time.monotonic", lambda: now)
    timeline = Timeline()
    placed = []
    for number in range(50):
        now = 100 + number / 25
        placed.append(timeline.place(4711))
    assert placed == [100 * CLOCK + number * FRAME for number in range(50)]


def test_an_ordinary_camera_is_never_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("media.live_stream.time.monotonic", lambda: now)
    pace = CameraPace()
    packet = av.Packet(bytes(100_000))
    assert [pace.owed(packet) for _ in range(200)] == [0.0] * 200  # what it had kept, all at once
    for number in range(1000):
        now = 100 + number / 50
        assert pace.owed(packet) == 0
