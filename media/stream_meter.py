"""What a camera sends now, measured over the last seconds while it is recorded."""

from collections import deque
from datetime import UTC, datetime

from av.container import InputContainer

from data_access.cameras import StreamNow
from media.stream_reader import JUMP_SECONDS, Sample

WINDOW_SECONDS = 10.0
_EVERY_SECONDS = 1.0  # between two measurements
_LEAST_SECONDS = 0.5  # of pictures that a rate is told of


class StreamMeter:
    """Measures one connection; `now` is replaced as a whole, so another thread may read it."""

    def __init__(self, container: InputContainer, connected_at: float) -> None:
        video = container.streams.video[0].codec_context
        audio = container.streams.audio
        self.now = StreamNow(
            connected_since=datetime.fromtimestamp(connected_at, UTC),
            codec=video.name,
            width=video.width,
            height=video.height,
            audio_codec=audio[0].codec_context.name.removesuffix("float") if audio else None,
        )
        self._pictures: deque[tuple[float, int]] = deque()  # seconds of the stream, bytes of all since
        self._offsets: deque[tuple[float, float]] = deque()  # seconds of the stream, of the camera's clock
        self._sound_bytes = 0
        self._told_at = float("-inf")

    def count(self, sample: Sample) -> None:
        """Takes what has arrived."""
        if not sample.video:
            self._sound_bytes += len(sample.data)
            return
        at = sample.seconds
        if self._pictures and abs(at - self._pictures[-1][0]) > JUMP_SECONDS:
            self._pictures.clear()
            self._offsets.clear()
        self._pictures.append((at, len(sample.data) + self._sound_bytes))
        self._sound_bytes = 0
        if sample.camera_time is not None:
            self._offsets.append((at, sample.camera_time - sample.arrived_at))
        for queue in (self._pictures, self._offsets):
            while queue and queue[0][0] < at - WINDOW_SECONDS:
                queue.popleft()
        if sample.arrived_at - self._told_at >= _EVERY_SECONDS or sample.arrived_at < self._told_at:
            self._told_at = sample.arrived_at
            self._measure()

    def _measure(self) -> None:
        span = self._pictures[-1][0] - self._pictures[0][0]
        if span < _LEAST_SECONDS:
            return
        # The window ends where its newest picture begins: that one's bytes belong to what follows.
        size = sum(size for _, size in self._pictures) - self._pictures[-1][1]
        before = self.now
        self.now = StreamNow(
            connected_since=before.connected_since,
            codec=before.codec,
            width=before.width,
            height=before.height,
            audio_codec=before.audio_codec,
            frame_rate=(len(self._pictures) - 1) / span,
            bits_per_second=8 * size / span,
            # The way through the network only makes the camera seem behind: the fastest picture tells best.
            clock_offset=max((offset for _, offset in self._offsets), default=None),
        )
