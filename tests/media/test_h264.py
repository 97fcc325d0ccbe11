"""Packets of a camera become whole pictures."""

from pathlib import Path

import av
import pytest
from aiortc.codecs.h264 import h264_depayload

from media.h264 import Picture, PictureAssembler, front_of
from tests.media.camera_clip import make_clip

START = b"\0\0\0\1"
SETS = START + b"\x67\x42" + START + b"\x68\xce"
KEY, KEY_CONTINUED = START + b"\x65\x88key", START + b"\x65\x42more"
NEXT, NEXT_CONTINUED = START + b"\x41\x9anext", START + b"\x41\x5cmore"


def test_a_key_picture_without_parameter_sets_gets_them() -> None:
    assembler = PictureAssembler(SETS)
    assert assembler.feed(KEY, 0, key=True) == []
    first, second = assembler.feed(NEXT, 3600, key=False)
    assert (first.data, first.timestamp, first.key) == (SETS + KEY, 0, True)
    assert (second.data, second.timestamp, second.key) == (NEXT, 3600, False)


def test_a_key_picture_with_parameter_sets_stays_as_it_is() -> None:
    assembler = PictureAssembler(SETS)
    assembler.feed(SETS + KEY, 0, key=True)
    assert assembler.feed(NEXT, 3600, key=False)[0].data == SETS + KEY


def test_whole_pictures_are_passed_on_at_once() -> None:
    assembler = PictureAssembler(b"")
    assembler.feed(KEY, 0, key=True)
    assembler.feed(NEXT, 3600, key=False)
    assert [picture.timestamp for picture in assembler.feed(NEXT, 7200, key=False)] == [7200]


def test_slices_of_a_picture_become_one() -> None:
    assembler = PictureAssembler(SETS)
    assembler.feed(KEY, 0, key=True)
    assembler.feed(KEY_CONTINUED, 0, key=True)
    (first,) = assembler.feed(NEXT, 3600, key=False)
    assert first.data == SETS + KEY + KEY_CONTINUED
    assembler.feed(NEXT_CONTINUED, 3600, key=False)
    (second,) = assembler.feed(NEXT, 7200, key=False)
    assert (second.data, second.timestamp) == (NEXT + NEXT_CONTINUED, 3600)


def test_slices_that_begin_later_are_put_together_from_then_on() -> None:
    assembler = PictureAssembler(SETS)
    assembler.feed(KEY, 0, key=True)
    assembler.feed(NEXT, 3600, key=False)
    assembler.feed(KEY_CONTINUED, 3600, key=True)  # the first half has gone already
    assembler.feed(KEY, 7200, key=True)
    assembler.feed(KEY_CONTINUED, 7200, key=True)
    (merged,) = assembler.feed(NEXT, 10800, key=False)
    assert (merged.data, merged.timestamp) == (SETS + KEY + KEY_CONTINUED, 7200)


def test_a_first_picture_without_timestamp_is_dated_by_the_next() -> None:
    assembler = PictureAssembler(SETS)
    assembler.feed(KEY, None, key=True)
    assert [picture.timestamp for picture in assembler.feed(NEXT, 90_000, key=False)] == [87_000, 90_000]


def test_a_first_picture_without_timestamp_takes_that_of_its_second_slice() -> None:
    assembler = PictureAssembler(SETS)
    assembler.feed(KEY, None, key=True)
    assembler.feed(KEY_CONTINUED, 500, key=True)
    assert [picture.timestamp for picture in assembler.feed(NEXT, 4100, key=False)] == [500]


def unpacked(payloads: list[bytes]) -> bytes:
    """What a receiver makes of them."""
    return b"".join(h264_depayload(payload) for payload in payloads)


@pytest.mark.parametrize("size", [1, 500, 1199, 1200, 1201, 2397, 60_000])
def test_a_picture_survives_its_way_through_rtp(size: int) -> None:
    slices = bytes(1 + n % 255 for n in range(size))
    data = SETS + START + b"\x65" + slices
    payloads = Picture(data, 0, key=True).payloads
    assert unpacked(payloads) == data
    assert max(map(len, payloads)) <= 1200


def test_many_small_slices_share_packets() -> None:
    data = SETS + b"".join(START + b"\x65" + bytes([n + 1]) * 300 for n in range(10))
    payloads = Picture(data, 0, key=True).payloads
    assert unpacked(payloads) == data
    assert len(payloads) == 4


def test_what_a_decoder_does_not_need_is_not_sent() -> None:
    delimiter, filler = START + b"\x09\x10", START + b"\x0c" + b"\xff" * 5000
    assert unpacked(Picture(delimiter + KEY + filler, 0, key=True).payloads) == KEY


@pytest.mark.parametrize(("name", "has_b"), [("with.ts", True), ("without.ts", False)])
def test_b_pictures_are_known_by_their_slices(name: str, has_b: bool, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / name, 1, b_frames=2 * has_b, sound="")
    with av.open(str(clip)) as container:
        fronts = [front_of(bytes(packet)) for packet in container.demux(video=0) if packet.size]
    assert any(front.is_b for front in fronts) == has_b
    assert all(front.has_slice and front.begins_picture for front in fronts)


def test_garbage_has_no_slice() -> None:
    for garbage in (b"", b"\0\0\1", b"\0\0\1\x65", b"\0" * 100, b"\xff" * 100, START + b"\x40\x01" * 40):
        assert not front_of(garbage).has_slice
    assert front_of(START + b"\x65" + b"\0" * 20).has_slice  # cut off in the middle of a code
