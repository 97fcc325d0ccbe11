"""The live page hands the wall what it may show, and remembers what a person chose."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from dashboard import access, live_player, talk_back
from dashboard.access import Viewer
from dashboard.live_choice import WallChoice, choice_of, keep_choice
from data_access import accounts, cameras
from data_access.models import TradingSession
from domain.vocabulary import Role, RoomType, SessionStatus, SessionType
from tests.media.camera_clip import BEGUN

PAGE = Path(__file__).parents[2] / "pages" / "live.py"
pytestmark = pytest.mark.usefixtures("configured")

Shown = dict[str, Any]
Open = Callable[..., Shown]


@pytest.fixture
def person(engine: Engine) -> Viewer:
    return make_person(engine, "wang")


def make_person(engine: Engine, name: str, role: Role = Role.INSPECTOR) -> Viewer:
    with Session(engine) as session, session.begin():
        account = accounts.add(session, name, "long-enough-1", role, now=BEGUN)
    return Viewer(account.id, account.name, account.display_name, account.role)


@pytest.fixture
def rooms(engine: Engine) -> dict[str, int]:
    """An opening room with two cameras, one switched off, and an evaluation room with one; their ids."""
    with Session(engine) as session, session.begin():
        opening = cameras.add_room(session, "开标一室", RoomType.BID_OPENING).id
        evaluation = cameras.add_room(session, "评标室", RoomType.EVALUATION).id
        for room, name in (
            (evaluation, "评标室-全景"),
            (opening, "开标一室-全景"),
            (opening, "开标一室-主席台"),
        ):
            url = f"rtsp://a:secret@10.0.0.1/{name}"
            added = cameras.add(session, room_id=room, name=name, url=url, sub_url=f"{url}/sub", at=BEGUN)
        cameras.switch(session, added.id, enabled=False)
    return {"opening": opening, "evaluation": evaluation}


@pytest.fixture
def opened(person: Viewer, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the page and returns what the wall is handed."""

    def run(viewer: Viewer = person, **link: str) -> Shown:
        handed: Shown = {}
        monkeypatch.setattr(access, "viewer", lambda: viewer)
        monkeypatch.setattr(live_player, "_WALL", lambda **given: handed.update(given["data"]))
        # Here is neither a navigation around the page nor a browser to talk with.
        monkeypatch.setattr(st, "page_link", lambda *_, **__: None)
        monkeypatch.setattr(talk_back, "talk_button", lambda *_: None)
        st.cache_data.clear()
        test = AppTest.from_file(str(PAGE), default_timeout=30)
        test.query_params.update(link)
        test.run()
        assert not test.exception
        return handed

    return run


def hold(
    engine: Engine, room_id: int, status: SessionStatus, minutes: int, kind: SessionType = SessionType.OPENING
) -> int:
    """A session that begins `minutes` from now, for an hour."""
    starts = datetime.now(UTC) + timedelta(minutes=minutes)
    begun = status is not SessionStatus.SCHEDULED
    with Session(engine) as session, session.begin():
        held = TradingSession(
            source_system="test",
            source_key=f"{room_id} {minutes}",
            code=f"KB{room_id}{minutes}",
            type=kind,
            room_id=room_id,
            planned_start=starts,
            planned_end=starts + timedelta(hours=1),
            actual_start=starts if begun else None,
            actual_end=datetime.now(UTC) if status is SessionStatus.DONE else None,
            status=status,
        )
        session.add(held)
        session.flush()
        return held.id


def test_the_wall_opens_with_the_sessions_on_now_by_type_of_room(
    engine: Engine, rooms: dict[str, int], opened: Open
) -> None:
    evaluated = hold(engine, rooms["evaluation"], SessionStatus.OPEN, -10, SessionType.EVALUATION)
    first = hold(engine, rooms["opening"], SessionStatus.OPEN, -20)
    hold(engine, rooms["opening"], SessionStatus.SCHEDULED, 20)
    wall = opened()
    assert (wall["session"], wall["notice"], wall["display"]) == (None, None, False)
    assert [held["id"] for held in wall["sessions"]] == [first, evaluated]
    assert [camera["place"] for camera in wall["cameras"]] == ["开标一室", "开标一室", "评标室"]


def test_no_address_of_a_camera_reaches_the_browser(rooms: dict[str, int], opened: Open) -> None:
    wall = opened()
    assert rooms
    assert "secret" not in str(wall)
    assert "10.0.0.1" not in str(wall)


def test_a_camera_says_whether_it_may_be_seen_and_is_in_use(
    engine: Engine, rooms: dict[str, int], opened: Open
) -> None:
    assert rooms
    supervisor = make_person(engine, "li", Role.SUPERVISOR)
    told = {
        f"{one['place']} {one['name']}": (one["allowed"], one["enabled"])
        for one in opened(supervisor)["cameras"]
    }
    assert told == {
        "开标一室 全景": (True, True),
        "开标一室 主席台": (True, False),
        "评标室 全景": (False, True),
    }
    assert all(one["allowed"] for one in opened()["cameras"])


@pytest.mark.parametrize(
    ("planned", "why"),
    [
        ((SessionStatus.OPEN, -10), None),
        ((SessionStatus.SCHEDULED, -10), None),
        ((SessionStatus.SCHEDULED, 30), "计划于"),
        ((SessionStatus.DONE, -70), "已经结束"),
    ],
)
def test_a_session_is_live_from_its_time_to_its_end(
    engine: Engine, rooms: dict[str, int], opened: Open, planned: tuple[SessionStatus, int], why: str | None
) -> None:
    session_id = hold(engine, rooms["opening"], *planned)
    wall = opened(session=str(session_id))
    assert (wall["session"], wall["room"]) == (session_id, rooms["opening"])
    if why is None:
        assert wall["notice"] is None
    else:
        assert why in wall["notice"][0]


def test_a_session_in_a_room_without_a_camera_says_so(engine: Engine, opened: Open) -> None:
    with Session(engine) as session, session.begin():
        room = cameras.add_room(session, "开标二室", RoomType.BID_OPENING).id
    wall = opened(session=str(hold(engine, room, SessionStatus.OPEN, -10)))
    assert "没有可用的摄像头" in wall["notice"][0]


@pytest.mark.parametrize("named", ["4711", "x", "-1", "9" * 20])
def test_a_link_to_no_session_opens_the_wall(opened: Open, named: str) -> None:
    assert opened(session=named)["session"] is None


def test_the_big_screen_is_the_wall_alone(rooms: dict[str, int], opened: Open) -> None:
    assert rooms
    assert opened(display="1")["display"] is True


def test_what_a_person_chose_is_remembered_for_nobody_else(
    engine: Engine, person: Viewer, opened: Open
) -> None:
    chosen = WallChoice("9", RoomType.BID_OPENING, 60)
    keep_choice(person, chosen)
    assert choice_of(person) == chosen
    assert opened()["choice"] == {"layout": "9", "filter": "bid_opening", "seconds": 60}
    assert choice_of(make_person(engine, "li")) == WallChoice()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"layout": "25", "filter": "kitchen", "seconds": 1},
        {"layout": 4, "filter": None, "seconds": "20"},
        {"layout": ["4"], "filter": {"a": 1}, "seconds": [20]},
    ],
)
def test_what_cannot_be_used_of_a_choice_is_as_usual(said: dict[str, object]) -> None:
    assert WallChoice.of(said) == WallChoice()


def test_what_can_be_used_of_a_choice_stands() -> None:
    assert WallChoice.of({"layout": "16", "filter": "kitchen", "seconds": 60}) == WallChoice("16", "on", 60)
