"""`GET /live/status`: what the wall is told of the cameras, and of which it is told nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import live_status
from data_access import cameras
from data_access.cameras import StreamNow
from domain.vocabulary import RoomType
from tests.dashboard.test_footage_routes import SignedInAs
from tests.media.camera_clip import BEGUN

pytestmark = pytest.mark.usefixtures("configured")


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=live_status.routes, middleware=[Middleware(SignedInAs)])) as made:
        yield made


@pytest.fixture
def opening(engine: Engine) -> int:
    return add(engine, "开标一室", RoomType.BID_OPENING)


@pytest.fixture
def evaluation(engine: Engine) -> int:
    return add(engine, "评标室", RoomType.EVALUATION)


def add(engine: Engine, room_name: str, room_type: RoomType) -> int:
    with Session(engine) as session, session.begin():
        room = cameras.add_room(session, room_name, room_type)
        added = cameras.add(
            session, room_id=room.id, name=f"{room_name}-全景", url="rtsp://a:secret@x/1", at=BEGUN
        )
        return added.id


def report(
    engine: Engine,
    camera_id: int,
    *,
    recording: bool,
    message: str = "",
    ago: float = 0,
    audio_codec: str | None = None,
) -> None:
    at = datetime.now(UTC) - timedelta(seconds=ago)
    with Session(engine) as session, session.begin():
        cameras.report_status(
            session,
            camera_id,
            recording=recording,
            last_frame_at=at,
            message=message,
            at=at,
            stream=StreamNow(connected_since=at, audio_codec=audio_codec),
        )


def told(client: TestClient, *ids: int, role: str = "inspector") -> dict[int, dict[str, object]]:
    answer = client.get("/live/status", params={"cameras": ",".join(map(str, ids))}, headers={"x-role": role})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return {camera["id"]: camera for camera in answer.json()["cameras"]}


def test_a_camera_that_is_recorded_needs_no_reason(client: TestClient, engine: Engine, opening: int) -> None:
    report(engine, opening, recording=True, audio_codec="aac")
    assert told(client, opening)[opening] == {
        "id": opening,
        "enabled": True,
        "recording": True,
        "why": {"zh": "", "en": ""},
        "sound": True,
    }


def test_a_camera_that_is_not_recorded_comes_with_the_reason_in_both_languages(
    client: TestClient, engine: Engine, opening: int
) -> None:
    report(engine, opening, recording=False, message="5 秒内无应答 / no answer in 5 s")
    found = told(client, opening)[opening]
    assert (found["recording"], found["why"]) == (False, {"zh": "5 秒内无应答", "en": "no answer in 5 s"})
    assert found["sound"] is False


@pytest.mark.parametrize("reported", [True, False])
def test_a_recorder_that_has_fallen_silent_records_nothing(
    client: TestClient, engine: Engine, opening: int, reported: bool
) -> None:
    if reported:
        report(engine, opening, recording=True, ago=30)
    found = told(client, opening)[opening]
    assert (found["recording"], found["why"]) == (
        False,
        {"zh": "录像服务无应答", "en": "the recorder does not answer"},
    )


def test_a_camera_that_is_switched_off_says_so(client: TestClient, engine: Engine, opening: int) -> None:
    with Session(engine) as session, session.begin():
        cameras.switch(session, opening, enabled=False)
    found = told(client, opening)[opening]
    assert (found["enabled"], found["recording"]) == (False, False)
    assert found["why"] == {"zh": "摄像头已停用", "en": "the camera is switched off"}


@pytest.mark.parametrize(("role", "seen"), [("inspector", 2), ("supervisor", 1), ("staff", 1)])
def test_cameras_that_the_viewer_may_not_see_are_left_out(
    client: TestClient, opening: int, evaluation: int, role: str, seen: int
) -> None:
    found = told(client, opening, evaluation, 4711, role=role)
    assert len(found) == seen
    assert opening in found


def test_only_the_cameras_asked_for_are_told_of_and_no_address(
    client: TestClient, opening: int, evaluation: int
) -> None:
    answer = client.get("/live/status", params={"cameras": str(opening)})
    assert [camera["id"] for camera in answer.json()["cameras"]] == [opening]
    assert "secret" not in answer.text
    assert evaluation not in told(client, opening)


def test_the_servers_clock_comes_along(client: TestClient, opening: int) -> None:
    before = datetime.now(UTC).timestamp() * 1000
    now = client.get("/live/status", params={"cameras": str(opening)}).json()["now"]
    assert before - 1 <= now <= datetime.now(UTC).timestamp() * 1000


@pytest.mark.parametrize("cameras", ["", "1,x", "-1", "1;2", "9" * 12, ",".join(["1"] * 501)])
def test_what_is_no_list_of_cameras_is_refused(client: TestClient, cameras: str) -> None:
    answer = client.get("/live/status", params={"cameras": cameras})
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
