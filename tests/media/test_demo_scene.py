"""The demo rooms: their clock can be read back, and they depend on nothing but the instant."""

import av
import numpy as np
import pytest

from media import demo_drawing
from media.demo_cameras import DEMO_CAMERAS, DemoCamera
from media.demo_encoder import film
from media.demo_scene import CLOCK_ROWS, Scene, read_clock, write_clock
from tests.media.camera_clip import clock_of

AT = 1_763_875_621_123


@pytest.mark.parametrize("width", [320, 384, 640, 960, 1280])
@pytest.mark.parametrize("at_ms", [0, 1, AT, 2**48 - 1])
def test_the_clock_strip_says_what_was_written(width: int, at_ms: int) -> None:
    rows = np.zeros((CLOCK_ROWS, width), np.uint8)
    write_clock(rows, at_ms)
    assert read_clock(rows) == at_ms


@pytest.mark.parametrize("demo", DEMO_CAMERAS, ids=lambda demo: demo.slug)
def test_the_clock_is_read_from_every_encoded_picture(demo: DemoCamera) -> None:
    scene = Scene(demo.scene_name, 640, 360)
    decoder = _decoder()
    read = [
        (at_ms, round(clock_of(frame) * 1000))
        for at_ms, packet in film(scene, AT, 4)
        for frame in decoder.decode(packet)
    ]
    assert len(read) == 50
    assert all(at_ms == clock for at_ms, clock in read)


def _decoder() -> av.VideoCodecContext:
    made = av.CodecContext.create("h264", "r")
    assert isinstance(made, av.VideoCodecContext)
    made.flags |= av.codec.context.Flags.low_delay
    made.thread_count = 1
    return made


def test_an_instant_always_looks_the_same() -> None:
    walked, jumped = Scene("评标室", 640, 360), Scene("评标室", 640, 360)
    for number in range(100):
        walked.draw(AT - 8000 + number * 80)
    assert np.array_equal(
        walked.draw(AT).to_ndarray(format="yuv420p"), jumped.draw(AT).to_ndarray(format="yuv420p")
    )


@pytest.mark.parametrize("demo", DEMO_CAMERAS, ids=lambda demo: demo.slug)
def test_people_and_the_light_move_within_a_second(demo: DemoCamera) -> None:
    scene = Scene(demo.scene_name, 960, 540)
    before = scene.draw(AT).to_ndarray(format="gray").copy()
    after = scene.draw(AT + 1000).to_ndarray(format="gray")
    changed = before != after
    assert changed[90:220].any(), "the light under the screen"
    assert changed[240:500].any(), "people"


def test_without_a_chinese_font_the_rooms_have_english_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_drawing, "_chinese_font", lambda: None)
    demo_drawing.font.cache_clear()
    assert demo_drawing.label("评标室") == "Evaluation room"
    assert demo_drawing.label("某个新房间") == "Camera"
    Scene("评标室", 320, 180).draw(AT)
    demo_drawing.font.cache_clear()
