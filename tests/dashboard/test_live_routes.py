"""The signalling routes: who may watch, whose connection it is, what is noted, what the gateway is asked."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from dashboard import live_routes
from dashboard.access import SignedInOnly, cookie_name
from data_access import accounts, cameras
from data_access.models import Account, AuditEntry, Camera, LiveView
from data_access.settings import settings
from domain.vocabulary import Role, RoomType
from tests.dashboard.fake_whep_server import FakeServer
from tests.event_loop import finished
from tests.installation import free_ports
from tests.media.camera_clip import BEGUN

OFFER = "v=0\r\n"


@pytest.fixture
def gateway(configured: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    made = FakeServer(free_ports(1)[0])
    monkeypatch.setenv("MINGJING_GATEWAY_PORT", str(made.port))
    settings.cache_clear()
    with made.serving():
        yield made


@pytest.fixture
def other(gateway: FakeServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """A WHEP server that is not ours, with a user and a password."""
    made = FakeServer(free_ports(1)[0])
    address = f"http://media:pa%3Ass@127.0.0.1:{made.port}/live/cam-{{camera}}-{{stream}}/whep"
    monkeypatch.setenv("MINGJING_WHEP_URL", address)
    settings.cache_clear()
    with made.serving():
        yield made


@pytest.fixture
def opening(engine: Engine) -> int:
    return _camera(engine, "开标一室", RoomType.BID_OPENING)


@pytest.fixture
def evaluation(engine: Engine) -> int:
    return _camera(engine, "评标室", RoomType.EVALUATION)


def _camera(engine: Engine, room_name: str, room_type: RoomType) -> int:
    with Session(engine) as session, session.begin():
        room = cameras.add_room(session, room_name, room_type)
        return cameras.add(session, room_id=room.id, name=f"{room_name}-全景", url="x.ts", at=BEGUN).id


SignIn = Callable[..., TestClient]


@pytest.fixture
def sign_in(engine: Engine, gateway: FakeServer) -> SignIn:
    """Makes browsers: each call is another one, signed in as a person of that role."""
    app = Starlette(routes=live_routes.routes, middleware=[Middleware(SignedInOnly)])

    def browser(role: Role = Role.INSPECTOR) -> TestClient:
        now = datetime.now(UTC)
        with Session(engine) as session, session.begin():
            found = session.scalar(select(Account.id).where(Account.name == role.value))
            account = found or accounts.add(session, role.value, "a long password", role, now=now).id
            token = accounts.open_session(session, account, "10.0.0.1", now=now)
        return TestClient(app, cookies={cookie_name(): token})

    return browser


@pytest.fixture
def client(sign_in: SignIn) -> TestClient:
    return sign_in()


def watch(browser: TestClient, camera: int, query: str = "") -> str:
    """The Location of a new connection."""
    answer = browser.post(f"/whep/{camera}{query}", content=OFFER)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def entries(engine: Engine) -> list[AuditEntry]:
    with Session(engine) as session:
        return list(session.scalars(select(AuditEntry)))


def views(engine: Engine) -> list[LiveView]:
    with Session(engine) as session:
        return list(session.scalars(select(LiveView).order_by(LiveView.began_at)))


def sweep(after: timedelta = timedelta()) -> None:
    finished(live_routes.sweep(datetime.now(UTC) + after))


def test_a_viewer_is_connected_through_the_gateway(
    client: TestClient, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    answer = client.post(f"/whep/{opening}", content=OFFER)
    assert (answer.status_code, answer.text) == (201, "answer")
    assert answer.headers["content-type"] == "application/sdp"
    assert "mingjing-transcoded" not in answer.headers
    (view,) = views(engine)
    assert answer.headers["location"] == f"/whep/{opening}/{view.token}"
    assert view.upstream == f"http://127.0.0.1:{gateway.port}/whep/{opening}/abc1"
    (asked,) = gateway.asked
    assert (asked.method, asked.path, asked.body) == ("POST", f"/whep/{opening}?stream=sub", OFFER)
    assert asked.web_session(settings().gateway_key()) == view.web_session.hex()


@pytest.mark.parametrize(
    ("query", "stream"), [("", "sub"), ("?stream=main", "main"), ("?stream=sub", "sub"), ("?stream=x", "sub")]
)
def test_the_sub_stream_is_asked_for_unless_the_main_one_is_wanted(
    query: str, stream: str, client: TestClient, gateway: FakeServer, opening: int
) -> None:
    watch(client, opening, query)
    assert gateway.calls() == [("POST", f"/whep/{opening}?stream={stream}")]


def test_a_converted_picture_says_so(client: TestClient, gateway: FakeServer, opening: int) -> None:
    gateway.headers["Mingjing-Transcoded"] = "b_frames"
    answer = client.post(f"/whep/{opening}", content=OFFER)
    assert answer.headers["mingjing-transcoded"] == "b_frames"


def test_each_connection_is_noted(client: TestClient, opening: int, engine: Engine) -> None:
    watch(client, opening)
    (entry,) = entries(engine)
    assert (entry.actor, entry.action, entry.subject) == ("inspector", "view_live", "开标一室-全景")
    assert entry.detail == {"camera_id": opening, "room": "开标一室"}
    assert entry.address == "testclient"
    (view,) = views(engine)
    assert (view.role, view.camera_id, view.ended_at) == ("inspector", opening, None)


def test_what_the_gateway_refuses_is_passed_on_and_not_noted(
    client: TestClient, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    gateway.status["POST"] = 422
    gateway.headers["Content-Type"] = "application/json"
    gateway.body = '{"error": "not_playable", "reason": "codec", "zh": "不能播放", "en": "cannot be played"}'
    answer = client.post(f"/whep/{opening}", content=OFFER)
    told = {"error": "not_playable", "reason": "codec", "zh": "不能播放", "en": "cannot be played"}
    assert (answer.status_code, answer.json()) == (422, told)
    assert entries(engine) == []
    assert views(engine) == []


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR, Role.STAFF])
def test_an_evaluation_room_is_for_inspectors_only(
    role: Role, sign_in: SignIn, gateway: FakeServer, evaluation: int, engine: Engine
) -> None:
    refused = sign_in(role).post(f"/whep/{evaluation}", content=OFFER)
    assert refused.status_code == 403
    assert refused.json() == {
        "error": "not_allowed",
        "reason": None,
        "zh": "您无权观看该场所",
        "en": "you may not watch this room",
    }
    assert gateway.asked == []
    assert entries(engine) == []
    watch(sign_in(Role.INSPECTOR), evaluation)


def test_who_may_no_longer_watch_is_told_when_the_connection_is_renewed(
    client: TestClient, evaluation: int, engine: Engine
) -> None:
    location = watch(client, evaluation)
    with Session(engine) as session, session.begin():
        session.execute(update(Account).values(role=Role.SUPERVISOR))
    assert client.patch(location).status_code == 403


def test_staying_and_leaving_are_passed_on(
    client: TestClient, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    location = watch(client, opening)
    with Session(engine) as session, session.begin():
        session.execute(update(LiveView).values(seen_at=BEGUN))
    assert client.patch(location).status_code == 204
    (view,) = views(engine)
    assert view.seen_at >= view.began_at
    assert client.delete(location).status_code == 200
    upstream = f"/whep/{opening}/abc1"
    assert gateway.calls()[1:] == [("PATCH", upstream), ("DELETE", upstream)]
    for asked in gateway.asked:
        assert asked.web_session(settings().gateway_key()) == view.web_session.hex()
    assert views(engine)[0].ended_at is not None
    assert client.patch(location).status_code == 404


def test_a_connection_is_nobody_elses(
    client: TestClient, sign_in: SignIn, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    location = watch(client, opening)
    second_browser_of_the_same_person = sign_in()
    for stranger in (second_browser_of_the_same_person, sign_in(Role.ADMINISTRATOR)):
        for method in ("PATCH", "DELETE"):
            answer = stranger.request(method, location)
            assert (answer.status_code, answer.json()["error"]) == (404, "unknown_viewer")
    assert [method for method, _ in gateway.calls()] == ["POST"]
    assert views(engine)[0].ended_at is None


def test_a_wall_is_left_with_one_request(
    client: TestClient, sign_in: SignIn, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    mine, mine_too, another_browsers = (
        watch(client, opening),
        watch(client, opening),
        watch(sign_in(), opening),
    )
    answer = client.post(
        "/whep/leave", json=[mine, another_browsers, "nonsense", "/whep/1/\x00", None, mine_too]
    )
    assert answer.status_code == 202
    left = {f"/whep/{opening}/{view.token}" for view in views(engine) if view.ended_at is not None}
    assert left == {mine, mine_too}
    assert [method for method, _ in gateway.calls()] == ["POST"] * 3 + ["DELETE"] * 2


@pytest.mark.parametrize("body", ["", "{}", "[", "[" * 90_000, "null", "\xff"])
def test_a_goodbye_that_makes_no_sense_ends_nothing(
    body: str, client: TestClient, opening: int, engine: Engine
) -> None:
    watch(client, opening)
    assert client.post("/whep/leave", content=body.encode("latin-1")).status_code == 400
    assert views(engine)[0].ended_at is None


def test_a_connection_is_of_one_camera(
    client: TestClient, opening: int, evaluation: int, gateway: FakeServer
) -> None:
    token = watch(client, opening).rpartition("/")[2]
    assert client.patch(f"/whep/{evaluation}/{token}").status_code == 404
    assert len(gateway.asked) == 1


def test_a_connection_that_the_gateway_has_let_go_is_over(
    client: TestClient, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    location = watch(client, opening)
    gateway.status["PATCH"] = 404
    assert client.patch(location).status_code == 404
    assert views(engine)[0].ended_at is not None


def test_a_viewer_who_is_not_heard_of_for_a_minute_is_over(
    client: TestClient, gateway: FakeServer, opening: int, engine: Engine
) -> None:
    watch(client, opening)
    sweep(after=timedelta(seconds=55))
    assert views(engine)[0].ended_at is None
    sweep(after=timedelta(seconds=65))
    (view,) = views(engine)
    assert view.ended_at == view.seen_at
    assert gateway.calls()[1:] == [("DELETE", f"/whep/{opening}/abc1")]


def signed_out(client: TestClient, session: Session) -> None:
    accounts.close_session(session, client.cookies[cookie_name()])


def account_closed(_client: TestClient, session: Session) -> None:
    session.execute(update(Account).where(Account.name == "inspector").values(active=False))


@pytest.mark.parametrize("end", [signed_out, account_closed])
def test_who_is_signed_out_sees_nothing_after_the_next_sweep(
    end: Callable[[TestClient, Session], None],
    sign_in: SignIn,
    gateway: FakeServer,
    opening: int,
    engine: Engine,
) -> None:
    client = sign_in()
    location = watch(client, opening)
    watch(sign_in(Role.SUPERVISOR), opening)
    with Session(engine) as session, session.begin():
        end(client, session)
    sweep()
    assert gateway.calls()[2:] == [("DELETE", f"/whep/{opening}/abc1")]
    assert [view.ended_at is None for view in views(engine)] == [False, True]
    assert client.patch(location).status_code == 401


def test_a_sweep_tries_again_while_the_server_does_not_answer(
    client: TestClient, opening: int, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch(client, opening)
    with Session(engine) as session, session.begin():
        session.execute(update(LiveView).values(upstream=f"http://127.0.0.1:{free_ports(1)[0]}/whep/1/abc"))
    sweep(after=timedelta(minutes=30))
    assert views(engine)[0].ended_at is None
    sweep(after=timedelta(minutes=61))
    assert views(engine)[0].ended_at is not None


@pytest.mark.parametrize("camera_id", [999, 2**40])
def test_an_unknown_camera_is_said_so(client: TestClient, camera_id: int) -> None:
    answer = client.post(f"/whep/{camera_id}", content=OFFER)
    assert (answer.status_code, answer.json()["error"]) == (404, "unknown_camera")


@pytest.mark.parametrize("change", [{"enabled": False}, {"removed_at": BEGUN}])
def test_a_camera_out_of_service_is_shown_no_longer(
    change: dict[str, object], client: TestClient, opening: int, engine: Engine
) -> None:
    location = watch(client, opening)
    with Session(engine) as session, session.begin():
        session.execute(update(Camera).values(**change))
    assert client.patch(location).status_code == 404
    assert client.post(f"/whep/{opening}", content=OFFER).json()["error"] == "unknown_camera"


def test_an_endless_offer_is_refused(client: TestClient, gateway: FakeServer, opening: int) -> None:
    assert client.post(f"/whep/{opening}", content="v" * 200_000).status_code == 413
    assert gateway.asked == []


def test_a_gateway_that_is_down_is_said_so(
    client: TestClient, gateway: FakeServer, opening: int, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINGJING_GATEWAY_PORT", str(free_ports(1)[0]))
    settings.cache_clear()
    answer = client.post(f"/whep/{opening}", content=OFFER)
    assert (answer.status_code, answer.json()["error"]) == (503, "no_gateway")
    assert "实时视频服务无应答" in answer.json()["zh"]
    assert gateway.asked == []
    assert entries(engine) == []


def test_a_connection_that_cannot_be_written_down_is_not_shown(
    client: TestClient, gateway: FakeServer, opening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("data_access.audit.record", full)
    with pytest.raises(OSError, match="no space left"):
        client.post(f"/whep/{opening}", content=OFFER)
    assert gateway.calls()[1:] == [("DELETE", f"/whep/{opening}/abc1")]


def test_a_camera_always_goes_to_the_same_gateway_process(
    client: TestClient,
    gateway: FakeServer,
    opening: int,
    evaluation: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = FakeServer(free_ports(1)[0])
    monkeypatch.setenv("MINGJING_GATEWAY_PORT", f"{gateway.port},{second.port}")
    settings.cache_clear()
    with second.serving():
        for camera in (opening, evaluation) * 2:
            watch(client, camera)
    paths = [{path for _, path in one.calls()} for one in (gateway, second)]
    assert sorted(paths, key=str) == [{f"/whep/{opening}?stream=sub"}, {f"/whep/{evaluation}?stream=sub"}]


@pytest.mark.parametrize(
    "location", ["/resource/x-1", "../resource/x-1", "http://127.0.0.1:{port}/resource/x-1"]
)
def test_another_whep_server_may_show_the_pictures(
    location: str, client: TestClient, other: FakeServer, opening: int, engine: Engine
) -> None:
    other.headers["Location"] = location.format(port=other.port)
    ours = watch(client, opening, "?stream=main")
    (asked,) = other.asked
    assert (asked.method, asked.path, asked.body) == ("POST", f"/live/cam-{opening}-main/whep", OFFER)
    assert asked.authorization == "Basic bWVkaWE6cGE6c3M="
    (view,) = views(engine)
    folder = "/live" if location.startswith("..") else ""
    assert view.upstream == f"http://127.0.0.1:{other.port}{folder}/resource/x-1"
    assert client.patch(ours).status_code == 204
    assert client.delete(ours).status_code == 200
    assert other.calls()[1:] == [("DELETE", f"{folder}/resource/x-1")]
    assert other.asked[1].authorization == "Basic bWVkaWE6cGE6c3M="


def test_the_other_servers_password_goes_nowhere_else(
    client: TestClient, other: FakeServer, gateway: FakeServer, opening: int
) -> None:
    other.headers["Location"] = f"http://127.0.0.1:{gateway.port}/elsewhere/1"
    client.delete(watch(client, opening))
    (asked,) = gateway.asked
    assert (asked.method, asked.path, asked.authorization) == ("DELETE", "/elsewhere/1", None)


@pytest.mark.parametrize(("status", "told"), [(404, (404, "unknown_camera")), (406, (502, "refused"))])
def test_what_another_server_refuses_is_told_in_our_words(
    status: int, told: tuple[int, str], client: TestClient, other: FakeServer, opening: int
) -> None:
    other.status["POST"] = status
    answer = client.post(f"/whep/{opening}", content=OFFER)
    assert (answer.status_code, answer.json()["error"]) == told
    assert "媒体服务器" in answer.json()["zh"]
