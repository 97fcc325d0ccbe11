"""Sends what a pull has ready to one viewer, for a fraction of what aiortc's own sender costs.

A picture is cut into RTP payloads once for all viewers (`Picture.payloads`). Each viewer's sender adds the
heads and the encryption, and hands packets of one size to the system together. Between viewers the event loop
breathes: a key picture for forty of them must not hold up everything else.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, cast

from aiortc import RTCRtpSender, clock
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.rtcrtpsender import random_sequence_number
from aiortc.rtp import HeaderExtensions
from aiortc.utils import random32

_HEAD = struct.Struct("!BBHII")
_VERSION, _EXTENDED, _MARKER = 0x80, 0x10, 0x80
_STREAM = "live"  # one name for picture and sound: browsers keep in step what is in one stream
_REMEMBERED = 512  # packets, for viewers that miss some (RFC 4585)
_TURN_SECONDS = 0.003
_SEGMENT = 103  # UDP_SEGMENT of linux/udp.h: many datagrams of one size in one system call
_AT_ONCE = 40  # datagrams; the system's limits are 64 and 64 KB
_NO_SEGMENTS = {errno.EINVAL, errno.EIO, errno.ENOPROTOOPT, errno.EOPNOTSUPP}


class _ReadyTrack(Protocol):
    async def payloads(self) -> tuple[Sequence[bytes], int]: ...

    def stop(self) -> None: ...


def quicken(sender: RTCRtpSender) -> None:
    """Lets a sender that has not begun yet send a track that has its payloads ready."""
    sender.__class__ = _ReadySender
    sender._stream_id = _STREAM


class _Turns:
    """Shares the event loop: who is late in one round of it sends in the next."""

    def __init__(self) -> None:
        self._begun: float | None = None

    async def take(self) -> None:
        while self._begun is not None and time.monotonic() - self._begun > _TURN_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(0)
        if self._begun is None:
            self._begun = time.monotonic()
            asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self._begun = None


_turns = _Turns()


class _Sent(NamedTuple):
    """What of a packet is its own."""

    number: int
    timestamp: int
    payload: bytes
    marker: int


class _Packets:
    """The RTP packets of one viewer, counted and remembered (RFC 3550)."""

    def __init__(self, payload_type: int, ssrc: int, extension: bytes, *, marks_ends: bool) -> None:
        self._payload_type = payload_type
        self._ssrc = ssrc
        self._extension = extension
        self._first = _VERSION | (_EXTENDED if extension else 0)
        self._marks_ends = marks_ends
        self._number = random_sequence_number()
        self._sent: list[_Sent | None] = [None] * _REMEMBERED
        self.began_at = random32()

    def of(self, payloads: Sequence[bytes], timestamp: int) -> Iterator[bytes]:
        """What a picture is sent as."""
        for payload in payloads:
            marker = _MARKER if self._marks_ends and payload is payloads[-1] else 0
            sent = _Sent(self._number, timestamp, payload, marker)
            self._sent[self._number % _REMEMBERED] = sent
            self._number = (self._number + 1) & 0xFFFF
            yield self._packet(sent, self._payload_type, self._ssrc)

    def again(self, number: int, payload_type: int | None, ssrc: int, own_number: int) -> bytes | None:
        """A packet that was lost, in its own stream (RFC 4588) if there is one; None: too long ago."""
        sent = self._sent[number % _REMEMBERED]
        if sent is None or sent.number != number:
            return None
        if payload_type is None:
            return self._packet(sent, self._payload_type, self._ssrc)
        payload = number.to_bytes(2, "big") + sent.payload
        return self._packet(sent._replace(number=own_number, payload=payload), payload_type, ssrc)

    def _packet(self, sent: _Sent, payload_type: int, ssrc: int) -> bytes:
        head = _HEAD.pack(self._first, sent.marker | payload_type, sent.number, sent.timestamp, ssrc)
        return head + self._extension + sent.payload


class _ReadySender(RTCRtpSender):
    """aiortc's sender with a sending loop of its own; all else, RTCP above all, stays aiortc's.

    aiortc keeps what the two share in private fields: `_own` and `_set_own` reach them.
    """

    def _own(self, name: str) -> Any:
        return getattr(self, f"_RTCRtpSender__{name}")

    def _set_own(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self, f"_RTCRtpSender__{name}", value)

    async def _run_rtp(self, codec: RTCRtpCodecParameters) -> None:
        """Called by aiortc when the viewer is connected."""
        self._own("rtp_started").set()
        track = cast("_ReadyTrack", self.track)
        assert codec.payloadType is not None
        self._packets = _Packets(
            codec.payloadType, self._ssrc, self._extension(), marks_ends=self.kind == "video"
        )
        try:
            while True:
                payloads, at = await track.payloads()
                await _turns.take()
                timestamp = (self._packets.began_at + at) & 0xFFFFFFFF
                self._send(self._packets.of(payloads, timestamp))
                self._report(payloads, timestamp, at / codec.clockRate)
        except (asyncio.CancelledError, ConnectionError, MediaStreamError):
            pass  # the viewer or the camera has gone
        finally:
            track.stop()
            self.replaceTrack(None)
            self._own("rtp_exited").set()

    def _extension(self) -> bytes:
        """Which of the connection's media this is (RFC 8843)."""
        values = HeaderExtensions(mid=self._own("mid"))
        profile, value = self._own("rtp_header_extensions_map").set(values)
        return struct.pack("!HH", profile, len(value) // 4) + value if value else b""

    def _report(self, payloads: Sequence[bytes], timestamp: int, at: float) -> None:
        """For the next sender report. By its clock, not by when it was sent: so sound and picture agree."""
        late = round((time.monotonic() - at) * (1 << 32))
        self._set_own(
            rtp_timestamp=timestamp,
            ntp_timestamp=clock.current_ntp_time() - late,
            packet_count=self._own("packet_count") + len(payloads),
            octet_count=self._own("octet_count") + sum(map(len, payloads)),
        )

    async def _retransmit(self, sequence_number: int) -> None:
        """Called by aiortc when the viewer misses a packet."""
        number = self._own("rtx_sequence_number")
        packet = self._packets.again(sequence_number, self._own("rtx_payload_type"), self._rtx_ssrc, number)
        if packet is not None:
            self._set_own(rtx_sequence_number=(number + 1) & 0xFFFF)
            self._send(iter([packet]))

    def _send(self, packets: Iterator[bytes]) -> None:
        """Encrypts and sends.

        Raises:
            ConnectionError: the viewer is not connected.
        """
        encrypted = self.transport
        pair = encrypted.transport._connection._nominated.get(1)
        if encrypted.state != "connected" or pair is None:
            raise ConnectionError("not connected")
        protect = encrypted._tx_srtp.protect
        _wire.send(pair.protocol.transport, [protect(packet) for packet in packets], pair.remote_addr)


class _Wire:
    """Datagrams of one size in one system call, where system and route allow it."""

    def __init__(self) -> None:
        self._together = True

    def send(
        self, transport: asyncio.DatagramTransport, datagrams: list[bytes], address: tuple[str, int]
    ) -> None:
        for run in _runs(datagrams):
            if not self._sent_together(getattr(transport, "_sock", None), run, address):
                for datagram in run:
                    transport.sendto(datagram, address)

    def _sent_together(self, way: socket.socket | None, run: list[bytes], address: tuple[str, int]) -> bool:
        if way is None or len(run) == 1 or not self._together:
            return False
        try:
            way.sendmsg(run, [(socket.IPPROTO_UDP, _SEGMENT, struct.pack("=H", len(run[0])))], 0, address)
        except BlockingIOError:
            pass  # the line is full: these are lost, and asked for again
        except OSError as error:
            self._together = error.errno not in _NO_SEGMENTS
            return False
        return True


_wire = _Wire()


def _runs(datagrams: list[bytes]) -> Iterator[list[bytes]]:
    """Stretches of one size; the last of a stretch may be shorter."""
    run: list[bytes] = []
    for datagram in datagrams:
        if run and (len(datagram) > len(run[0]) or len(run[-1]) < len(run[0]) or len(run) == _AT_ONCE):
            yield run
            run = []
        run.append(datagram)
    if run:
        yield run
