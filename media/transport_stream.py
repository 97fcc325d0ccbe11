"""MPEG-TS (ISO/IEC 13818-1) of one H.264 picture stream and, if wanted, one AAC sound stream.

FFmpeg's muxer holds a picture back until something later has come; here each goes out at once.
"""

from __future__ import annotations

_PACKET = 188
_PMT_PID, _PICTURES_PID, _SOUND_PID = 0x1000, 0x100, 0x101
_H264, _AAC = 0x1B, 0x0F  # stream types, table 2-34
_LONGEST_PES = 0xFFFF
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)


class TransportStream:
    """Wraps coded pictures and sound; a reader may begin at each key picture, where the tables stand."""

    def __init__(self, *, sound: bool) -> None:
        self._counters: dict[int, int] = {}
        streams = [(_H264, _PICTURES_PID)] + ([(_AAC, _SOUND_PID)] if sound else [])
        self._pat = _section(0x00, (0xE000 | _PMT_PID).to_bytes(2), numbered=b"\x00\x01")
        described = b"".join(
            bytes((kind,)) + (0xE000 | pid).to_bytes(2) + b"\xf0\x00" for kind, pid in streams
        )
        self._pmt = _section(0x02, (0xE000 | _PICTURES_PID).to_bytes(2) + b"\xf0\x00" + described)

    def picture(self, data: bytes, pts: int, *, key: bool) -> bytes:
        """A picture between start codes (Annex B), shown at `pts` (1/90000 s)."""
        tables = self._packets(0, self._pat) + self._packets(_PMT_PID, self._pmt) if key else b""
        return tables + self._packets(_PICTURES_PID, _pes(0xE0, data, pts), clock=pts, key=key)

    def sound(self, data: bytes, pts: int) -> bytes:
        """An AAC packet with its ADTS head, heard at `pts` (1/90000 s)."""
        return self._packets(_SOUND_PID, _pes(0xC0, data, pts))

    def _packets(self, pid: int, payload: bytes, clock: int | None = None, *, key: bool = False) -> bytes:
        """The payload in packets of 188 bytes; the first one carries the clock, the last one is stuffed."""
        packets, first = [], True
        while payload or first:
            counter = self._counters[pid] = (self._counters.get(pid, -1) + 1) % 16
            field = _clock_field(clock, key=key) if first and clock is not None else b""
            field = _stuffed(field, _PACKET - 4 - len(field) - len(payload))
            body = payload[: _PACKET - 4 - len(field)]
            head = (0x4000 if first else 0) | pid
            packets.append(b"\x47" + head.to_bytes(2) + bytes(((0x30 if field else 0x10) | counter,)))
            packets += (field, body)
            payload, first = payload[len(body) :], False
        return b"".join(packets)


def adts_head(size: int, rate: int, channels: int) -> bytes:
    """The head before an AAC-LC packet of `size` bytes (ISO/IEC 14496-3 section 1.A.2)."""
    whole = size + 7
    return bytes(
        (
            0xFF,
            0xF1,
            1 << 6 | _RATES.index(rate) << 2,
            channels << 6 | whole >> 11,
            whole >> 3 & 0xFF,
            (whole & 7) << 5 | 0x1F,
            0xFC,
        )
    )


def _pes(stream_id: int, data: bytes, pts: int) -> bytes:
    """Section 2.4.3.6. The length is written where it fits: the reader then need not wait for the next."""
    length = len(data) + 8
    written = (length if length <= _LONGEST_PES else 0).to_bytes(2)
    return b"\x00\x00\x01" + bytes((stream_id,)) + written + b"\x84\x80\x05" + _timestamp(pts) + data


def _timestamp(pts: int) -> bytes:
    return bytes(
        (
            0x21 | pts >> 29 & 0x0E,
            pts >> 22 & 0xFF,
            0x01 | pts >> 14 & 0xFE,
            pts >> 7 & 0xFF,
            0x01 | pts << 1 & 0xFE,
        )
    )


def _clock_field(clock: int, *, key: bool) -> bytes:
    """An adaptation field (section 2.4.3.4) with the program clock, and the sign of a key picture."""
    flags = 0x50 if key else 0x10
    return bytes((7, flags)) + ((clock & 0x1FFFFFFFF) << 15 | 0x7E00).to_bytes(6)


def _stuffed(field: bytes, free: int) -> bytes:
    """The adaptation field, grown by the bytes of the packet that stay free."""
    if free <= 0:
        return field
    if not field:
        return bytes((free - 1,)) + (b"\x00" + b"\xff" * (free - 2) if free > 1 else b"")
    return bytes((field[0] + free,)) + field[1:] + b"\xff" * free


def _section(table: int, rest: bytes, numbered: bytes = b"") -> bytes:
    """A table (section 2.4.4) of program 1, behind its pointer, filled up to a packet."""
    body = b"\x00\x01\xc1\x00\x00" + numbered + rest
    head = bytes((table,)) + (0xB000 | len(body) + 4).to_bytes(2)
    section = b"\x00" + head + body + _crc(head + body).to_bytes(4)
    return section.ljust(_PACKET - 4, b"\xff")


def _crc(data: bytes) -> int:
    """CRC-32 of annex A."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)
            crc &= 0xFFFFFFFF
    return crc
