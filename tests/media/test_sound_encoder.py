"""G.711 becomes AAC: nothing is lost, nothing moves, and a hole stays a hole."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from data_access import footage
from data_access.engine import transaction
from media.camera_recorder import CameraRecorder, Surroundings
from media.sample_index import SampleIndex
from media.sound_encoder import PACKET, SoundEncoder
from media.virtual_mp4 import build
from tests.media.camera_clip import BEGUN, ClipCamera, Clock, as_container, install_camera, make_clip
from tests.media.test_camera_recorder import HOUR

RATE = 8000
BLOCK = RATE // 50  # samples in 20 ms, as cameras send them


def a_law(sound: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> bytes:
    """The bytes of G.711 for sound from -1 to 1."""
    encoder = av.CodecContext.create("pcm_alaw", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "mono", "s16"
    frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16)[None], "s16", "mono")
    frame.sample_rate = RATE
    return b"".join(bytes(packet) for packet in encoder.encode(frame))


def tone(seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return 0.4 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)


def encoded(encoder: SoundEncoder, blocks: list[tuple[int, bytes]]) -> list[tuple[bytes, int]]:
    """What becomes of blocks of sound, each at its tick."""
    found = [packet for tick, data in blocks for packet in encoder.feed(data, tick)]
    return found + list(encoder.finish())


def blocks_of(data: bytes, start: int = 0) -> list[tuple[int, bytes]]:
    return [(start + at, data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


def test_a_tone_sounds_as_before_and_at_its_time() -> None:
    encoder = SoundEncoder("pcm_alaw", RATE, 1)
    sound = tone(3)
    packets = encoded(encoder, blocks_of(a_law(sound), start=100))
    assert [tick for _, tick in packets] == [100 + PACKET * n for n in range(-1, len(packets) - 1)]
    decoder = av.CodecContext.create("aac", "r")
    decoder.extradata = encoder.context.extradata
    heard = np.concatenate(
        [f.to_ndarray()[0] for data, _ in packets for f in decoder.decode(av.Packet(data))]
    )
    heard = heard[PACKET : PACKET + len(sound)]
    noise = heard[RATE // 4 : -RATE // 4] - sound[RATE // 4 : -RATE // 4]
    assert 10 * np.log10(np.mean(sound**2) / np.mean(noise**2)) > 20


def test_a_hole_stays_a_hole_and_the_sound_after_it_begins_at_its_time() -> None:
    data = a_law(tone(1))
    encoder = SoundEncoder("pcm_alaw", RATE, 1)
    packets = encoded(encoder, [*blocks_of(data), *blocks_of(data, start=RATE * 3 // 2)])
    ticks = [tick for _, tick in packets]
    (hole,) = [(earlier, later) for earlier, later in pairwise(ticks) if later - earlier != PACKET]
    assert RATE <= hole[0] + PACKET < RATE + PACKET, "all that came before it is there"
    assert hole[1] == RATE * 3 // 2


@given(swings=st.lists(st.integers(-RATE // 40, RATE // 40), min_size=50, max_size=50))
@settings(max_examples=20, deadline=None)
def test_timestamps_are_steady_however_those_of_the_camera_swing(swings: list[int]) -> None:
    blocks = [
        (tick + swing, data) for (tick, data), swing in zip(blocks_of(a_law(tone(1))), swings, strict=True)
    ]
    ticks = [tick for _, tick in encoded(SoundEncoder("pcm_alaw", RATE, 1), blocks)]
    assert {later - earlier for earlier, later in pairwise(ticks)} == {PACKET}


@given(
    pieces=st.lists(
        st.tuples(st.integers(1, 3000), st.one_of(st.just(0), st.integers(700, 9000))),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=40, deadline=None)
def test_no_sound_is_lost_and_none_is_made_up_in_holes(pieces: list[tuple[int, int]]) -> None:
    """Pieces of any length, each with the hole behind it."""
    blocks, at, held = [], 0, []
    for length, hole in pieces:
        blocks.append((at, bytes([0xD5]) * length))
        held.append((at, at + length))
        at += length + hole
    ticks = [tick for _, tick in encoded(SoundEncoder("pcm_mulaw", RATE, 1), blocks)]
    assert ticks == sorted(set(ticks))
    covered = np.zeros(at + PACKET, np.bool_)
    for tick in ticks[1:]:
        covered[tick : tick + PACKET] = True
        assert any(begin - PACKET < tick < end for begin, end in held), "a packet of nothing"
    assert all(covered[begin:end].all() for begin, end in held)


@pytest.fixture
def recorded(engine: Engine, tmp_path: Path) -> Callable[[str], tuple[list[footage.Segment], str]]:
    """Records five seconds with sound of that codec into segments of two; gives what is said of it too."""

    def run(codec: str) -> tuple[list[footage.Segment], str]:
        clip = make_clip(tmp_path / "clip.mov", 5, sound=codec, container="mov", sound_rate=RATE)
        camera = install_camera(engine, "rtsp://camera/1")
        clock, said = Clock(), []

        def at_end() -> None:
            said.append(recorder.observed.message)
            recorder.stop()

        around = Surroundings(
            engine, tmp_path, 2, clock, lambda _: as_container(ClipCamera(clip, clock, at_end=at_end))
        )
        recorder = CameraRecorder(camera, around)
        recorder.run()
        with transaction(engine) as session:
            return footage.segments_between(session, camera.id, BEGUN - HOUR, BEGUN + HOUR), said[0]

    return run


@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw"])
def test_g711_is_recorded_as_aac_without_a_hole_at_the_borders(
    codec: str, recorded: Callable[[str], tuple[list[footage.Segment], str]], tmp_path: Path
) -> None:
    segments, said = recorded(codec)
    assert said == ""
    assert len(segments) == 3
    times: list[float] = []
    for segment in segments:
        sound = SampleIndex.unpack(segment.index).audio
        assert sound is not None
        assert sound.timescale == RATE
        for first, count in zip(sound.decode_times, sound.sample_counts, strict=True):
            begins = segment.started_at.timestamp() + first / RATE
            times += [begins + number * PACKET / RATE for number in range(count)]
    steps = {round((later - earlier) * RATE) for earlier, later in pairwise(times)}
    assert steps == {PACKET}
    assert times[0] - segments[0].started_at.timestamp() < PACKET / RATE
    assert times[-1] + PACKET / RATE >= segments[-1].ended_at.timestamp() - 0.1

    (tmp_path / "played.mp4").write_bytes(
        b"".join(build(segments, segments[0].started_at, segments[-1].ended_at, tmp_path).read())
    )
    with av.open(str(tmp_path / "played.mp4")) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    quarters = [heard[at : at + RATE // 4] for at in range(RATE // 2, len(heard) - RATE, RATE // 4)]
    loud = np.array([np.sqrt(np.mean(quarter**2)) for quarter in quarters])
    assert (abs(loud - 0.4 / np.sqrt(2)) < 0.05).all(), "the tone never breaks off"


def test_sound_that_cannot_be_kept_is_left_out_and_said(
    recorded: Callable[[str], tuple[list[footage.Segment], str]],
) -> None:
    segments, said = recorded("pcm_s16le")
    assert len(segments) == 3
    assert SampleIndex.unpack(segments[0].index).audio is None
    assert "声音未录" in said
    assert "pcm_s16le" in said
