"""The transport stream: what FFmpeg reads of it is what was put in."""

import io

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.browser_encoder import BrowserEncoder, size_for
from media.transport_stream import TransportStream, adts_head
from tests.media.browser_frames import picture, tone


def coded(count: int) -> list[tuple[bytes, int, bool]]:
    """Pictures with their times (1/90000 s), and whether each is a key frame."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 64, 48, "yuv420p"
    context.options = {"tune": "zerolatency"}
    return [
        (bytes(packet), 90_000 + 3600 * number, packet.is_keyframe)
        for number in range(count)
        for packet in context.encode(picture(64, 48, number))
    ]


def test_pictures_come_back_unchanged_at_their_times() -> None:
    sent = coded(30)
    stream = TransportStream(sound=False)
    written = b"".join(stream.picture(data, pts, key=key) for data, pts, key in sent)
    with av.open(io.BytesIO(written), "r") as container:
        (video,) = container.streams
        assert (video.codec_context.name, container.streams.video[0].width) == ("h264", 64)
        read = [
            (bytes(packet), packet.pts, packet.is_keyframe) for packet in container.demux() if packet.size
        ]
    assert read == sent


def test_a_reader_may_begin_at_any_key_picture() -> None:
    stream = TransportStream(sound=False)
    (first, *_), again = coded(1), coded(30)
    stream.picture(first[0], first[1], key=True)
    late = b"".join(stream.picture(data, pts, key=key) for data, pts, key in again)
    with av.open(io.BytesIO(late), "r") as container:
        assert len(list(container.decode(video=0))) == 30


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 800), min_size=2, max_size=12))
def test_sound_of_any_size_comes_back_unchanged(sizes: list[int]) -> None:
    stream = TransportStream(sound=True)
    packets = [adts_head(size, 48_000, 1) + bytes([size % 251]) * size for size in sizes]
    written = b"".join(stream.picture(data, pts, key=key) for data, pts, key in coded(2))
    written += b"".join(stream.sound(data, 90_000 + 1920 * number) for number, data in enumerate(packets))
    assert len(written) % 188 == 0
    with av.open(io.BytesIO(written), "r", format="mpegts") as container:
        read = [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]
    assert b"".join(read) == b"".join(packets)


@pytest.mark.parametrize(
    ("source", "size"),
    [
        ((1280, 720), (1280, 720)),
        ((640, 360), (1280, 720)),
        ((1920, 1080), (1280, 720)),
        ((640, 480), (960, 720)),
        ((720, 1280), (720, 1280)),
        ((480, 640), (720, 960)),
        ((426, 240), (1278, 720)),
    ],
)
def test_pictures_are_fitted_into_720p_whatever_their_size(
    source: tuple[int, int], size: tuple[int, int]
) -> None:
    assert size_for(*source) == size


def test_a_browsers_pictures_have_no_b_frames_and_a_key_frame_every_two_seconds() -> None:
    encoder = BrowserEncoder((320, 180), sound=False)
    pieces = [encoder.picture(picture(640, 360, number), number / 25, key=False) for number in range(101)]
    assert [number for number, (_, key) in enumerate(pieces) if key] == [0, 50, 100]
    with av.open(io.BytesIO(b"".join(piece for piece, _ in pieces)), "r") as container:
        times = [packet.pts or 0 for packet in container.demux() if packet.size]
        assert container.streams.video[0].width == 320
    assert times == sorted(times)


def test_a_hole_in_the_sound_is_filled_with_silence() -> None:
    encoder = BrowserEncoder((320, 180), sound=True)
    pieces = [encoder.picture(picture(320, 180, 0), 0.0, key=True)[0]]
    pieces += [encoder.sound(tone(number), number * 0.02) for number in range(50)]
    pieces += [encoder.sound(tone(number), number * 0.02) for number in range(100, 150)]
    pieces.append(encoder.picture(picture(320, 180, 1), 3.0, key=True)[0])
    with av.open(io.BytesIO(b"".join(pieces)), "r") as container:
        frames = list(container.decode(audio=0))
    begun = frames[0].time or 0.0
    heard = [((one.time or 0.0) - begun, float(np.abs(one.to_ndarray()).max()) > 0.05) for one in frames]
    assert all(loud for at, loud in heard if 0.1 < at < 0.9 or 2.1 < at < 2.9)
    assert not any(loud for at, loud in heard if 1.1 < at < 1.9)
    assert heard[-1][0] == pytest.approx(3.0, abs=0.1)
