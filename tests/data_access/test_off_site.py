"""Off-site sessions: what is on today, the camera of a place, who watches it, and when it is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import accounts, cameras, live_views, off_site
from data_access.models import TradingSession
from data_access.off_site import PlaceTaken
from domain.periods import Period, day_of
from domain.vocabulary import CameraSource, Role, RoomType, SessionStatus, SessionType

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
TODAY = Period(day_of(NOW), day_of(NOW) + timedelta(days=1))
WEB = "http://127.0.0.1:8501"


def held(session: Session, code: str, **values: object) -> TradingSession:
    given = {
        "type": SessionType.OPENING,
        "off_site": True,
        "planned_start": NOW,
        "status": SessionStatus.SCHEDULED,
        "source_system": "test",
        "source_key": code,
    }
    made = TradingSession(code=code, **(given | values))
    session.add(made)
    session.flush()
    return made


def started(
    session: Session,
    place: str = "镇政府",
    room_type: RoomType = RoomType.OFF_SITE,
    held_id: int | None = None,
) -> cameras.CameraRow:
    return off_site.start(session, place=place, room_type=room_type, held_id=held_id, web_url=WEB, at=NOW)


def test_todays_off_site_sessions_are_offered(session: Session) -> None:
    held(session, "today")
    held(session, "still-open", planned_start=NOW - timedelta(hours=20), status=SessionStatus.OPEN)
    held(session, "in-a-room", off_site=False)
    held(session, "tomorrow", planned_start=NOW + timedelta(days=1))
    held(session, "cancelled", status=SessionStatus.CANCELLED)
    held(session, "over", status=SessionStatus.DONE)
    found = off_site.sessions_of(session, TODAY, NOW)
    assert [one.code for one in found] == ["still-open", "today"]
    assert found[1].place is None


def test_a_place_becomes_a_room_with_a_camera_that_the_session_is_held_in(session: Session) -> None:
    opening = held(session, "opening")
    camera = started(session, held_id=opening.id)
    assert (camera.room_name, camera.room_type) == ("镇政府", RoomType.OFF_SITE)
    assert (camera.source, camera.enabled) == (CameraSource.BROWSER, True)
    assert camera.url.startswith(f"{WEB}/off-site/{camera.id}.ts?key=")
    assert len(camera.url.partition("key=")[2]) >= 32
    assert opening.room_id == camera.room_id
    assert off_site.sessions_of(session, TODAY, NOW)[0].place == "镇政府"


def test_a_session_in_a_room_keeps_its_room(session: Session) -> None:
    inside = held(session, "inside", off_site=False)
    started(session, held_id=inside.id)
    assert inside.room_id is None


@pytest.mark.parametrize(
    ("session_type", "room_type"),
    [
        (SessionType.OPENING, RoomType.OFF_SITE),
        (SessionType.EVALUATION, RoomType.EVALUATION),
        (SessionType.NEGOTIATION, RoomType.NEGOTIATION),
        (SessionType.EXPERT_DRAW, RoomType.EXPERT_DRAW),
    ],
)
def test_a_confidential_stage_is_confidential_outside_too(
    session: Session, session_type: SessionType, room_type: RoomType
) -> None:
    assert off_site.room_type_of(session_type) is room_type
    assert started(session, room_type=room_type).room_type == room_type


def test_opening_and_evaluation_at_one_place_have_rooms_of_their_own(session: Session) -> None:
    opening, evaluation = started(session), started(session, room_type=RoomType.EVALUATION)
    assert (opening.room_name, evaluation.room_name) == ("镇政府", "镇政府（评标）")
    assert opening.id != evaluation.id


def test_starting_again_keeps_the_camera_and_after_a_stop_has_another_key(session: Session) -> None:
    first = started(session)
    assert started(session) == first
    cameras.switch(session, first.id, enabled=False)
    again = started(session)
    assert (again.id, again.enabled) == (first.id, True)
    assert again.url != first.url


def test_a_room_of_the_centre_is_no_outside_place(session: Session) -> None:
    cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
    with pytest.raises(PlaceTaken):
        started(session, place="开标一室")


def test_the_inspectors_that_watch_now_are_counted_once_each(session: Session) -> None:
    camera = started(session)
    people = {
        name: accounts.add(session, name, "long enough password", role, now=NOW)
        for name, role in (("wang", Role.INSPECTOR), ("li", Role.INSPECTOR), ("zhao", Role.STAFF))
    }
    watches = [("wang", "a", 0), ("wang", "b", 0), ("zhao", "c", 0), ("li", "d", 300)]
    for name, token, seconds_ago in watches:
        live_views.begin(
            session,
            token=token,
            web_session=b"x",
            account_id=people[name].id,
            role=people[name].role,
            camera_id=camera.id,
            upstream="",
            at=NOW - timedelta(seconds=seconds_ago),
        )
    session.flush()
    received = off_site.reception(session, camera.id, NOW)
    assert (received.enabled, received.recorded_since, received.inspectors) == (True, None, 1)


def test_a_camera_is_forgotten_when_its_session_is_over_and_nothing_comes(session: Session) -> None:
    opening = held(session, "opening", status=SessionStatus.OPEN)
    camera = started(session, held_id=opening.id)
    later = NOW + off_site.FORGOTTEN_AFTER + timedelta(seconds=1)
    assert not off_site.is_forgotten(session, camera.id, later)  # the session is on
    opening.status = SessionStatus.DONE
    session.flush()
    assert not off_site.is_forgotten(session, camera.id, NOW + timedelta(minutes=1))
    assert off_site.is_forgotten(session, camera.id, later)
    cameras.report_status(session, camera.id, recording=True, last_frame_at=later, message="", at=later)
    assert not off_site.is_forgotten(session, camera.id, later)


def test_the_wall_expects_a_place_only_while_its_camera_is_in_service(session: Session) -> None:
    room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
    fixed = cameras.add(session, room_id=room.id, name="固定", url="rtsp://camera", at=NOW)
    cameras.switch(session, fixed.id, enabled=False)
    camera = started(session)
    assert {one.name for one in cameras.installed_cameras(session)} == {"固定", camera.name}
    cameras.switch(session, camera.id, enabled=False)
    assert [one.name for one in cameras.installed_cameras(session)] == ["固定"]


def test_only_cameras_of_browsers_are_forgotten(session: Session) -> None:
    room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
    fixed = cameras.add(session, room_id=room.id, name="固定", url="rtsp://camera", at=NOW)
    assert not off_site.is_forgotten(session, fixed.id, NOW + timedelta(days=1))
    assert off_site.camera_of(session, "开标一室") is None
    assert session.scalar(select(TradingSession)) is None
