"""The health page tells what is, to everybody, and addresses only to those who keep the cameras."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import access, health_view
from dashboard.access import Viewer
from data_access import alerts, cameras, footage_gaps
from data_access.alerts import Subject
from data_access.cameras import CameraRow, StreamNow
from data_access.engine import transaction
from data_access.models import FootageRun
from data_access.settings import settings
from domain.vocabulary import AlertKind, GapCause, Role, RoomType

PAGE = Path(__file__).parents[2] / "pages" / "health.py"
URL = "rtsp://admin:s3cret@10.1.2.3/1"

Open = Callable[..., dict[str, Any]]


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def camera(configured: None, now: datetime) -> CameraRow:
    with transaction() as session:
        room = cameras.add_room(session, "评标室", RoomType.EVALUATION)
        return cameras.add(
            session,
            room_id=room.id,
            name="评标室-全景",
            url=URL,
            at=now - timedelta(days=2),
            codec="hevc",
            width=1920,
            height=1080,
            gop_seconds=10,
            has_b_frames=True,
        )


@pytest.fixture
def board(configured: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens the page and returns what its board is given to draw."""
    st.cache_data.clear()
    given: list[dict[str, Any]] = []

    def drawn(**arguments: Any) -> None:
        given.append(arguments["data"])

    monkeypatch.setattr(health_view, "_BOARD", drawn)

    def run(role: Role = Role.INSPECTOR, language: str = "zh") -> dict[str, Any]:
        monkeypatch.setattr(access, "viewer", lambda: Viewer(1, "wang", "王", role))
        test = AppTest.from_file(str(PAGE), default_timeout=30)
        test.session_state["language"] = language
        test.run()
        assert not test.exception
        warned = [one.value for one in test.warning]
        return given[-1] | {"warned": warned, "noted": " ".join(one.value for one in test.markdown)}

    yield run
    st.cache_data.clear()


def report(camera: CameraRow, now: datetime, **told: Any) -> None:
    seen: dict[str, Any] = {
        "recording": True,
        "last_frame_at": now,
        "message": "",
        "stream": StreamNow(),
    } | told
    with transaction() as session:
        cameras.report_status(session, camera.id, at=datetime.now(UTC), **seen)


def figure(board: dict[str, Any], name: str) -> str:
    return next(str(one["value"]) for one in board["figures"] if one["name"] == name)


def test_a_recorded_camera_shows_what_it_sends(board: Open, camera: CameraRow, now: datetime) -> None:
    stream = StreamNow(now, "h264", 1280, 720, 24.97, 2_140_000, "aac", 3.21)
    report(camera, now, stream=stream)
    with transaction() as session:
        session.add(FootageRun(camera_id=camera.id, started_at=camera.added_at, ended_at=now))
    shown = board()
    (row,) = shown["rows"]
    cells = {name: (cell["text"], cell["below"]) for name, cell in row["cells"].items()}
    assert cells["camera"] == ("评标室-全景", "评标室")
    assert cells["state"] == ("正在录像", "")
    assert cells["stream"] == ("H.264 1280×720", "AAC")
    assert cells["rate"] == ("25 帧/秒", "2.14 Mb/s")
    assert cells["uptime"] == ("今日 100.00%", "30 天 100.00%")
    assert cells["clock"] == ("快 3.2 秒", "")
    assert row["cells"]["clock"]["tone"] == "watch"
    assert any("网络校时" in advice for advice in row["advice"])
    assert (figure(shown, "online"), figure(shown, "recording")) == ("1 / 1", "1 / 1")
    assert sum(piece["width"] for piece in row["strip"]) == pytest.approx(100, abs=0.1)


def test_a_lost_camera_says_why_and_what_to_mend(board: Open, camera: CameraRow, now: datetime) -> None:
    lost = now - timedelta(hours=6)
    message = "用户名或密码被拒绝 / user name or password refused"
    report(camera, lost, recording=False, message=message)
    with transaction() as session:
        session.add(FootageRun(camera_id=camera.id, started_at=camera.added_at, ended_at=lost))
        footage_gaps.record_gap(session, camera.id, lost, now, cause=GapCause.CAMERA, detail=message)
    shown = board(language="en")
    (row,) = shown["rows"]
    assert row["cells"]["state"] == {"text": "Signal lost", "below": "", "tone": "bad", "below_tone": ""}
    assert row["cells"]["last_frame"]["text"] == "6 h"
    assert row["cells"]["stream"]["text"] == "H.265 1920×1080"
    assert ["Reason", "user name or password refused"] in row["details"]
    assert len(row["advice"]) == 5  # H.265, B-frames, long GOP, no sound, no sub-stream
    (piece,) = (piece for piece in row["strip"] if piece["kind"] == "camera")
    assert piece["width"] == pytest.approx(25, abs=0.1)
    assert "password refused" in piece["text"]
    assert row["cells"]["uptime"]["below"] == "30 days 87.50%"
    assert figure(shown, "online") == "0 / 1"


@pytest.mark.parametrize(
    ("role", "sees"),
    [(Role.ADMINISTRATOR, True), (Role.STAFF, True), (Role.SUPERVISOR, False), (Role.INSPECTOR, False)],
)
def test_addresses_are_for_those_who_keep_the_cameras_and_never_hold_the_password(
    board: Open, camera: CameraRow, role: Role, *, sees: bool
) -> None:
    shown = str(board(role))
    assert ("10.1.2.3" in shown) is sees
    assert "s3cret" not in shown


def test_a_silent_recorder_is_told_above_the_table(board: Open, camera: CameraRow) -> None:
    shown = board()
    assert shown["rows"][0]["cells"]["state"]["text"] == "无回报"
    assert "录像服务没有回报" in shown["warned"][0]


def test_a_disabled_camera_counts_nowhere(board: Open, camera: CameraRow) -> None:
    with transaction() as session:
        cameras.switch(session, camera.id, enabled=False)
    shown = board()
    assert figure(shown, "online") == "0 / 0"
    assert shown["rows"][0]["cells"]["state"]["text"] == "已停用"


def test_alerts_stand_with_their_times_the_open_ones_first(
    board: Open, camera: CameraRow, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        for subject, zh, minutes in (
            (Subject(AlertKind.DISK_LOW, "disk"), "磁盘将满", 5),
            (Subject(AlertKind.CAMERA_LOST, "camera:1", camera.id), "摄像头中断", 10),
        ):
            alerts.begin(session, subject, zh=zh, en="x", at=now - timedelta(minutes=minutes))
        (newest, _) = alerts.open_alerts(session)
        alerts.clear(session, newest.id, now)
    shown = board()
    assert [(one["text"], one["state"]) for one in shown["alerts"]] == [
        ("摄像头中断", "未恢复"),
        ("磁盘将满", "已恢复"),
    ]
    assert figure(shown, "alerts") == "1"
    assert "未设置告警通知地址" in shown["told_note"]
    monkeypatch.setenv("MINGJING_ALERT_URLS", "json://user:s3cret@localhost")
    settings.cache_clear()
    shown = board()
    assert shown["told_note"] == ""
    assert shown["alerts"][0]["told"] == "未通知"
    assert "s3cret" not in str(shown)


def test_without_cameras_the_page_says_what_to_do(board: Open) -> None:
    assert "还没有摄像头" in board()["noted"]


def test_figures_and_columns_carry_their_definitions(board: Open, camera: CameraRow) -> None:
    shown = board()
    assert all(one["definition"] for one in (*shown["figures"], *shown["columns"]))
