"""Nobody anonymous gets past the middleware; a signed-out session is out at once."""

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import access, sign_in
from data_access import accounts, audit
from data_access.models import AuditEntry
from domain.vocabulary import Role, RoomType

PASSWORD = "correct-horse-battery"


async def secret_page(request: Request) -> Response:
    return PlainTextResponse(f"secret for {access.viewer_of(request.scope).name}")


async def secret_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("secret")
    await socket.close()


@pytest.fixture
def client(engine: Engine, configured: None) -> Iterator[TestClient]:
    with Session(engine) as session, session.begin():
        accounts.add(session, "wang", PASSWORD, Role.INSPECTOR, now=datetime.now(UTC))
    app = Starlette(
        routes=[
            *sign_in.routes,
            Route("/{path:path}", secret_page, methods=["GET", "POST"]),
            WebSocketRoute("/{path:path}", secret_socket),
        ],
        middleware=[Middleware(access.SignedInOnly)],
    )
    with TestClient(app, follow_redirects=False) as made:
        yield made


def sign_in_as(
    client: TestClient, name: str = "wang", password: str = PASSWORD, query: str = ""
) -> httpx2.Response:
    return client.post(f"/sign-in{query}", data={"name": name, "password": password})


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/footage/video/1.mp4",
        "/_stcore/stream",
        "/static/x.js",
        "/sign-in/",
        "//sign-in",
        "/sign-in/../x",
    ],
)
def test_an_anonymous_request_is_refused_everywhere(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 401
    assert client.post(path).status_code == 401


def test_an_anonymous_websocket_is_refused_before_it_is_accepted(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/_stcore/stream"):
        pass
    assert refused.value.code == 4401


def test_an_anonymous_page_visit_is_led_to_the_sign_in_page_and_back(client: TestClient) -> None:
    refused = client.get("/footage?camera=3", headers={"accept": "text/html"})
    assert refused.headers["location"] == "/sign-in?next=%2Ffootage%3Fcamera%3D3"
    assert (
        sign_in_as(client, query="?next=%2Ffootage%3Fcamera%3D3").headers["location"] == "/footage?camera=3"
    )


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_never_leads_to_another_site(client: TestClient, wanted: str) -> None:
    assert sign_in_as(client, query=f"?next={wanted}").headers["location"] == "/"


def test_the_cookie_is_unreadable_for_scripts_and_never_sent_by_other_sites(client: TestClient) -> None:
    cookie = sign_in_as(client).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_after_signing_in_pages_and_websockets_are_open_and_after_signing_out_closed(
    client: TestClient,
) -> None:
    sign_in_as(client)
    assert client.get("/").text == "secret for wang"
    with client.websocket_connect("/_stcore/stream") as socket:
        assert socket.receive_text() == "secret"
    token = client.cookies[access.cookie_name()]
    client.post("/sign-out")
    assert client.get("/", headers={"cookie": f"{access.cookie_name()}={token}"}).status_code == 401


def test_a_closed_account_is_out_at_once(client: TestClient, engine: Engine) -> None:
    sign_in_as(client)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE account SET active = false")
    assert client.get("/").status_code == 401


def test_a_wrong_password_is_refused_and_the_eleventh_try_is_locked_out(client: TestClient) -> None:
    for _ in range(accounts.FAILURES_ALLOWED):
        assert sign_in_as(client, password="wrong").status_code == 401
    assert sign_in_as(client).status_code == 429


def test_a_form_sent_by_another_site_does_not_sign_in(client: TestClient) -> None:
    answer = client.post(
        "/sign-in", data={"name": "wang", "password": PASSWORD}, headers={"sec-fetch-site": "cross-site"}
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_what_was_typed_is_shown_again_escaped(client: TestClient) -> None:
    page = sign_in_as(client, name='"><script>alert(1)</script>').text
    assert "<script>" not in page
    assert "&quot;&gt;&lt;script&gt;" in page


def test_the_sign_in_page_speaks_both_languages(client: TestClient) -> None:
    assert "登录" in client.get("/sign-in").text
    assert "Sign in" in client.get("/sign-in?lang=en").text


def test_signing_in_and_out_leaves_chained_audit_entries(client: TestClient, engine: Engine) -> None:
    sign_in_as(client, password="wrong")
    sign_in_as(client)
    client.post("/sign-out")
    with Session(engine) as session:
        actions = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
        assert actions == ["sign_in_failed", "sign_in", "sign_out"]
        assert audit.first_broken(session) is None


def test_only_inspectors_may_watch_the_evaluation_room() -> None:
    assert access.may_watch(Role.INSPECTOR, RoomType.EVALUATION)
    assert not access.may_watch(Role.SUPERVISOR, RoomType.EVALUATION)
    assert not access.may_watch(Role.ADMINISTRATOR, RoomType.EVALUATION)
    assert access.may_watch(Role.SUPERVISOR, RoomType.BID_OPENING)
