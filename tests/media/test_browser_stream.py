"""A browser as a camera: key frames at once, one size, one sender, and an end when nothing comes."""

import asyncio
import io
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import av
import numpy as np
import pytest

from media import browser_stream
from media.browser_stream import BrowserStream, Client, SwiftestWay
from tests.event_loop import finished
from tests.media.browser_frames import picture, tone


class Browser:
    """Sends pictures and sound in the event loop, as a connection does."""

    def __init__(self, stream: BrowserStream, sender: str = "phone", *, sound: bool = True) -> None:
        self.stream, self.sender, self.sound = stream, sender, sound
        self.size = (320, 180)
        self.number = 0

    async def send(self, seconds: float) -> None:
        """25 pictures a second, after a delay of this machine all that are due."""
        begun, first = time.monotonic(), self.number
        while self.number - first < seconds * 25:
            for part in range(2 if self.sound else 0):
                self.stream.push(self.sender, tone(2 * self.number + part), sound=True)
            self.stream.push(self.sender, picture(*self.size, self.number), sound=self.sound)
            self.number += 1
            await asyncio.sleep(max(0.0, begun + (self.number - first) / 25 - time.monotonic()))


async def received(client: Client, seconds: float = 5) -> bytes:
    """What a client got up to its end, or to now."""
    pieces: list[bytes] = []
    while True:
        try:
            piece = await asyncio.wait_for(client.get(), seconds)
        except TimeoutError:
            return b"".join(pieces)
        if piece is None:
            return b"".join(pieces)
        pieces.append(piece)


def joined(stream: BrowserStream) -> Client:
    client = stream.join()
    assert client is not None
    return client


def video_of(data: bytes) -> tuple[int, int, bool, int]:
    """Width, height, whether it begins with a key frame, and how many pictures."""
    with av.open(io.BytesIO(data), "r") as container:
        video = container.streams.video[0]
        packets = [packet for packet in container.demux(video) if packet.size]
        return video.width, video.height, packets[0].is_keyframe, len(packets)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    finished(test())


def test_every_client_begins_with_a_key_frame_at_once() -> None:
    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream)
        await browser.send(1)
        first = joined(stream)
        await browser.send(0.7)
        second = joined(stream)
        began = time.monotonic()
        sending = asyncio.create_task(browser.send(0.6))
        piece = await second.get()
        assert time.monotonic() - began < 0.5
        await sending
        stream.end()
        assert video_of(await received(first))[:3] == (1280, 720, True)
        assert video_of((piece or b"") + await received(second))[:3] == (1280, 720, True)

    run(test)


def test_the_sound_goes_along() -> None:
    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream)
        await browser.send(0.5)
        client = joined(stream)
        await browser.send(2)
        stream.end()
        with av.open(io.BytesIO(await received(client)), "r") as container:
            loud = [float(np.abs(frame.to_ndarray()).max()) > 0.2 for frame in container.decode(audio=0)]
        assert len(loud) > 60
        assert sum(loud) > 0.9 * len(loud)

    run(test)


def test_a_browser_without_a_microphone_sends_pictures_alone() -> None:
    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream, sound=False)
        await browser.send(1)
        client = joined(stream)
        await browser.send(1)
        stream.end()
        with av.open(io.BytesIO(await received(client)), "r") as container:
            assert not container.streams.audio

    run(test)


def test_a_phone_that_is_turned_begins_a_new_stream_of_the_right_shape() -> None:
    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream)
        await browser.send(1)
        wide = joined(stream)
        await browser.send(0.5)
        browser.size = (180, 320)
        sending = asyncio.create_task(browser.send(1.5))
        assert video_of(await received(wide))[:2] == (1280, 720)  # it has ended
        upright = joined(stream)
        await sending
        stream.end()
        assert video_of(await received(upright))[:3] == (720, 1280, True)

    run(test)


def test_smaller_pictures_of_a_slow_connection_stay_in_one_stream() -> None:
    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream)
        await browser.send(0.6)
        client = joined(stream)
        for browser.size in ((640, 360), (426, 240), (320, 180)):
            await browser.send(0.4)
        stream.end()
        width, height, _, pictures = video_of(await received(client))
        assert (width, height) == (1280, 720)
        assert pictures > 20

    run(test)


def test_without_a_sender_there_is_no_stream_and_clients_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_stream, "SILENT_SECONDS", 0.6)

    async def test() -> None:
        stream = BrowserStream()
        assert stream.join() is None
        await Browser(stream).send(1)
        client = joined(stream)
        assert stream.sending() is not None
        await received(client)  # ends by itself
        assert (stream.join(), stream.sending(), stream.is_live) == (None, None, False)
        deadline = time.monotonic() + 10
        while any(one.name == "browser stream" for one in threading.enumerate()):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        await Browser(stream).send(0.2)
        assert stream.join() is not None  # it comes back
        stream.end()

    run(test)


def test_only_one_sends_until_it_has_been_silent_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_stream, "HELD_SECONDS", 0.5)

    async def test() -> None:
        stream = BrowserStream()
        await Browser(stream, "laptop").send(0.2)
        assert not stream.take("phone")
        assert stream.is_held_by_other("phone")
        assert not stream.is_held_by_other("laptop")
        await asyncio.sleep(0.6)
        assert stream.take("phone")
        assert stream.is_held_by_other("laptop") is False  # nothing has come from the phone yet
        await Browser(stream, "phone").send(0.2)
        assert stream.is_held_by_other("laptop")
        stream.end()

    run(test)


def test_a_sender_that_is_no_longer_confirmed_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_stream, "CONFIRMED_SECONDS", 0.4)

    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream)
        await browser.send(0.2)
        await asyncio.sleep(0.5)
        assert not stream.take("phone")
        stream.confirm("phone")
        assert stream.take("phone")
        stream.end()

    run(test)


def test_what_arrives_is_measured() -> None:
    async def test() -> None:
        stream = BrowserStream()
        await Browser(stream).send(3)
        sending = stream.sending()
        assert sending is not None
        assert (sending.width, sending.height) == (320, 180)
        assert 8 < sending.frame_rate <= 26
        assert sending.bits_per_second > 1000
        stream.end()

    run(test)


def test_a_slow_client_is_let_go_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_stream, "_WAITING_PIECES", 40)

    async def test() -> None:
        stream = BrowserStream()
        browser = Browser(stream)
        await browser.send(0.6)
        slow, quick = joined(stream), joined(stream)
        reading = asyncio.create_task(received(quick))
        await browser.send(3)
        assert stream._encoding is not None
        assert slow not in stream._encoding._clients
        assert slow.qsize() <= 40
        stream.end()
        assert video_of(await reading)[3] > 40

    run(test)


def test_a_frame_is_dated_by_the_swiftest_ones_way() -> None:
    way = SwiftestWay()
    assert way.taken_at(0.0, 100.3) == pytest.approx(100.3)
    assert way.taken_at(0.04, 100.1) == pytest.approx(100.1)
    assert way.taken_at(0.08, 100.9) == pytest.approx(100.14, abs=0.001)
    assert way.taken_at(50.0, 100.9) == pytest.approx(100.9)  # the browser's clock has jumped
