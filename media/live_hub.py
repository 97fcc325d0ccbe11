"""One pull of a camera, shared by all who watch it.

Threads read the camera (media/live_reader.py), the event loop hands out. Who joins gets the pictures since
the last key frame at once, their times squeezed together so that the browser catches up; who falls behind
loses pictures up to the next key frame, and nobody else does.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from media import live_reader
from media.camera import CameraProblem, CameraUnreachable, redacted
from media.h264 import Picture
from media.live_sound import Sound
from media.live_stream import CLOCK, NotPlayable
from media.live_tracks import Placed, SoundTrack, ViewerTrack

_IDLE_SECONDS = 5.0
_FRESH_SECONDS = 2.0
_STUCK_SECONDS = 30.0  # longer than every timeout of a reader
_SURE_AFTER = 3  # pictures: B-frames have shown themselves by then
_CACHED_BYTES = 6_000_000
_HANDED_OVER = 200  # pictures on their way to the event loop


@dataclass(frozen=True)
class PullState:
    """What is known of a pull now."""

    pictures: int = 0  # received since it began
    received_bytes: int = 0  # of these pictures
    in_a_row: int = 0  # received since it was last opened
    last_picture_at: float | None = None  # seconds since 1970
    attempts_failed: int = 0
    problem: CameraProblem | None = None  # why there are no pictures, or what is odd about them


class Pull:
    """Pulls one stream while somebody watches, and for a few seconds after."""

    def __init__(self, url: str, ended: Callable[[Pull], None]) -> None:
        """Begins at once. `ended(pull)` is called in the event loop when nobody has watched for a while."""
        self.url = url
        self.state = PullState()
        self.has_sound = False
        self.converted: str | None = None  # "codec" or "b_frames": why pictures do not pass as they are
        self.viewers: set[ViewerTrack] = set()
        self._listening: set[SoundTrack] = set()
        self._dropped_before = 0  # for viewers that have left
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._since_key: deque[Picture] = deque()
        self._cached_bytes = 0
        self._stopped = False
        self._unwatched_since = time.monotonic()
        self._start()

    def _start(self) -> None:
        self._inlet = _Inlet(self, self._loop)
        name = f"pull {redacted(self.url)}"
        threading.Thread(target=self._inlet.run, name=name, daemon=True).start()
        self._loop.call_later(_STUCK_SECONDS, self._look_after, self._inlet)

    def _look_after(self, inlet: _Inlet) -> None:
        """Lets go of a reader that FFmpeg does not come back to, and begins anew with another."""
        if inlet is not self._inlet or inlet.finished:
            return
        if time.monotonic() - inlet.seen_at > _STUCK_SECONDS:
            self.failed(
                CameraUnreachable(self.url, "设备长时间无响应", "the device has not answered for long")
            )
            self._start()
        else:
            self._loop.call_later(_STUCK_SECONDS / 3, self._look_after, inlet)

    # For viewers

    @property
    def listeners(self) -> int:
        """How many viewers hear it."""
        return len(self._listening)

    @property
    def dropped(self) -> int:
        """Pictures let go for viewers that fell behind, and on the way here."""
        here = sum(track.dropped for track in self.viewers)
        return self._dropped_before + here + self._inlet.dropped

    @property
    def reconnections(self) -> int:
        """How often the camera was lost and asked again."""
        return self.state.attempts_failed

    def join(self) -> ViewerTrack:
        """A track for one more viewer; stopping it is leaving."""
        track = ViewerTrack(self.since_key, self._leave)
        self.viewers.add(track)
        return track

    def _leave(self, track: ViewerTrack) -> None:
        if track in self.viewers:
            self.viewers.discard(track)
            self._dropped_before += track.dropped
            if not self.viewers:
                self._unwatched_since = time.monotonic()

    def join_sound(self) -> SoundTrack:
        """The sound for one more viewer; stopping it is leaving. It is encoded while somebody listens."""
        track = SoundTrack(self._listening.discard)
        self._listening.add(track)
        return track

    async def playable(self, within: float) -> None:
        """Waits until fresh pictures are at hand.

        Raises:
            CameraUnreachable: an attempt to open the stream failed, or it lasted longer (seconds).
            NotPlayable: browsers cannot play the stream, and it is not converted.
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

    def since_key(self) -> list[Placed]:
        """The pictures since the last key frame, a millisecond apart, the last one at its own time."""
        last = self._since_key[-1].timestamp if self._since_key else 0
        count = len(self._since_key)
        return [
            (picture, last - (count - 1 - place) * (CLOCK // 1000))
            for place, picture in enumerate(self._since_key)
        ]

    def close(self) -> None:
        """Ends the pull and all its tracks; its thread follows within a read timeout."""
        self._stopped = True
        for track in [*self.viewers, *self._listening]:
            track.stop()

    # From the reader, in the event loop

    def opened(self, has_sound: bool, converted: str | None) -> None:
        """The camera answers; what has been kept is of before."""
        self.has_sound, self.converted = has_sound, converted
        self.state = replace(self.state, in_a_row=0)
        self._forget_pictures()

    def received(self, picture: Picture, problem: CameraProblem | None) -> None:
        """A picture, whole and in order."""
        self.state = replace(
            self.state,
            pictures=self.state.pictures + 1,
            received_bytes=self.state.received_bytes + len(picture.data),
            in_a_row=self.state.in_a_row + 1,
            last_picture_at=time.time(),
            problem=problem,
        )
        if picture.key or self._cached_bytes > _CACHED_BYTES:
            self._forget_pictures()
        if picture.key or self._since_key:
            self._since_key.append(picture)
            self._cached_bytes += len(picture.data)
        for track in list(self.viewers):
            track.push(picture, picture.timestamp)
        self._changed.set()

    def heard(self, sound: Sound) -> None:
        """A packet of sound."""
        for track in self._listening:
            track.push(sound)

    def told(self, problem: CameraProblem) -> None:
        """Why there are no pictures although the camera answers."""
        self.state = replace(self.state, problem=problem)

    def failed(self, problem: CameraProblem) -> None:
        """The camera is lost, or has not been reached; it is asked again."""
        self.state = replace(
            self.state, in_a_row=0, problem=problem, attempts_failed=self.state.attempts_failed + 1
        )
        self._forget_pictures()
        if isinstance(problem, NotPlayable):
            for track in [*self.viewers, *self._listening]:
                track.stop()
        self._changed.set()

    def _forget_pictures(self) -> None:
        self._since_key.clear()
        self._cached_bytes = 0

    def reader_ended(self) -> None:
        """Nobody has watched for a while, or all is to end."""
        if self.viewers and not self._stopped:
            self._start()  # somebody came at the last moment
        else:
            self._ended(self)

    def is_over(self, inlet: _Inlet) -> bool:
        """Whether that reader is to end; asked from its thread."""
        idle = not self.viewers and time.monotonic() - self._unwatched_since > _IDLE_SECONDS
        return idle or self._stopped or not self.listens_to(inlet)

    def listens_to(self, inlet: _Inlet) -> bool:
        """Not to one that was given up."""
        return inlet is self._inlet


class _Inlet:
    """What a reader's threads give to the event loop. It takes no more than it can carry."""

    def __init__(self, pull: Pull, loop: asyncio.AbstractEventLoop) -> None:
        self._pull = pull
        self._loop = loop
        self._waiting: deque[tuple[Picture, CameraProblem | None]] = deque()
        self._needs_key = False
        self.dropped = 0
        self.seen_at = time.monotonic()
        self.finished = False

    def run(self) -> None:
        """The reader's thread."""
        try:
            live_reader.read(self._pull.url, self)
        finally:
            self.finished = True
            self._tell(self._pull.reader_ended)

    @property
    def over(self) -> bool:
        self.seen_at = time.monotonic()
        return self._pull.is_over(self)

    @property
    def listened_to(self) -> bool:
        return self._pull.listeners > 0

    def opened(self, *, has_sound: bool, converted: str | None) -> None:
        self._tell(self._pull.opened, has_sound, converted)

    def picture(self, picture: Picture, problem: CameraProblem | None) -> None:
        """When the event loop cannot keep up, pictures are let go up to the next key frame."""
        if len(self._waiting) >= _HANDED_OVER:
            self._needs_key = True
        if self._needs_key and not (picture.key and len(self._waiting) < _HANDED_OVER):
            self.dropped += 1
            return
        self._needs_key = False
        self._waiting.append((picture, problem))
        self._tell(self._hand_over)

    def _hand_over(self) -> None:
        self._pull.received(*self._waiting.popleft())

    def sound(self, sound: Sound) -> None:
        self._tell(self._pull.heard, sound)

    def told(self, problem: CameraProblem) -> None:
        self._tell(self._pull.told, problem)

    def failed(self, problem: CameraProblem) -> None:
        self._tell(self._pull.failed, problem)

    def _tell(self, what: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: the process ends
            self._loop.call_soon_threadsafe(self._do, what, *args)

    def _do(self, what: Callable[..., None], *args: object) -> None:
        if self._pull.listens_to(self):
            what(*args)
