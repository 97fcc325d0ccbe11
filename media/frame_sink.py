"""Where the frames of a browser go: a sink as streamlit-webrtc takes it, which leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError


class FrameSink:
    """Hands each frame of a track on, in the event loop; may be stopped by any thread, and more than once."""

    def __init__(self, take: Callable[[Any], None], ended: Callable[[], None] = lambda: None) -> None:
        """`take` gets each frame and must be quick; `ended` is called in the event loop when it is over."""
        self._take = take
        self._ended = ended
        self._track: MediaStreamTrack | None = None
        self._task: asyncio.Task[None] | None = None

    def addTrack(self, track: MediaStreamTrack) -> None:  # noqa: N802 - the library's name
        """Takes the track that frames will come from."""
        self._track = track

    def hasTrack(self) -> bool:  # noqa: N802 - the library's name
        """Whether there is one."""
        return self._track is not None

    def start(self) -> None:
        """Begins; called in the event loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        """Ends the task; the library calls this from threads of its own, too."""
        task = self._task
        if task is not None:
            with contextlib.suppress(RuntimeError):  # the event loop is closed
                task.get_loop().call_soon_threadsafe(task.cancel)

    async def _run(self) -> None:
        assert self._track is not None
        try:
            with contextlib.suppress(MediaStreamError):
                while True:
                    self._take(await self._track.recv())
        finally:
            self._track.stop()  # leaves the library's relay, which would go on filling its queue
            self._ended()
