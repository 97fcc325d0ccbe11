"""Cameras are taken in on their page: found, probed, advised on, saved, switched and removed, all noted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from dashboard import access, camera_search
from dashboard.access import Viewer
from data_access import cameras
from data_access.cameras import RoomRow
from data_access.engine import transaction
from data_access.models import AuditEntry
from domain.vocabulary import Role, RoomType
from media.onvif_discovery import Device
from tests.installation import free_ports
from tests.media.onvif_device import PASSWORD, USER, OnvifDevice, onvif_device
from tests.media.rtsp_server import rtsp_camera

PAGE = Path(__file__).parents[2] / "pages" / "cameras.py"

Open = Callable[..., AppTest]


@pytest.fixture
def opened(configured: None, monkeypatch: pytest.MonkeyPatch) -> Open:
    def run(role: Role = Role.STAFF) -> AppTest:
        monkeypatch.setattr(access, "viewer", lambda: Viewer(1, "li", "李", role))
        test = AppTest.from_file(str(PAGE), default_timeout=90).run()
        assert not test.exception
        return test

    return run


@pytest.fixture(scope="module")
def rtsp_url() -> Iterator[str]:
    with rtsp_camera(fps=10, gop=10) as url:
        yield url


@pytest.fixture
def badly_set_url() -> Iterator[str]:
    with rtsp_camera(fps=10, gop=45, audio="none") as url:
        yield url


@pytest.fixture
def rooms(configured: None) -> dict[str, RoomRow]:
    with transaction() as session:
        return {
            name: cameras.add_room(session, name, kind)
            for name, kind in (("开标一室", RoomType.BID_OPENING), ("评标室", RoomType.EVALUATION))
        }


def fill(test: AppTest, *, room: int | None = None, **fields: str) -> AppTest:
    if room is not None:
        test.selectbox("camera_room").select(room).run()
    for name, text in fields.items():
        test.text_input(f"camera_{name}").input(text)
    return test


def press(test: AppTest, key: str) -> AppTest:
    test.button(key).click().run()
    assert not test.exception
    return test


def told(test: AppTest) -> str:
    kinds = (test.error, test.warning, test.info, test.success, test.caption, test.markdown)
    return "\n".join(str(one.value) for kind in kinds for one in kind)


def entries(action: str) -> list[AuditEntry]:
    with transaction() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_footage_of_a_camera_is_kept_longer_but_never_shorter_than_the_installation_says(
    opened: Open, rooms: dict[str, RoomRow]
) -> None:
    with transaction() as session:
        added = cameras.add(
            session, room_id=rooms["开标一室"].id, name="开标一室-侧面", url="rtsp://c", at=datetime.now(UTC)
        )
    test = opened()
    assert "30 天 · 系统默认" in test.dataframe[0].value["保存期"].item()
    test.selectbox("camera_chosen").select(added.id).run()
    days = test.number_input(f"camera_days_{added.id}")
    assert (days.value, days.min) == (30, 30)
    days.set_value(45)
    next(
        button for button in test.button if button.label == "保存" and button.form_id == "camera_days"
    ).click()
    test.run()
    assert "录像今后保存 45 天" in told(test)
    assert "45 天 · 此摄像头" in test.dataframe[0].value["保存期"].item()
    assert entries("camera_days")[0].detail == {"days": 45, "before": None}


@pytest.mark.rtsp
def test_a_camera_is_probed_advised_on_saved_disabled_and_removed(
    opened: Open, rooms: dict[str, RoomRow], badly_set_url: str
) -> None:
    test = fill(opened(), room=rooms["开标一室"].id, name="开标一室-侧面", main_url=badly_set_url)
    fill(test, user="admin", password="s3cret")
    press(test, "probe")
    shown = told(test)
    assert "关键帧间隔过长" in shown
    assert "没有声音" in shown
    assert "未填写子码流" in shown
    assert "B 帧：" not in shown
    assert len(test.image) == 1
    assert entries("camera_still")[0].actor == "li"

    test.radio("camera_record").set_value("sessions").run()
    press(test, "save")
    assert "“开标一室\\-侧面”已接入" in told(test)
    assert test.text_input("camera_password").value == ""
    with transaction() as session:
        (added,) = cameras.all_cameras(session)
    assert added.url == badly_set_url.replace("rtsp://", "rtsp://admin:s3cret@")
    assert (added.codec, added.gop_seconds, added.enabled) == ("h264", 4.5, True)
    assert entries("camera_add")[0].detail["url"] == badly_set_url.replace("rtsp://", "rtsp://admin:***@")
    assert "s3cret" not in str(test.dataframe[0].value)

    test.selectbox("camera_chosen").select(added.id).run()
    press(test, "camera_switch")
    assert "已停用" in told(test)
    press(test, "camera_switch")
    assert "已启用" in told(test)
    assert added.recording_policy == "sessions"
    press(test, "camera_recording")
    assert "今后全天录像" in told(test)
    press(test, "camera_recording")
    assert "今后仅在场次期间录像" in told(test)
    press(test, "camera_remove")
    assert "移除“开标一室\\-侧面”？" in told(test)
    press(test, "camera_remove_cancelled")
    press(test, "camera_remove")
    press(test, "camera_remove_confirmed")
    assert "已移除" in told(test)
    with transaction() as session:
        assert cameras.all_cameras(session) == []
    assert [len(entries(f"camera_{what}")) for what in ("disable", "enable", "recording", "remove")] == [
        1,
        1,
        2,
        1,
    ]


def test_what_is_missing_or_wrong_is_said_and_what_was_typed_stays(
    opened: Open, rooms: dict[str, RoomRow]
) -> None:
    test = press(fill(opened(), main_url="10.1.2.3/stream"), "probe")
    assert [one.value for one in test.error] == [
        "请选择场所。",
        "请填写摄像头名称。",
        "地址须以 rtsp://、rtsps://、http:// 或 https:// 开头。",
    ]
    assert test.text_input("camera_main_url").value == "10.1.2.3/stream"
    with transaction() as session:
        cameras.add(session, room_id=rooms["开标一室"].id, name="全景", url="rtsp://a", at=datetime.now(UTC))
    press(fill(test, room=0, room_name="开标一室", name="全景", main_url="rtsp://10.1.2.3/1"), "probe")
    assert "已有名为“开标一室”的场所" in told(test)
    assert "已有名为“全景”的摄像头" in told(test)


def test_a_camera_that_cannot_be_reached_is_saved_only_on_purpose(
    opened: Open, rooms: dict[str, RoomRow]
) -> None:
    (port,) = free_ports(1)
    url = f"rtsp://127.0.0.1:{port}/1"
    test = fill(opened(), room=0, room_name="新开标室", name="新室-全景", main_url=url)
    press(test, "probe")
    assert "设备拒绝或断开了连接" in told(test)
    assert test.button("save").disabled
    assert test.text_input("camera_main_url").value == url
    test.checkbox("save_anyway").check().run()
    press(test, "save")
    with transaction() as session:
        (added,) = cameras.all_cameras(session)
    assert (added.room_name, added.room_type, added.codec) == ("新开标室", RoomType.BID_OPENING, None)


@pytest.mark.rtsp
def test_a_changed_form_is_to_be_probed_again(opened: Open, rooms: dict[str, RoomRow], rtsp_url: str) -> None:
    test = fill(opened(), room=rooms["开标一室"].id, name="全景", main_url=rtsp_url)
    press(test, "probe")
    fill(test, main_url=f"{rtsp_url}2").run()
    assert "请重新检测" in told(test)
    assert not [button for button in test.button if button.key == "save"]


@pytest.mark.rtsp
@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMINISTRATOR])
def test_no_picture_of_an_evaluation_room_is_shown_to_who_may_not_watch_it(
    opened: Open, rooms: dict[str, RoomRow], rtsp_url: str, role: Role
) -> None:
    test = fill(opened(role), room=rooms["评标室"].id, name="评标室-全景", main_url=rtsp_url)
    press(test, "probe")
    assert "此处不显示截图" in told(test)
    assert len(test.image) == 0
    assert entries("camera_still") == []


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.SUPERVISOR])
def test_who_keeps_no_cameras_sees_nothing_of_them(opened: Open, role: Role) -> None:
    test = opened(role)
    assert "仅对系统管理员和交易中心人员开放" in told(test)
    assert not test.button


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[OnvifDevice]:
    """A device that the search finds; the search itself is tested with the package's."""
    with onvif_device() as made:
        found = [Device("Lobby camera", "127.0.0.1", made.url)]
        monkeypatch.setattr(camera_search, "find_devices", lambda: found)
        yield made


def test_a_found_device_fills_in_its_stream_addresses_but_no_password(
    opened: Open, device: OnvifDevice
) -> None:
    test = press(opened(), "discover")
    test.text_input("device_user").input(USER)
    test.text_input("device_password").input("wrong")
    press(test, "read_addresses")
    assert "设备账号或密码被拒绝" in told(test)
    assert test.text_input("camera_main_url").value == ""
    test.text_input("device_password").input(PASSWORD)
    press(test, "read_addresses")
    assert "已填入下方：主码流 main（H.264 1920×1080）；子码流 sub（H.264 640×360）" in told(test)
    assert test.text_input("camera_main_url").value == "rtsp://127.0.0.1:554/main"
    assert test.text_input("camera_sub_url").value == "rtsp://127.0.0.1:554/sub"
    assert (test.text_input("camera_user").value, test.text_input("camera_password").value) == (
        USER,
        PASSWORD,
    )
    assert PASSWORD not in told(test)


def test_a_search_without_result_says_what_to_do(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_search, "find_devices", list)
    assert "没有查到设备" in told(press(opened(), "discover"))
