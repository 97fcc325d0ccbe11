"""The routes of marks: who may mark, what is refused and why, and where the link leads."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import mark_routes
from dashboard.access import Viewer
from dashboard.mark_routes import rooms_to_mark
from data_access import cameras
from data_access.models import Finding, FootageMark
from domain.vocabulary import Role, RoomType
from tests.data_access.test_marks import account_of

NAMES = ("wang", "li")


class SignedIn:
    """Middleware in place of the sign-in: name and role stand in headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            told = dict(scope["headers"])
            name, role = (
                told.get(b"x-name", b"wang").decode(),
                Role(told.get(b"x-role", b"inspector").decode()),
            )
            scope.setdefault("state", {})["viewer"] = Viewer(NAMES.index(name) + 1, name, name, role)
        await self.app(scope, receive, send)


@pytest.fixture
def opening(engine: Engine, configured: None) -> int:
    with Session(engine) as session, session.begin():
        for name in NAMES:
            account_of(session, name)
        return _camera(session, "开标一室", RoomType.BID_OPENING)


@pytest.fixture
def evaluation(engine: Engine, opening: int) -> int:
    with Session(engine) as session, session.begin():
        return _camera(session, "评标室", RoomType.EVALUATION)


def _camera(session: Session, room_name: str, room_type: RoomType) -> int:
    room = cameras.add_room(session, room_name, room_type)
    return cameras.add(session, room_id=room.id, name=room_name, url="x.ts", at=datetime.now(UTC)).id


@pytest.fixture
def client(opening: int) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=mark_routes.routes, middleware=[Middleware(SignedIn)])) as made:
        yield made


def moment(ago: float = 3) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago)).isoformat(timespec="milliseconds")


def make(client: TestClient, where: int, role: str = "inspector", **told: Any) -> httpx2.Response:
    body = {"camera": where, "at": moment(), "kind": "other", "note": ""} | told
    return client.post("/live/marks", json=body, headers={"x-role": role})


def test_a_mark_is_stored_and_answered_with_the_link_that_plays_from_ten_seconds_before(
    client: TestClient, opening: int, engine: Engine
) -> None:
    at = moment()
    answer = make(client, opening, at=at, kind="left_post", note=" 离席 ")
    assert answer.status_code == 201
    told = answer.json()
    assert told["at"] == at
    link = httpx2.URL(f"http://x{told['footage']}")
    assert link.path == "/footage"
    asked = {name: link.params[name] for name in ("camera", "from", "to", "play")}
    marked = datetime.fromisoformat(at)
    start = datetime.fromisoformat(f"{asked['from']}+08:00")
    assert (asked["camera"], asked["play"]) == (str(opening), "1")
    assert marked - start == timedelta(seconds=10)
    with Session(engine) as session:
        mark = session.scalars(select(FootageMark)).one()
        assert (mark.id, mark.kind, mark.note) == (told["id"], "left_post", "离席")
        assert session.scalars(select(Finding)).one().source == "live"


def test_the_author_changes_it_and_nobody_else(client: TestClient, opening: int, engine: Engine) -> None:
    address = f"/live/marks/{make(client, opening, note='a').json()['id']}"
    told = {"kind": "stranger", "note": "无证人员"}
    refused = client.patch(address, json=told, headers={"x-name": "li"})
    assert (refused.status_code, refused.json()["error"]) == (403, "not_yours")
    assert client.patch(address, json=told).status_code == 200
    assert client.patch(address, json={"kind": "dispute"}).status_code == 200
    with Session(engine) as session:
        mark = session.scalars(select(FootageMark)).one()
        assert (mark.kind, mark.note) == ("dispute", "无证人员")


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        ("inspector", (201, 201)),
        ("supervisor", (201, 403)),
        ("administrator", (403, 403)),
        ("staff", (403, 403)),
    ],
)
def test_who_supervises_may_mark_where_they_may_watch(
    client: TestClient, opening: int, evaluation: int, role: str, answers: tuple[int, int]
) -> None:
    found = make(client, opening, role).status_code, make(client, evaluation, role).status_code
    assert found == answers


def test_who_may_not_mark_sees_none() -> None:
    assert rooms_to_mark(Role.STAFF) == rooms_to_mark(Role.ADMINISTRATOR) == ()
    assert RoomType.EVALUATION not in rooms_to_mark(Role.SUPERVISOR)
    assert set(rooms_to_mark(Role.INSPECTOR)) == set(RoomType)


def test_who_lost_the_right_may_not_change_either(client: TestClient, evaluation: int) -> None:
    mark_id = make(client, evaluation).json()["id"]
    answer = client.patch(f"/live/marks/{mark_id}", json={"note": "x"}, headers={"x-role": "supervisor"})
    assert (answer.status_code, answer.json()["error"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    "told",
    [
        {"at": "soon"},
        {"at": None},
        {"at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()},
        {"at": (datetime.now(UTC) - timedelta(days=31)).isoformat()},
        {"kind": "nice"},
        {"kind": 7},
        {"source": "rule"},
        {"camera": "1"},
        {"camera": True},
        {"note": 5},
        {"note": "a\x00b"},
        {"note": "字" * 501},
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason_in_both_languages(
    client: TestClient, opening: int, engine: Engine, told: dict[str, Any]
) -> None:
    answer = make(client, opening, **told)
    assert answer.status_code == 422
    assert answer.json()["zh"] != answer.json()["en"] != ""
    with Session(engine) as session:
        assert session.scalars(select(FootageMark)).all() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"{}" * 6000])
def test_what_is_no_json_object_is_refused(client: TestClient, body: bytes) -> None:
    assert client.post("/live/marks", content=body).status_code == 422


def test_unknown_cameras_and_marks_are_not_found(client: TestClient) -> None:
    for camera in (4711, 1 << 40, -1):
        assert make(client, camera).status_code == 404
    for mark in (4711, 1 << 40):
        assert client.patch(f"/live/marks/{mark}", json={"note": ""}).status_code == 404


def test_another_site_cannot_make_marks(client: TestClient, opening: int) -> None:
    body = {"camera": opening, "at": moment()}
    answer = client.post("/live/marks", json=body, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
