"""What the pages of a talk-back are told, and who may use it for which room."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import talk_back_routes
from data_access import cameras
from domain.vocabulary import RoomType
from media.talk_back import Speaker, Talk
from tests.dashboard.test_footage_routes import SignedInAs


@pytest.fixture
def client(configured: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(talk_back_routes, "_rooms", {})
    with TestClient(Starlette(routes=talk_back_routes.routes, middleware=[Middleware(SignedInAs)])) as made:
        yield made


@pytest.fixture
def rooms(engine: Engine) -> dict[str, int]:
    with Session(engine) as session, session.begin():
        kinds = {"开标一室": RoomType.BID_OPENING, "评标室": RoomType.EVALUATION}
        return {name: cameras.add_room(session, name, kind).id for name, kind in kinds.items()}


def test_a_closed_room_is_told_as_such(client: TestClient, rooms: dict[str, int]) -> None:
    told = client.get(f"/talk-back/{rooms['开标一室']}/state").json()
    assert told == {"open": False, "speaker": None, "mine": False, "seconds": None}


def test_who_speaks_is_told_by_name_and_to_the_speaker_as_its_own(
    client: TestClient, rooms: dict[str, int]
) -> None:
    room = talk_back_routes.room_of(rooms["开标一室"])
    room.talk = Talk(Speaker("mine", "wang", "王"), lambda _seconds: None)
    others = client.get(f"/talk-back/{rooms['开标一室']}/state?page=other").json()
    own = client.get(f"/talk-back/{rooms['开标一室']}/state?page=mine").json()
    assert (others["speaker"], others["mine"]) == ("王", False)
    assert (own["speaker"], own["mine"]) == ("王", True)


def test_asking_says_that_the_page_is_there(client: TestClient, rooms: dict[str, int]) -> None:
    client.get(f"/talk-back/{rooms['开标一室']}/state?page=mine")
    assert talk_back_routes.room_of(rooms["开标一室"]).is_confirmed("mine")


def test_only_its_own_page_ends_a_talk(client: TestClient, rooms: dict[str, int]) -> None:
    room = talk_back_routes.room_of(rooms["开标一室"])
    room.talk = Talk(Speaker("mine", "wang", "王"), lambda _seconds: None)
    assert client.post(f"/talk-back/{rooms['开标一室']}/end?page=other").status_code == 204
    assert room.talk is not None
    assert client.post(f"/talk-back/{rooms['开标一室']}/end?page=mine").status_code == 204
    assert room.talk is None


@pytest.mark.parametrize("role", ["staff", "administrator", "supervisor"])
def test_a_restricted_room_is_for_inspectors_only(
    client: TestClient, rooms: dict[str, int], role: str
) -> None:
    evaluation = rooms["评标室"]
    headers = {"x-role": role}
    assert client.get(f"/talk-back/{evaluation}/state?page=x", headers=headers).status_code == 403
    assert client.post(f"/talk-back/{evaluation}/end?page=x", headers=headers).status_code == 403
    assert not talk_back_routes.room_of(evaluation).is_confirmed("x")
    assert client.get(f"/talk-back/{evaluation}/state").status_code == 200


@pytest.mark.parametrize("room_id", [999, 2**40])
def test_an_unknown_room_is_not_there(client: TestClient, room_id: int) -> None:
    assert client.get(f"/talk-back/{room_id}/state").status_code == 404
