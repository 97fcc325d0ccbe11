"""One pull of a camera, shared by all who watch it: its pictures pass through unchanged.

A thread demuxes, the event loop hands out. Who joins gets the pictures since the last key frame at once,
their times squeezed together so that the browser catches up; who falls behind loses pictures up to the next
key frame, and nobody else does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from media.camera import CameraProblem, CameraUnreachable, camera_errors, open_stream, redacted
from media.h264 import Picture
from media.live_stream import CLOCK, NotPlayable, Timeline, pictures

log = logging.getLogger(__name__)

_IDLE_SECONDS = 5.0
_FRESH_SECONDS = 2.0
_RETRY_SECONDS = (0.5, 1.0, 2.0, 3.0)  # the last one for ever after
_SURE_AFTER = 3  # pictures: B-frames have shown themselves by then
_CACHED_BYTES = 6_000_000
_QUEUED_PICTURES = 90
_BURST_BYTES_PER_SECOND = 6_000_000  # faster than that, a browser's receive buffer overflows


@dataclass(frozen=True)
class PullState:
    """What is known of a pull now."""

    pictures: int = 0  # received since it began
    in_a_row: int = 0  # received since it was last opened
    last_picture_at: float | None = None  # seconds since 1970
    attempts_failed: int = 0
    problem: CameraProblem | None = None  # why there are no pictures; None: there are, or a first try runs


class Pull:
    """Pulls one stream while somebody watches, and for a few seconds after."""

    def __init__(self, url: str, ended: Callable[[Pull], None]) -> None:
        """Begins at once. `ended(pull)` is called in the event loop when nobody has watched for a while."""
        self.url = url
        self.state = PullState()
        self.viewers: set[ViewerTrack] = set()
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._since_key: deque[Picture] = deque()
        self._stopped = threading.Event()
        self._unwatched_since = time.monotonic()
        self._start()

    # In the event loop

    def _start(self) -> None:
        threading.Thread(target=self._run, name=f"pull {redacted(self.url)}", daemon=True).start()

    def join(self) -> ViewerTrack:
        """A track for one more viewer; stopping it is leaving."""
        track = ViewerTrack(self)
        self.viewers.add(track)
        return track

    def leave(self, track: ViewerTrack) -> None:
        self.viewers.discard(track)
        if not self.viewers:
            self._unwatched_since = time.monotonic()

    async def playable(self, within: float) -> None:
        """Waits until fresh pictures are at hand.

        Raises:
            CameraUnreachable: an attempt to open the stream failed, or it lasted longer (seconds).
            NotPlayable: WebRTC cannot show the stream.
        """
        failed = self.state.attempts_failed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not self._fresh() and self.state.attempts_failed == failed:
                    self._changed.clear()
                    await self._changed.wait()
        if not self._fresh():
            raise self.state.problem or CameraUnreachable(
                self.url, "没有收到图像，请检查设备", "no pictures arrive; check the device"
            )

    def _fresh(self) -> bool:
        seen = self.state.last_picture_at
        return seen is not None and self.state.in_a_row >= _SURE_AFTER and time.time() - seen < _FRESH_SECONDS

    def since_key(self) -> list[Picture]:
        """The pictures since the last key frame, a millisecond apart, the last one at its own time."""
        last = self._since_key[-1].timestamp if self._since_key else 0
        count = len(self._since_key)
        return [
            replace(picture, timestamp=last - (count - 1 - place) * (CLOCK // 1000))
            for place, picture in enumerate(self._since_key)
        ]

    def close(self) -> None:
        """Ends the pull and all its tracks; its thread follows within a read timeout."""
        self._stopped.set()
        for track in list(self.viewers):
            track.stop()

    def _received(self, picture: Picture) -> None:
        self.state = PullState(
            self.state.pictures + 1, self.state.in_a_row + 1, time.time(), self.state.attempts_failed
        )
        if picture.key or sum(len(kept.data) for kept in self._since_key) > _CACHED_BYTES:
            self._since_key.clear()
        if picture.key or self._since_key:
            self._since_key.append(picture)
        for track in list(self.viewers):
            track.push(picture)
        self._changed.set()

    def _failed(self, problem: CameraProblem) -> None:
        self.state = replace(
            self.state, in_a_row=0, problem=problem, attempts_failed=self.state.attempts_failed + 1
        )
        self._since_key.clear()
        if isinstance(problem, NotPlayable):
            for track in list(self.viewers):
                track.stop()
        self._changed.set()

    def _finished(self) -> None:
        if self.viewers and not self._stopped.is_set():
            self._start()  # somebody came at the last moment
        else:
            self._ended(self)

    # In the thread

    def _run(self) -> None:
        timeline, failures = Timeline(), 0
        while not self._over():
            received = self.state.pictures
            try:
                self._pull_once(timeline)
            except CameraProblem as problem:
                log.warning("%s", problem)
                self._tell(self._failed, problem)
                failures = 0 if self.state.pictures > received else failures + 1
                self._stopped.wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
        self._tell(self._finished)

    def _over(self) -> bool:
        idle = not self.viewers and time.monotonic() - self._unwatched_since > _IDLE_SECONDS
        return idle or self._stopped.is_set()

    def _tell(self, what: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: the process ends
            self._loop.call_soon_threadsafe(what, *args)

    def _pull_once(self, timeline: Timeline) -> None:
        is_file = "://" not in self.url
        timeline.reopen()
        with open_stream(self.url) as container, camera_errors(self.url):
            for picture in pictures(container, self.url):
                if self._over():
                    return
                placed = replace(picture, timestamp=timeline.place(picture.timestamp))
                if is_file:  # a live stream comes at its own pace
                    self._stopped.wait(max(0.0, placed.timestamp / CLOCK - time.monotonic()))
                self._tell(self._received, placed)
        raise CameraUnreachable(self.url, "码流已结束，请检查设备", "the stream has ended; check the device")


class ViewerTrack(MediaStreamTrack):
    """One viewer's share of a pull, read by the WebRTC sender."""

    kind = "video"

    def __init__(self, pull: Pull) -> None:
        super().__init__()
        self._pull = pull
        self._queue: deque[Picture] = deque()
        self._limit: int | None = None  # None: the sender has not asked yet
        self._needs_key = True
        self._arrived = asyncio.Event()

    def push(self, picture: Picture) -> None:
        """One more picture; when too many wait, all are let go up to the next key frame."""
        if self._limit is None:
            return
        if len(self._queue) >= self._limit:
            self._queue.clear()
            self._needs_key = True
        if picture.key or not self._needs_key:
            self._needs_key = False
            self._queue.append(picture)
            self._arrived.set()

    async def recv(self) -> Packet[Any]:
        """The next picture.

        Raises:
            MediaStreamError: the track has been stopped.
        """
        if self._limit is None:  # connected: from here on, no earlier
            begin = self._pull.since_key()
            self._limit = len(begin) + _QUEUED_PICTURES
            for picture in begin:
                self.push(picture)
        while not self._queue and self.readyState == "live":
            self._arrived.clear()
            await self._arrived.wait()
        if self.readyState != "live":
            raise MediaStreamError
        picture = self._queue.popleft()
        if self._queue:
            await asyncio.sleep(len(picture.data) / _BURST_BYTES_PER_SECOND)
        packet: Packet[Any] = av.Packet(picture.data)
        packet.pts = packet.dts = picture.timestamp
        packet.time_base = Fraction(1, CLOCK)
        return packet

    def stop(self) -> None:
        """Leaves the pull."""
        super().stop()
        self._pull.leave(self)
        self._arrived.set()
