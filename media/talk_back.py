"""Talk-back: what an inspector says, passed on to the pages that are open in a room.

All of it happens in the event loop of one web process. One inspector speaks to a room at a time. A talk ends
when its sound stays away, when the page no longer says that it is there and signed in, or when it is ended.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from numpy.typing import NDArray

SILENT_SECONDS = 4.0  # without any sound packet: the connection is gone
CONFIRMED_SECONDS = 20.0  # a page says every second that it is there and signed in
_RATE = 48_000
_SAMPLES = 960  # 20 ms
_STEP = _SAMPLES / _RATE  # seconds
_AHEAD = 3  # pieces that wait before they are heard: networks jitter
_MOST_WAITING = 10
_LATE = 0.06  # seconds
_WATCH_EVERY = 0.5

Piece = NDArray[np.int16]


@dataclass(frozen=True)
class Speaker:
    """Who speaks; `talk` names this one talk, another time it is another."""

    talk: str
    name: str  # of the account
    display_name: str


@dataclass
class Talk:
    """A talk that is on."""

    speaker: Speaker
    over: Callable[[float], None]
    began: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    watch: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.cut = av.AudioResampler("s16", "stereo", _RATE, frame_size=_SAMPLES)


class Room:
    """One room: who speaks, and the pages that hear it."""

    def __init__(self) -> None:
        self.talk: Talk | None = None
        self._ears: set[RoomTrack] = set()
        self._confirmed: dict[str, float] = {}
        self._ended: deque[str] = deque(maxlen=50)

    @property
    def is_open(self) -> bool:
        """Whether a page in the room would be heard."""
        return bool(self._ears)

    def confirm(self, name: str) -> None:
        """A page, of a speaker or in the room, is there and signed in."""
        now = time.monotonic()
        self._confirmed[name] = now
        for known, at in list(self._confirmed.items()):
            if now - at > CONFIRMED_SECONDS:
                del self._confirmed[known]

    def is_confirmed(self, name: str) -> bool:
        """Whether it said so lately."""
        return time.monotonic() - self._confirmed.get(name, float("-inf")) < CONFIRMED_SECONDS

    def hear(
        self,
        speaker: Speaker,
        frame: av.AudioFrame,
        began: Callable[[], None],
        over: Callable[[float], None],
    ) -> None:
        """Sound of a speaker; the first one begins the talk, unless somebody else speaks.

        Args:
            began: called when the talk begins.
            over: called with its seconds when it has ended.
        """
        if self.talk is None and self._may_begin(speaker):
            self.talk = Talk(speaker, over)
            self.talk.watch = asyncio.get_running_loop().create_task(self._watch(self.talk))
            began()
        if self.talk is None or self.talk.speaker.talk != speaker.talk:
            return
        self.talk.heard = time.monotonic()
        frame.pts = None  # pieces are counted where they are heard
        for piece in self.talk.cut.resample(frame):
            heard = piece.to_ndarray().astype(np.int16, copy=False)
            for ear in tuple(self._ears):  # the library stops tracks from threads of its own
                ear.push(heard)

    def _may_begin(self, speaker: Speaker) -> bool:
        return self.is_open and speaker.talk not in self._ended and self.is_confirmed(speaker.talk)

    def end(self, talk: str) -> None:
        """Ends that talk if it is on; it cannot begin again."""
        self._ended.append(talk)
        if self.talk is not None and self.talk.speaker.talk == talk:
            ended, self.talk = self.talk, None
            if ended.watch is not None:
                ended.watch.cancel()
            ended.over(time.monotonic() - ended.began)

    async def _watch(self, talk: Talk) -> None:
        while True:
            await asyncio.sleep(_WATCH_EVERY)
            silent = time.monotonic() - talk.heard > SILENT_SECONDS
            if silent or not self.is_confirmed(talk.speaker.talk) or not self.is_open:
                talk.watch = None
                self.end(talk.speaker.talk)
                return

    def listen(self, ear: RoomTrack) -> None:
        """A page in the room begins to hear."""
        self._ears.add(ear)

    def leave(self, ear: RoomTrack) -> None:
        """It hears no more."""
        self._ears.discard(ear)


class RoomTrack(MediaStreamTrack):
    """What a page in the room hears: the speaker, else silence; 20 ms at a time."""

    kind = "audio"

    def __init__(self, room: Room, name: str) -> None:
        """`name` of the page, by which it says that it is still there."""
        super().__init__()
        self._room = room
        self._name = name
        self._pieces: deque[Piece] = deque(maxlen=_MOST_WAITING)
        self._speaking = False
        self._number = 0
        self._begun: float | None = None

    def push(self, piece: Piece) -> None:
        """The next piece to be heard; when too many wait the oldest goes."""
        self._pieces.append(piece)

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, at their time.

        Raises:
            MediaStreamError: the page is gone or signed out.
        """
        if self._begun is None:
            self._begun = time.monotonic()
            self._room.confirm(self._name)
            self._room.listen(self)
        ahead = self._begun + self._number * _STEP - time.monotonic()
        if ahead < -_LATE:  # not made up for: a burst would only lie in the browser's buffer, as delay
            self._begun -= ahead
        await asyncio.sleep(max(0.0, ahead))
        if self.readyState == "live" and not self._room.is_confirmed(self._name):
            self.stop()
        if self.readyState != "live":
            raise MediaStreamError
        frame = av.AudioFrame.from_ndarray(self._next(), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = _RATE, self._number * _SAMPLES, Fraction(1, _RATE)
        self._number += 1
        return frame

    def _next(self) -> Piece:
        self._speaking = bool(self._pieces) and (self._speaking or len(self._pieces) >= _AHEAD)
        return self._pieces.popleft() if self._speaking else np.zeros((1, 2 * _SAMPLES), np.int16)

    def stop(self) -> None:
        """Leaves the room."""
        super().stop()
        self._room.leave(self)
