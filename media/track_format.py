"""How the samples of a segment's tracks are to be decoded, read from its `moov`."""

from dataclasses import dataclass
from functools import lru_cache

from media.mp4_boxes import U32, Box, children, find

_MP4A_HEAD, _PICTURE_HEAD = 36, 86  # the fixed fields of a sample entry, its box header included


@dataclass(frozen=True)
class TrackFormat:
    """A track's format, in whole boxes of the segment."""

    timescale: int  # ticks a second
    handler: bytes  # hdlr
    media_header: bytes  # vmhd or smhd
    data_information: bytes  # dinf
    sample_entry: bytes  # the one entry of stsd
    dimensions: bytes  # width and height of tkhd, 16.16

    def same_decoder(self, other: "TrackFormat") -> bool:
        """True when one decoder, set up once, can decode both."""
        return self.timescale == other.timescale and self._decoder == other._decoder

    @property
    def _decoder(self) -> tuple[bytes, ...]:
        """The sample entry without what it tells of the bit rate."""
        entry = self.sample_entry
        if entry[4:8] == b"mp4a":
            return entry[4:8], self.audio_configuration or entry
        boxes = children(entry, _PICTURE_HEAD)
        return entry[4:_PICTURE_HEAD], *(entry[box.start : box.end] for box in boxes if box.kind != b"btrt")

    @property
    def audio_configuration(self) -> bytes:
        """The AudioSpecificConfig of an `mp4a` entry (ISO/IEC 14496-3); empty when there is none."""
        boxes = self.sample_entry[_MP4A_HEAD:]
        found = find(boxes, b"esds") if self.sample_entry[4:8] == b"mp4a" else None
        return _descriptor(boxes[found.body + 4 : found.end], 0x03, 3, 0x04, 13, 0x05) if found else b""


def _descriptor(data: bytes, *path: int) -> bytes:
    """The content of nested MPEG-4 descriptors: tag, bytes to skip, tag, ... (14496-1 section 7.2.6)."""
    tag, rest = path[0], path[1:]
    while data:
        length, at = 0, 1
        while at < len(data):
            length = length << 7 | data[at] & 0x7F
            at += 1
            if not data[at - 1] & 0x80:
                break
        content, found = data[at : at + length], data[0]
        if found == tag:
            return _descriptor(content[rest[0] :], *rest[1:]) if rest else content
        data = data[at + length :]
    return b""


@lru_cache(maxsize=64)
def formats(header: bytes) -> tuple[TrackFormat, TrackFormat | None]:
    """The formats of video and sound in a segment's `ftyp moov`.

    Raises:
        KeyError: a box that every segment has is missing.
    """
    found: dict[bytes, TrackFormat] = {}
    movie = _required(header, b"moov")
    for trak in children(header, movie.body, movie.end):
        if trak.kind == b"trak":
            handler = _required(header, b"mdia", b"hdlr", inside=trak)
            found[header[handler.body + 8 : handler.body + 12]] = _format(header, trak, handler)
    return found[b"vide"], found.get(b"soun")


def _format(header: bytes, trak: Box, handler: Box) -> TrackFormat:
    information = _required(header, b"mdia", b"minf", inside=trak)
    media = _required(header, b"mdia", b"mdhd", inside=trak)
    entries = _required(header, b"stbl", b"stsd", inside=information)
    entry = next(children(header, entries.body + 8, entries.end), None)
    if entry is None:
        raise KeyError(b"stsd")
    media_header = find(header, b"vmhd", inside=information) or _required(header, b"smhd", inside=information)
    track_header = _required(header, b"tkhd", inside=trak)
    return TrackFormat(
        timescale=U32.unpack_from(header, media.body + (20 if header[media.body] else 12))[0],
        handler=_whole(header, handler),
        media_header=_whole(header, media_header),
        data_information=_whole(header, _required(header, b"dinf", inside=information)),
        sample_entry=_whole(header, entry),
        dimensions=header[track_header.end - 8 : track_header.end],
    )


def _required(data: bytes, *path: bytes, inside: Box | None = None) -> Box:
    found = find(data, *path, inside=inside)
    if found is None:
        raise KeyError(b"/".join(path))
    return found


def _whole(data: bytes, found: Box) -> bytes:
    return data[found.start : found.end]
