"""A camera is probed; what is wrong with it is said in plain words, without its password."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from media.camera import CameraUnreachable, CameraUnusable, open_stream, probe, redacted
from tests.media.camera_clip import SIZE, make_clip
from tests.media.rtsp_server import free_port, rtsp_camera


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.1.2.3:554/ch1", "rtsp://10.1.2.3:554/ch1"),
        ("rtsp://admin:secret@10.1.2.3:554/ch1", "rtsp://admin:***@10.1.2.3:554/ch1"),
        ("rtsp://admin:se@cret@10.1.2.3/ch1", "rtsp://admin:***@10.1.2.3/ch1"),
        ("rtsp://admin:se/cr#et?@10.1.2.3/ch1", "rtsp://admin:***@10.1.2.3/ch1"),
        ("rtsp://admin:123/45@10.1.2.3/ch1", "rtsp://admin:***@10.1.2.3/ch1"),
        ("http://10.1.2.3/v?user=a&password=secret&n=1", "http://10.1.2.3/v?user=a&password=***&n=1"),
        ("http://10.1.2.3/v?PWD=secret", "http://10.1.2.3/v?PWD=***"),
        ("/footage/a@b.mp4", "/footage/a@b.mp4"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redacted(url) == shown


def test_a_stream_is_measured(tmp_path: Path) -> None:
    facts = probe(str(make_clip(tmp_path / "clip.ts", 3.2)))
    assert (facts.codec, facts.audio_codec, facts.has_b_frames) == ("h264", "aac", False)
    assert (facts.width, facts.height) == SIZE
    assert facts.frame_rate == pytest.approx(25, abs=0.01)
    assert facts.gop_seconds == pytest.approx(1.0, abs=0.001)
    assert facts.bits_per_second > 1000


def test_b_frames_are_found(tmp_path: Path) -> None:
    facts = probe(str(make_clip(tmp_path / "clip.ts", 2.2, b_frames=2, sound="")))
    assert facts.has_b_frames
    assert facts.audio_codec is None


def test_a_stream_with_one_key_frame_has_no_known_gop(tmp_path: Path) -> None:
    assert probe(str(make_clip(tmp_path / "clip.ts", 0.8))).gop_seconds is None


def test_a_stream_without_video_cannot_be_used(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.ts"), "w") as out:
        stream = out.add_stream("aac", rate=48_000)
        for number in range(50):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), "fltp", "stereo")
            frame.sample_rate, frame.pts = 48_000, number * 1024
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(CameraUnusable, match="no video in the stream"):
        probe(str(tmp_path / "sound.ts"))


def test_a_codec_that_cannot_be_recorded_is_named(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.ts", 1, codec="mpeg2video", sound="")
    with pytest.raises(CameraUnusable, match="codec mpeg2video cannot be recorded"):
        probe(str(clip))


def test_a_missing_file_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(CameraUnreachable, match="no such file"):
        probe(str(tmp_path / "none.ts"))


def test_a_file_that_is_no_video_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!DOCTYPE html><html><body>Sign in</body></html>")
    with pytest.raises(CameraUnreachable, match="not a video stream"):
        probe(str(tmp_path / "page.html"))


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_dead_port_is_unreachable_and_the_password_stays_secret(scheme: str) -> None:
    url = f"{scheme}://admin:s3cret@127.0.0.1:{free_port()}/ch1"
    with pytest.raises(CameraUnreachable, match="refuses or drops the connection") as caught:
        probe(url)
    assert "s3cret" not in str(caught.value)
    assert "admin:***@127.0.0.1" in str(caught.value)
    assert "检查端口" in str(caught.value)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word, as a hung camera does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield listening.getsockname()[1]
        for one in taken:
            one.close()


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_silent_camera_is_given_up(scheme: str, silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.camera.OPEN_SECONDS", 1.0)
    begun = time.monotonic()
    with pytest.raises(CameraUnreachable, match="no answer in 5 s; check power and network"):
        open_stream(f"{scheme}://127.0.0.1:{silent_port}/ch1")
    assert time.monotonic() - begun < 4


@pytest.mark.rtsp
def test_an_rtsp_camera_is_measured() -> None:
    with rtsp_camera(audio="g711", gop=20) as url:
        facts = probe(url)
    assert (facts.codec, facts.audio_codec, facts.has_b_frames) == ("h264", "pcm_alaw", False)
    assert (facts.width, facts.height, facts.gop_seconds) == (480, 272, 0.8)
    assert facts.frame_rate == pytest.approx(25, abs=0.5)


@pytest.mark.rtsp
def test_an_rtsp_camera_with_h265_and_no_sound_is_measured() -> None:
    with rtsp_camera(codec="h265", audio="none") as url:
        facts = probe(url)
    assert (facts.codec, facts.audio_codec) == ("hevc", None)


@pytest.mark.rtsp
def test_an_rtsp_path_that_does_not_exist_is_named() -> None:
    with rtsp_camera() as url, pytest.raises(CameraUnreachable, match="no such stream"):
        probe(url.replace("/camera", "/nowhere"))
