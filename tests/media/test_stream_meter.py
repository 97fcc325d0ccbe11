"""What the recorder says of a camera's stream is what the camera sends."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from data_access.cameras import NOT_CONNECTED, StatusRow
from media.camera import open_stream
from media.stream_meter import StreamMeter
from tests.installation import until
from tests.media import rtsp_server
from tests.media.camera_clip import BEGUN, FRAME_RATE, install_camera, make_clip, picture
from tests.media.test_recorder import running, status_of


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.ts", 1)


@pytest.fixture
def meter(clip: Path) -> StreamMeter:
    with open_stream(str(clip)) as container:
        return StreamMeter(container, BEGUN.timestamp())


def test_a_connection_tells_at_once_what_it_is_and_soon_how_fast(meter: StreamMeter) -> None:
    assert (meter.now.codec, meter.now.width, meter.now.height, meter.now.audio_codec) == (
        "h264",
        384,
        96,
        "aac",
    )
    assert meter.now.connected_since == BEGUN
    assert meter.now.frame_rate is None
    for number in range(3 * FRAME_RATE + 1):
        meter.count(picture(number))
    assert meter.now.frame_rate == pytest.approx(FRAME_RATE)
    assert meter.now.bits_per_second == pytest.approx(20 * 8 * FRAME_RATE)
    assert meter.now.clock_offset is None


def test_only_the_last_seconds_count(meter: StreamMeter) -> None:
    for number in range(20 * FRAME_RATE):
        meter.count(picture(number))
    for number in range(20 * FRAME_RATE, 31 * FRAME_RATE, 5):
        meter.count(picture(number))
    assert meter.now.frame_rate == pytest.approx(FRAME_RATE / 5, rel=0.05)


def test_sound_adds_to_the_bit_rate(meter: StreamMeter) -> None:
    for number in range(2 * FRAME_RATE + 1):
        meter.count(picture(number))
        meter.count(replace(picture(number), video=False, data=bytes(30)))
    assert meter.now.bits_per_second == pytest.approx(50 * 8 * FRAME_RATE, rel=0.03)


def test_a_jump_of_the_cameras_timestamps_leaves_no_wrong_rate(meter: StreamMeter) -> None:
    for number in [*range(2 * FRAME_RATE), *range(1000 * FRAME_RATE, 1003 * FRAME_RATE)]:
        meter.count(picture(number))
    assert meter.now.frame_rate == pytest.approx(FRAME_RATE)


def test_the_fastest_picture_tells_the_clock(meter: StreamMeter) -> None:
    for number in range(5 * FRAME_RATE):
        late = 0.5 if number % 50 else 0.01
        told = replace(picture(number), camera_time=picture(number).arrived_at + 7 - late)
        meter.count(told)
    assert meter.now.clock_offset == pytest.approx(7 - 0.01)


@pytest.mark.rtsp
def test_a_real_cameras_measurements_and_its_wrong_clock_are_reported(engine: Engine, tmp_path: Path) -> None:
    with rtsp_server.rtsp_camera(fps=20, gop=20, width=320, height=240) as url:
        camera_id = install_camera(engine, url).id
        begun = datetime.now(UTC)
        # The recorder's clock is 40 s slow, so the camera's is 40 s ahead of it.
        with running(engine, tmp_path, clock_ahead=-40):
            measured = until(lambda: _measured(status_of(engine, camera_id)), 60, "rates and clock are told")
            assert measured is not None
            stream = measured.stream
            assert (stream.codec, stream.width, stream.height, stream.audio_codec) == (
                "h264",
                320,
                240,
                "aac",
            )
            assert stream.frame_rate == pytest.approx(20, abs=1)
            assert stream.bits_per_second is not None
            assert 10_000 < stream.bits_per_second < 3_000_000
            assert stream.clock_offset == pytest.approx(40, abs=0.5)
            assert stream.connected_since is not None
            assert (stream.connected_since - begun).total_seconds() == pytest.approx(-40, abs=30)
        last = status_of(engine, camera_id)
        assert last is not None
        assert last.stream == NOT_CONNECTED


def _measured(status: StatusRow | None) -> StatusRow | None:
    known = status is not None and status.stream.clock_offset is not None and status.stream.frame_rate
    return status if known else None
