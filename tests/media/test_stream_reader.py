from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.fragment_writer import FragmentTrack, fragment
from media.stream_reader import ParametersChanged, Sample, StreamReader, TimestampsJumped, in_time_order
from tests.media.camera_clip import (
    FRAME_RATE,
    SOUND_RATE,
    ClipCamera,
    Clock,
    as_container,
    make_clip,
    picture,
)

offsets = st.lists(st.integers(1, 10), max_size=60)


@given(pictures=offsets, sounds=offsets, lag=st.floats(-0.4, 0.4))
@settings(max_examples=100, deadline=None)
def test_pictures_and_sound_come_out_in_the_order_of_their_time(
    pictures: list[int], sounds: list[int], lag: float
) -> None:
    """They arrive up to 0.4 s apart; whichever is earlier comes first, and none is lost."""
    template = picture(0)
    sent = [
        (seconds + (0 if video else lag), replace(template, video=video, seconds=seconds))
        for video, steps in ((True, pictures), (False, sounds))
        for seconds in (np.cumsum(steps) / 100).tolist()
    ]
    arrivals = [sample for _, sample in sorted(sent, key=lambda pair: pair[0])]
    merged = list(in_time_order(arrivals, both=True))
    assert [sample.seconds for sample in merged] == sorted(sample.seconds for sample in arrivals)
    assert sum(sample.video for sample in merged) == len(pictures)


def test_silence_holds_pictures_back_for_half_a_second_at_most() -> None:
    sent = 0.0

    def pictures() -> Iterator[Sample]:
        nonlocal sent
        for number in range(100):
            sent = number / FRAME_RATE
            yield picture(number)

    for sample in in_time_order(pictures(), both=True):
        assert sent - sample.seconds <= 0.6


def test_pictures_that_do_not_advance_are_dropped_and_counted(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.ts", 2, sound="")
    clock = Clock()
    with ClipCamera(clip, clock) as camera:
        reader = StreamReader(as_container(camera), clock)
        packets = list(camera.demux([camera.streams.video[0]]))
        packets.insert(10, packets[7])
        camera.demux = lambda _: iter(packets)  # type: ignore[method-assign,assignment]
        times = [sample.decode_time for sample in reader.samples()]
    assert len(times) == 2 * FRAME_RATE
    assert times == sorted(set(times))
    assert reader.dropped == 1


def test_a_jump_of_the_cameras_clock_ends_the_run_and_the_next_begins_with_a_key_picture(
    tmp_path: Path,
) -> None:
    clip = make_clip(tmp_path / "clip.ts", 4, sound="")
    clock = Clock()
    with ClipCamera(clip, clock) as camera:
        reader = StreamReader(as_container(camera), clock)
        packets = iter([p for p in camera.demux([camera.streams.video[0]]) if p.pts is not None])
        shifted = (moved(packet, 10 * 90_000 if number >= 30 else 0) for number, packet in enumerate(packets))
        camera.demux = lambda _: shifted  # type: ignore[method-assign,assignment]
        first: list[Sample] = []
        with pytest.raises(TimestampsJumped, match="跳变"):
            collect(first, reader.samples())
        second = list(reader.samples())
    assert len(first) == 30
    assert second[0].sync
    assert len(second) == 50


def test_another_picture_size_ends_the_reading(tmp_path: Path) -> None:
    clock = Clock()
    small = make_clip(tmp_path / "small.ts", 2, sound="")
    large = make_clip(tmp_path / "large.ts", 2, sound="", size=(480, 128))
    with ClipCamera(small, clock) as camera, ClipCamera(large, clock) as changed:
        reader = StreamReader(as_container(camera), clock)
        packets = [p for p in camera.demux([camera.streams.video[0]]) if p.pts is not None]
        for packet in changed.demux([changed.streams.video[0]]):
            if packet.pts is not None:
                packets.append(moved(packet, 2 * 90_000))
                packet.stream = camera.streams.video[0]
        camera.demux = lambda _: iter(packets)  # type: ignore[method-assign,assignment]
        read: list[Sample] = []
        with pytest.raises(ParametersChanged, match="编码参数"):
            collect(read, reader.samples())
    assert len(read) == 2 * FRAME_RATE


def collect(into: list[Sample], samples: Iterable[Sample]) -> None:
    """Unlike `extend` it keeps what came before an exception."""
    for sample in samples:
        into.append(sample)  # noqa: PERF402


@pytest.mark.parametrize(("codec", "held"), [("libmp3lame", True), ("libopus", True), ("ac3", False)])
def test_sound_that_mp4_can_hold_is_kept_as_it_is(tmp_path: Path, codec: str, held: bool) -> None:
    with av.open(str(make_clip(tmp_path / "clip.ts", 2, sound=codec))) as container:
        reader = StreamReader(container, lambda: 0.0)
        sounds = [sample for sample in reader.samples() if not sample.video]
        assert bool(sounds) is held
        assert bool(reader.left_out) is not held
        sound = FragmentTrack(
            track_id=2,
            decode_time=0,
            samples=[sample.data for sample in sounds],
            durations=[sample.duration for sample in sounds],
            composition_offsets=[0] * len(sounds),
            sync=[True] * len(sounds),
        )
        (tmp_path / "sound.mp4").write_bytes(reader.header() + fragment(1, [sound]))
    if held:
        with av.open(str(tmp_path / "sound.mp4")) as file:
            heard = sum(frame.samples for frame in file.decode(audio=0)) / SOUND_RATE
        assert heard == pytest.approx(2, abs=0.1)


def moved(packet: av.Packet, ticks: int) -> av.Packet:  # type: ignore[type-arg]
    assert packet.pts is not None
    assert packet.dts is not None
    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
    return packet
