"""Packets of a camera become whole pictures."""

from media.h264 import PictureAssembler

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
