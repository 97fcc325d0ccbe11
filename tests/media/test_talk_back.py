"""Talk-back: one speaker a room, heard by the pages that are open there, and an end when it is due."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from media import talk_back
from media.talk_back import Room, RoomTrack, Speaker
from tests.event_loop import finished
from tests.media.browser_frames import tone

WANG, LI = Speaker("talk-1", "wang", "王"), Speaker("talk-2", "li", "李")


class Floor:
    """A room with an open page, and what was noted of its talks."""

    def __init__(self) -> None:
        self.room = Room()
        self.ear = RoomTrack(self.room, "page")
        self.noted: list[str] = []
        self.over = asyncio.Event()

    async def open(self) -> None:
        await self.ear.recv()
        self.room.confirm(WANG.talk)
        self.room.confirm(LI.talk)

    def say(self, speaker: Speaker, number: int) -> None:
        self.room.hear(
            speaker,
            tone(number),
            lambda: self.noted.append(f"{speaker.name} begins"),
            lambda _seconds: self._end(speaker),
        )

    def _end(self, speaker: Speaker) -> None:
        self.noted.append(f"{speaker.name} ends")
        self.over.set()

    async def heard(self, count: int) -> list[bool]:
        """Whether each of the next pieces is loud."""
        return [float(np.abs((await self.ear.recv()).to_ndarray()).max()) > 3000 for _ in range(count)]


def run(test: Callable[[Floor], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        floor = Floor()
        await floor.open()
        await test(floor)
        floor.room.end(WANG.talk)
        floor.ear.stop()

    finished(whole())


def test_what_is_said_is_heard_and_silence_otherwise() -> None:
    async def test(floor: Floor) -> None:
        assert not any(await floor.heard(5))
        for number in range(10):
            floor.say(WANG, number)
        assert sum(await floor.heard(12)) >= 9
        assert not any(await floor.heard(5))
        assert floor.noted == ["wang begins"]

    run(test)


def test_pieces_follow_each_other_without_a_hole() -> None:
    async def test(floor: Floor) -> None:
        times = [(await floor.ear.recv()).pts for _ in range(6)]
        assert np.diff([time or 0 for time in times]).tolist() == [960] * 5

    run(test)


def test_the_second_speaker_is_not_heard_until_the_first_has_ended() -> None:
    async def test(floor: Floor) -> None:
        floor.say(WANG, 0)
        floor.say(LI, 0)
        assert floor.room.talk is not None
        assert floor.room.talk.speaker == WANG
        floor.room.end(WANG.talk)
        floor.say(LI, 1)
        assert floor.room.talk is not None
        assert floor.noted == ["wang begins", "wang ends", "li begins"]
        floor.room.end(LI.talk)

    run(test)


def test_a_talk_that_was_ended_does_not_begin_again() -> None:
    async def test(floor: Floor) -> None:
        floor.say(WANG, 0)
        floor.room.end(WANG.talk)
        floor.say(WANG, 1)  # still on its way
        assert floor.room.talk is None
        assert floor.noted == ["wang begins", "wang ends"]

    run(test)


def test_a_talk_ends_when_its_sound_stays_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk_back, "SILENT_SECONDS", 0.3)

    async def test(floor: Floor) -> None:
        floor.say(WANG, 0)
        await floor.over.wait()

    run(test)


def test_a_talk_ends_when_its_page_is_no_longer_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk_back, "CONFIRMED_SECONDS", 0.4)

    async def test(floor: Floor) -> None:
        number = 0
        floor.say(WANG, number)
        while not floor.over.is_set():
            number += 1
            floor.say(WANG, number)
            await asyncio.sleep(0.02)

    run(test)


def test_a_talk_ends_when_nobody_hears_it_any_more() -> None:
    async def test(floor: Floor) -> None:
        floor.say(WANG, 0)
        floor.ear.stop()
        await floor.over.wait()

    run(test)


def test_nobody_speaks_to_a_room_without_a_page_or_without_being_signed_in() -> None:
    async def test() -> None:
        floor = Floor()
        floor.room.confirm(WANG.talk)
        floor.say(WANG, 0)
        assert floor.room.talk is None
        await floor.ear.recv()
        floor.say(LI, 0)  # never confirmed
        assert floor.room.talk is None
        floor.ear.stop()

    finished(test())


def test_a_page_in_the_room_that_is_signed_out_hears_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk_back, "CONFIRMED_SECONDS", 0.2)

    async def test(floor: Floor) -> None:
        with pytest.raises(MediaStreamError):
            await floor.heard(10_000)
        assert not floor.room.is_open

    run(test)
