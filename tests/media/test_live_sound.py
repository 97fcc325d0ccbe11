"""A camera's sound arrives as Opus at who listens, in step with the pictures."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamTrack
from numpy.typing import NDArray

from media import live_sound
from media.live_hub import Pull
from media.live_sound import RATE, Sound, SoundConverter
from media.live_stream import CLOCK
from media.live_tracks import SoundTrack
from tests.event_loop import in_loop
from tests.media.camera_clip import clock_of, make_clip
from tests.media.rtsp_server import free_port, rtsp_camera
from tests.media.watching import Watcher, camera_at, demo_cameras, running_gateway, until


class Listener(Watcher):
    """A viewer who hears as well."""

    def __init__(self) -> None:
        super().__init__()
        self.connection.addTransceiver("audio", direction="recvonly")
        self.heard: list[NDArray[Any]] = []
        self._hearing: asyncio.Task[None] | None = None

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video":
            super()._on_track(track)
        else:
            self._hearing = asyncio.ensure_future(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            self.heard.append(frame.to_ndarray()[0, ::2])  # left of two, interleaved

    @property
    def seconds_heard(self) -> float:
        return sum(map(len, self.heard)) / RATE

    async def close(self) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
        await super().close()


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    made = Listener()
    try:
        yield made
    finally:
        await made.close()


def pitch(wave: NDArray[Any]) -> float:
    """The loudest frequency in Hz."""
    return float(np.abs(np.fft.rfft(wave)).argmax() * RATE / len(wave))


@contextlib.asynccontextmanager
async def pulled(url: str) -> AsyncIterator[Pull]:
    """A pull with one viewer, whose pictures have begun."""
    pull = Pull(url, ended=lambda _: None)
    pull.join()
    try:
        await pull.playable(15)
        yield pull
    finally:
        pull.close()


async def sounds_of(track: SoundTrack, count: int) -> list[Sound]:
    found = []
    for _ in range(count):
        (data,), timestamp = await track.payloads()
        found.append(Sound(data, timestamp))
    return found


def wave_of(sounds: list[Sound]) -> NDArray[Any]:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate, decoder.layout, decoder.format = RATE, "mono", "s16"
    frames = [frame for sound in sounds for frame in decoder.decode(av.Packet(sound.data))]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]) / 32768


@pytest.mark.rtsp
@pytest.mark.parametrize("audio", ["aac", "g711", "g711u", "opus"])
@in_loop
async def test_a_cameras_sound_is_heard_by_a_viewer(audio: str) -> None:
    with rtsp_camera(audio=audio) as url:
        async with running_gateway(camera_at(url)) as gateway, listening() as viewer:
            await viewer.watch(gateway)
            await until(lambda: viewer.seconds_heard > 2 and viewer.pictures > 0)
            wave = np.concatenate(viewer.heard)[RATE:]  # the beginning may be silence of the jitter buffer
            assert pitch(wave) == pytest.approx(440, abs=3)
            assert wave.astype(float).std() > 1000  # of 8000 / sqrt 2


@in_loop
async def test_sound_and_pictures_have_one_clock() -> None:
    process = demo_cameras(port := free_port())
    try:
        async with pulled(f"http://127.0.0.1:{port}/evaluation.ts") as pull:
            assert pull.has_sound
            sounds = await sounds_of(pull.join_sound(), 120)
            offset = wall_clock(pull)
    finally:
        process.kill()
        process.wait()
    assert [b.timestamp - a.timestamp for a, b in pairwise(sounds)] == [960] * 119
    wave = wave_of(sounds)
    (loud,) = np.nonzero(np.abs(wave) > 0.15)
    ticks = [at for at, before in zip(loud[1:], loud, strict=False) if at - before > RATE // 2]
    assert ticks
    for tick in ticks:
        moment = (sounds[0].timestamp + tick) / RATE + offset
        assert moment == pytest.approx(round(moment), abs=0.03)


def wall_clock(pull: Pull) -> float:
    """Seconds from the pull's clock to the one that is drawn in its pictures."""
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    kept = pull.since_key()
    frames = [frame for picture, _ in kept for frame in decoder.decode(av.Packet(picture.data))]
    frames += decoder.decode(None)
    return clock_of(frames[-1]) - kept[-1][1] / CLOCK


@in_loop
async def test_sound_is_encoded_only_while_somebody_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    encoder = live_sound._opus_encoder

    def begin(layout: str) -> av.AudioCodecContext:
        begun.append(layout)
        return encoder(layout)

    monkeypatch.setattr(live_sound, "_opus_encoder", begin)
    async with pulled(str(make_clip(tmp_path / "clip.ts", 8))) as pull:
        await until(lambda: pull.state.pictures > 20)
        assert not begun
        first, second = pull.join_sound(), pull.join_sound()
        await sounds_of(first, 10)
        await sounds_of(second, 10)
        assert len(begun) == 1
        first.stop()
        second.stop()
        assert pull.listeners == 0


@in_loop
async def test_a_camera_without_sound_says_so(tmp_path: Path) -> None:
    async with pulled(str(make_clip(tmp_path / "clip.ts", 3, sound=""))) as pull:
        assert not pull.has_sound


@in_loop
async def test_sound_goes_on_after_a_reconnection(tmp_path: Path) -> None:
    async with pulled(str(make_clip(tmp_path / "clip.ts", 2))) as pull:
        track = pull.join_sound()
        await until(lambda: pull.reconnections > 0)
        sounds = await sounds_of(track, 100)
        now = time.monotonic()
        assert abs(sounds[-1].timestamp / RATE - now) < 2
        assert all(a.timestamp < b.timestamp for a, b in pairwise(sounds))


def test_after_a_gap_the_sound_is_where_it_belongs(tmp_path: Path) -> None:
    with av.open(str(make_clip(tmp_path / "clip.ts", 2))) as container:
        converter = SoundConverter(container.streams.audio[0])
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        placed = [int(packet.pts * packet.time_base * CLOCK) for packet in packets if packet.pts is not None]
        middle = len(packets) // 2
        before = [one for n in range(middle) for one in converter.convert(packets[n], placed[n])]
        after = [
            one
            for n in range(middle, len(packets))
            for one in converter.convert(packets[n], placed[n] + CLOCK)
        ]
    assert {b.timestamp - a.timestamp for a, b in pairwise(before)} == {960}
    assert after[0].timestamp - before[-1].timestamp == pytest.approx(RATE + 960, abs=RATE // 20)
