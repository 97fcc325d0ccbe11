"""A camera that is a browser: what it sends is encoded once and handed to every client as MPEG-TS.

The web process receives the pictures decoded (WebRTC), in its event loop; a thread encodes them while they
come. A client gets a key frame at once. Nothing for three seconds ends all clients, so that recorder and
gateway notice and ask again; while nobody sends there is no stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import av

from media.browser_encoder import MOST_A_SECOND, BrowserEncoder, has_shape, size_for

log = logging.getLogger(__name__)

SILENT_SECONDS = 3.0
HELD_SECONDS = 5.0  # after its last picture a sender keeps others out for so long
CONFIRMED_SECONDS = 60.0  # a sender's page says every second that it may send (hidden: seldom)
_WAITING_FRAMES = 60  # about a second of pictures and sound; an encoder that is later loses some
_WAITING_PIECES = 250  # about four seconds: a client slower than that is let go
_MEASURED_SECONDS = 5.0
_SOUND_WITHIN = 3.0  # seconds the first picture waits for sound; later sound begins the stream anew


@dataclass(frozen=True)
class Sending:
    """What arrives from the browser now."""

    since: float  # seconds since 1970; an interruption begins it anew
    frame_rate: float  # pictures a second that are encoded
    bits_per_second: float  # of what is handed out
    width: int  # pixels, as the browser sends them
    height: int


Frame = av.VideoFrame | av.AudioFrame
Client = asyncio.Queue[bytes | None]


class SwiftestWay:
    """Tells when a frame was taken: by its own time and the swiftest one's way, as arrival alone jitters."""

    _DRIFT = 0.001  # seconds a second by which the browser's clock may be slower
    _JUMP = 1.0  # seconds: the browser's clock was set anew

    def __init__(self) -> None:
        self._way: float | None = None
        self._last = 0.0

    def taken_at(self, own: float, arrived: float) -> float:
        """Seconds on our clock; `own` is the frame's own time and `arrived` when it came, both in seconds."""
        way = arrived - own
        if self._way is None or abs(way - self._way) > self._JUMP:
            self._way = way
        self._way = min(way, self._way + max(0.0, own - self._last) * self._DRIFT)
        self._last = own
        return own + self._way


