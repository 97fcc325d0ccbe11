"""Writing fragmented MP4: the header of a stream, and one fragment after the other.

FFmpeg writes the header, because it knows every codec's configuration box. The fragments are written here:
FFmpeg's muxer moves or drops sound packets at the edges of a segment, and holds fragments back.
"""

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.container import OutputContainer

from media.fragmented_mp4 import (
    SAMPLE_IS_NOT_SYNC,
    TRUN_COMPOSITION,
    TRUN_DATA_OFFSET,
    TRUN_DURATION,
    TRUN_FLAGS,
    TRUN_SIZE,
)
from media.mp4_boxes import U32, U64, box, full_box

VIDEO_TIMESCALE = 90_000
VIDEO_TRACK, AUDIO_TRACK = 1, 2

_DEFAULT_BASE_IS_MOOF = 0x020000
_SYNC_FLAGS, _OTHER_FLAGS = 0x02000000, 0x01000000 | SAMPLE_IS_NOT_SYNC  # depends on none, on others


@dataclass(frozen=True)
class FragmentTrack:
    """The samples of one track in one fragment, in decode order; times in the track's timescale."""

    track_id: int
    decode_time: int
    samples: Sequence[bytes]
    durations: Sequence[int]
    composition_offsets: Sequence[int]
    sync: Sequence[bool]


def header(
    video: av.VideoStream,
    video_extradata: bytes,
    audio: av.AudioStream | AudioCodecContext | None = None,
    audio_extradata: bytes = b"",
) -> bytes:
    """`ftyp` and an empty `moov`: video is track 1 at 90 kHz, sound track 2 at its sample rate.

    Args:
        audio: a stream as it comes, or the open encoder of what is made of it.
    """
    sink = io.BytesIO()
    options = {
        "movflags": "frag_custom+empty_moov+default_base_moof",
        "use_editlist": "0",
        "video_track_timescale": str(VIDEO_TIMESCALE),
        "fflags": "bitexact",  # the same stream gives the same header, byte by byte
    }
    # Never closed in the usual way: that would append an empty fragment.
    container = av.open(sink, "w", format="mp4", options=options)
    _add_copied(container, video, video_extradata)
    if isinstance(audio, AudioCodecContext):
        _add_encoded(container, audio)
    elif audio is not None:
        _add_copied(container, audio, audio_extradata)
    container.start_encoding()
    written = sink.getvalue()
    container.close()
    return written


def _add_copied(
    container: OutputContainer, template: av.VideoStream | av.AudioStream, extradata: bytes
) -> None:
    context = container.add_stream_from_template(template).codec_context
    context.extradata = extradata
    context.bit_rate = 0  # what FFmpeg guesses of it changes while it reads, the format does not


def _add_encoded(container: OutputContainer, encoder: AudioCodecContext) -> None:
    """The stream opens an encoder of its own, which describes itself as the other one does."""
    stream = cast("av.AudioStream", container.add_stream(encoder.name, rate=encoder.sample_rate))
    stream.layout, stream.format = encoder.layout, encoder.format
    stream.bit_rate = encoder.bit_rate or 0


def fragment(sequence: int, tracks: Sequence[FragmentTrack]) -> bytes:
    """One `moof` and its `mdat`; the tracks' samples follow each other in the order given."""
    # The length of moof does not depend on the offsets in it, so it is built twice.
    length = len(_moof(sequence, tracks, 0))
    data = b"".join(sample for track in tracks for sample in track.samples)
    return _moof(sequence, tracks, length + 8) + box(b"mdat", data)


def _moof(sequence: int, tracks: Sequence[FragmentTrack], first_offset: int) -> bytes:
    trafs, offset = [], first_offset
    for track in tracks:
        trafs.append(_traf(track, offset))
        offset += sum(map(len, track.samples))
    return box(b"moof", full_box(b"mfhd", 0, 0, U32.pack(sequence)), *trafs)


def _traf(track: FragmentTrack, data_offset: int) -> bytes:
    flags = TRUN_DATA_OFFSET | TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS
    columns = [
        track.durations,
        [len(sample) for sample in track.samples],
        [_SYNC_FLAGS if sync else _OTHER_FLAGS for sync in track.sync],
    ]
    if any(track.composition_offsets):
        flags |= TRUN_COMPOSITION
        columns.append([offset & 0xFFFFFFFF for offset in track.composition_offsets])
    rows = np.array(columns, dtype=np.uint32).T.astype(">u4").tobytes()
    head = struct.pack(">Ii", len(track.samples), data_offset)
    return box(
        b"traf",
        full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF, U32.pack(track.track_id)),
        full_box(b"tfdt", 1, 0, U64.pack(track.decode_time)),
        full_box(b"trun", 1, flags, head, rows),  # version 1: composition offsets are signed
    )
