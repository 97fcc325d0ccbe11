"""The transport stream of a demo camera."""

from __future__ import annotations

from typing import Any

import av
from av.packet import Packet

from media.demo_encoder import TICKS_PER_MS, TIME_BASE
from media.demo_sound import RATE, DemoSound


class DemoMuxer:
    """Wraps pictures and sound into MPEG-TS, the tables before each picture: clients begin anywhere."""

    def __init__(self, width: int, height: int, pitch: int) -> None:
        self._written: list[bytes] = []
        self._container = av.open(
            self,
            "w",
            format="mpegts",
            # A written length lets the reader deliver a picture without waiting for the next one.
            options={
                "omit_video_pes_length": "0",
                "mpegts_flags": "pat_pmt_at_frames",
                "flush_packets": "1",
                "pes_payload_size": "0",
            },
        )
        self._pictures = self._container.add_mux_stream("h264", width=width, height=height)
        self._sound = self._container.add_mux_stream("aac", rate=RATE)
        self._sounding = DemoSound(pitch)
        self._last_sound = -1

    def write(self, piece: bytes) -> None:
        """Called by the container."""
        self._written.append(bytes(piece))

    def wrap(self, picture: Packet[Any], at_ms: int) -> bytes:
        """The picture of an instant (milliseconds since 1970 UTC), and the sound since the one before."""
        assert picture.pts is not None
        began = picture.pts
        picture.stream = self._pictures
        self._container.mux(picture)
        for begins_ms, data in self._sounding.up_to(at_ms):
            self._mux_sound(data, began + (begins_ms - at_ms) * TICKS_PER_MS)
        piece = b"".join(self._written)
        self._written.clear()
        return piece

    def _mux_sound(self, data: bytes, pts: int) -> None:
        if pts > self._last_sound:  # not so when somebody has set the machine's clock
            packet: Packet[Any] = av.Packet(data)
            packet.pts = packet.dts = self._last_sound = pts
            packet.time_base = TIME_BASE
            packet.stream = self._sound
            self._container.mux(packet)