class BrowserStream:
    """The stream of one camera; all but the encoding happens in the event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sender: str | None = None
        self._confirmed_at = float("-inf")
        self._last_picture = float("-inf")
        self._idle_since = clock()
        self._encoding: _Encoding | None = None
        self._came = asyncio.Event()

    def take(self, sender: str) -> bool:
        """Makes `sender` the one whose frames count; False while another one sends, or it is unconfirmed."""
        if self._sender != sender:
            if self._sender is not None and self._clock() - self._last_picture < HELD_SECONDS:
                return False
            self._sender, self._confirmed_at = sender, self._clock()
            self.end()
        return self._clock() - self._confirmed_at < CONFIRMED_SECONDS

    def confirm(self, sender: str) -> None:
        """The sender is still there and allowed to send."""
        if self._sender == sender:
            self._confirmed_at = self._clock()

    def expect(self) -> None:
        """Somebody is about to send: `idle_seconds` counts from now."""
        self._idle_since = self._clock()

    def is_held_by_other(self, sender: str) -> bool:
        """Whether somebody else sends."""
        held = self._sender not in (None, sender)
        return held and self._clock() - self._last_picture < HELD_SECONDS

    def push(self, sender: str, frame: Frame, *, sound: bool = True) -> None:
        """A frame of `sender`; left out while its frames do not count. `sound`: it sends sound too."""
        if not self.take(sender):
            return
        if isinstance(frame, av.VideoFrame):
            self._last_picture = self._idle_since = self._clock()
            self._came.set()
            if self._encoding is None or not self._encoding.goes_on:
                self._encoding = _Encoding(asyncio.get_running_loop(), sound=sound)
        if self._encoding is not None:  # sound alone is no stream
            self._encoding.push(frame)

    @property
    def is_live(self) -> bool:
        """Whether pictures arrive."""
        return self._clock() - self._last_picture < SILENT_SECONDS

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last picture, or since one is expected."""
        return self._clock() - self._idle_since

    def sending(self) -> Sending | None:
        """What arrives now; None: nothing."""
        return self._encoding.sending() if self._encoding is not None and self.is_live else None

    def join(self) -> Client | None:
        """Pieces of the stream from a key frame on, None at its end; None instead: nobody sends."""
        if self._encoding is None or not self._encoding.goes_on or not self.is_live:
            return None
        return self._encoding.join()

    async def join_within(self, seconds: float) -> Client | None:
        """The same; waits for somebody to send: who asked just before need not come again."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (client := self.join()) is None:
                    self._came.clear()
                    await self._came.wait()
                return client
        return None

    def leave(self, client: Client) -> None:
        """A client has gone."""
        if self._encoding is not None:
            self._encoding.leave(client)

    def end(self) -> None:
        """Ends the clients and the thread; the next picture begins anew."""
        if self._encoding is not None:
            self._encoding.end()
            self._encoding = None


class _Encoding:
    """One thread that encodes, from the first picture until none come any more."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, sound: bool) -> None:
        self._loop = loop
        self._sound_until = time.monotonic() + (_SOUND_WITHIN if sound else 0.0)
        self._frames: queue.Queue[tuple[Frame, float]] = queue.Queue(_WAITING_FRAMES)
        self._clients: set[Client] = set()
        self._newcomers: set[Client] = set()
        self._since = time.time()
        self._sent: deque[tuple[float, int, bool]] = deque()  # when, bytes, whether a picture
        self._source = (0, 0)  # width and height, pixels
        self.goes_on = True
        threading.Thread(target=self._run, name="browser stream", daemon=True).start()

    # In the event loop

    def push(self, frame: Frame) -> None:
        with contextlib.suppress(queue.Full):  # the encoder is too slow: this one is lost
            self._frames.put_nowait((frame, time.monotonic()))

    def join(self) -> Client:
        client: Client = asyncio.Queue(_WAITING_PIECES)
        self._newcomers.add(client)
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)
        self._newcomers.discard(client)

    def sending(self) -> Sending:
        now = time.time()
        while self._sent and self._sent[0][0] < now - _MEASURED_SECONDS:
            self._sent.popleft()
        span = max(1.0, min(_MEASURED_SECONDS, now - self._since))
        bits = 8 * sum(size for _, size, _ in self._sent)
        return Sending(self._since, sum(one for *_, one in self._sent) / span, bits / span, *self._source)

    def end(self) -> None:
        self.goes_on = False
        self._let_go(self._clients | self._newcomers)

    def _hand_out(self, piece: bytes, *, picture: bool, key: bool) -> None:
        self._sent.append((time.time(), len(piece), picture))
        if key:
            self._clients |= self._newcomers
            self._newcomers.clear()
        self._let_go({client for client in self._clients if client.full()})
        for client in self._clients:
            client.put_nowait(piece)

    def _begin_anew(self) -> None:
        """Another encoder follows; who has just come waits for it."""
        self._let_go(set(self._clients))

    def _let_go(self, clients: set[Client]) -> None:
        for client in clients:
            self.leave(client)
            if client.full():
                client.get_nowait()
            client.put_nowait(None)

    # In the thread

    def _run(self) -> None:
        try:
            self._encode()
        except (av.FFmpegError, ValueError) as error:
            log.warning("a browser's pictures cannot be encoded: %s", error)
        finally:
            self.goes_on = False
            self._tell(self.end)

    def _encode(self) -> None:
        begun = last_picture = time.monotonic()
        due = begun - 1 / MOST_A_SECOND
        ways = {av.VideoFrame: SwiftestWay(), av.AudioFrame: SwiftestWay()}
        encoder: BrowserEncoder | None = None
        heard = False
        while self.goes_on and time.monotonic() - last_picture < SILENT_SECONDS:
            try:
                frame, arrived = self._frames.get(timeout=SILENT_SECONDS / 10)
            except queue.Empty:
                continue
            at = ways[type(frame)].taken_at(frame.time or 0.0, arrived) - begun
            if isinstance(frame, av.AudioFrame):
                heard = True
                if encoder is not None and encoder.has_sound:
                    self._tell(partial(self._hand_out, encoder.sound(frame, at), picture=False, key=False))
                continue
            last_picture = arrived
            if arrived < due or (not heard and arrived < self._sound_until):
                continue
            due = max(due + 1 / MOST_A_SECOND, arrived - 1 / MOST_A_SECOND)
            encoder = self._fitting(encoder, frame, heard)
            piece, key = encoder.picture(frame, at, key=bool(self._newcomers))
            self._tell(partial(self._hand_out, piece, picture=True, key=key))

    def _fitting(self, encoder: BrowserEncoder | None, frame: av.VideoFrame, heard: bool) -> BrowserEncoder:
        """An encoder for pictures of that shape: another one when the phone was turned or sound was added."""
        self._source = frame.width, frame.height
        if encoder is not None:
            if has_shape(encoder.size, *self._source) and encoder.has_sound >= heard:
                return encoder
            self._tell(self._begin_anew)
        return BrowserEncoder(size_for(*self._source), sound=heard)

    def _tell(self, what: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop is closed: the process ends
            self._loop.call_soon_threadsafe(what)
