"""One viewer's share of a pull: what the WebRTC sender takes, and what is let go when it does not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from media.h264 import Picture
from media.live_sound import RATE, Sound
from media.live_stream import CLOCK

Placed = tuple[Picture, int]  # a picture and when it is to be shown, in 1/90000 s

_QUEUED_PICTURES = 90
_QUEUED_SOUNDS = 25  # half a second
_BURST_BYTES_PER_SECOND = 6_000_000  # faster than that, a browser's receive buffer overflows


class ViewerTrack(MediaStreamTrack):
    """The pictures of one viewer."""

    kind = "video"

    def __init__(self, since_key: Callable[[], list[Placed]], leave: Callable[[ViewerTrack], None]) -> None:
        """`since_key` is asked once, when the viewer is connected; `leave(track)` is called at the end."""
        super().__init__()
        self._since_key = since_key
        self._leave = leave
        self._queue: deque[Placed] = deque()
        self._limit: int | None = None  # None: the sender has not asked yet
        self._needs_key = True
        self._arrived = asyncio.Event()
        self.dropped = 0  # pictures let go because the viewer fell behind

    def push(self, picture: Picture, at: int) -> None:
        """One more picture; when too many wait, all are let go up to the next key frame."""
        if self._limit is None:
            return
        if len(self._queue) >= self._limit:
            self.dropped += len(self._queue)
            self._queue.clear()
            self._needs_key = True
        if picture.key or not self._needs_key:
            self._needs_key = False
            self._queue.append((picture, at))
            self._arrived.set()
        else:
            self.dropped += 1

    async def payloads(self) -> tuple[Sequence[bytes], int]:
        """The next picture in RTP payloads, and its timestamp.

        Raises:
            MediaStreamError: the track has been stopped.
        """
        picture, at = await self._next()
        return picture.payloads, at

    async def recv(self) -> Packet[Any]:
        """The next picture as other senders want it.

        Raises:
            MediaStreamError: the track has been stopped.
        """
        picture, at = await self._next()
        return _packet(picture.data, at, CLOCK)

    async def _next(self) -> Placed:
        if self._limit is None:  # connected: from here on, no earlier
            begin = self._since_key()
            self._limit = len(begin) + _QUEUED_PICTURES
            for picture, at in begin:
                self.push(picture, at)
        while not self._queue and self.readyState == "live":
            self._arrived.clear()
            await self._arrived.wait()
        if self.readyState != "live":
            raise MediaStreamError
        picture, at = self._queue.popleft()
        if self._queue:
            await asyncio.sleep(len(picture.data) / _BURST_BYTES_PER_SECOND)
        return picture, at

    def stop(self) -> None:
        """Leaves the pull."""
        super().stop()
        self._queue.clear()
        self._leave(self)
        self._arrived.set()


class SoundTrack(MediaStreamTrack):
    """The sound of one viewer, ready made."""

    kind = "audio"

    def __init__(self, leave: Callable[[SoundTrack], None]) -> None:
        """`leave(track)` is called at the end."""
        super().__init__()
        self._leave = leave
        self._queue: deque[Sound] = deque(maxlen=_QUEUED_SOUNDS)
        self._begun = False  # the sender has asked
        self._arrived = asyncio.Event()

    def push(self, sound: Sound) -> None:
        """One more packet; when too many wait, the oldest goes."""
        if self._begun:
            self._queue.append(sound)
            self._arrived.set()

    async def payloads(self) -> tuple[Sequence[bytes], int]:
        """The next packet and its timestamp.

        Raises:
            MediaStreamError: the track has been stopped.
        """
        sound = await self._next()
        return [sound.data], sound.timestamp

    async def recv(self) -> Packet[Any]:
        """The next packet as other senders want it.

        Raises:
            MediaStreamError: the track has been stopped.
        """
        sound = await self._next()
        return _packet(sound.data, sound.timestamp, RATE)

    async def _next(self) -> Sound:
        self._begun = True  # connected: from here on, no earlier, or all that follows would be late
        while not self._queue and self.readyState == "live":
            self._arrived.clear()
            await self._arrived.wait()
        if self.readyState != "live":
            raise MediaStreamError
        return self._queue.popleft()

    def stop(self) -> None:
        """Leaves the pull."""
        super().stop()
        self._leave(self)
        self._arrived.set()


def _packet(data: bytes, at: int, clock: int) -> Packet[Any]:
    packet: Packet[Any] = av.Packet(data)
    packet.pts = packet.dts = at
    packet.time_base = Fraction(1, clock)
    return packet
