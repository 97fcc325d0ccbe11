"""Taking packages along: who gets one, what is noted; the key and the checking page are for everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import evidence_routes
from dashboard.access import SignedInOnly, Viewer
from data_access.models import AuditEntry
from domain.vocabulary import Role
from media import signing
from tests.media.evidence.packages import Office, office

ACCOUNTS: dict[str, tuple[int, Role]] = {}


class SignedInAs:
    """Middleware in place of the sign-in: the account's name stands in a header."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = dict(scope["headers"]).get(b"x-name", b"wang").decode()
            account_id, role = ACCOUNTS[name]
            scope.setdefault("state", {})["viewer"] = Viewer(account_id, name, name, role)
        await self.app(scope, receive, send)


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with office(engine, tmp_path, monkeypatch) as made:
        monkeypatch.setattr(evidence_routes, "_noted", type(evidence_routes._noted)())
        for person, role in (
            (made.wang, Role.INSPECTOR),
            (made.li, Role.INSPECTOR),
            (made.zhao, Role.SUPERVISOR),
            (made.qian, Role.SUPERVISOR),
        ):
            ACCOUNTS[person.name] = (person.account_id, role)
        # The same account after it was given other duties.
        ACCOUNTS["zhao-staff"] = (made.zhao.account_id, Role.STAFF)
        ACCOUNTS["admin"] = (4711, Role.ADMINISTRATOR)
        yield made


@pytest.fixture
def client(desk: Office) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=evidence_routes.routes, middleware=[Middleware(SignedInAs)])) as made:
        yield made


def statuses(client: TestClient, package_id: int) -> dict[str, int]:
    names = ("wang", "li", "zhao", "qian", "zhao-staff", "admin")
    return {
        name: client.get(f"/evidence/{package_id}.zip", headers={"x-name": name}).status_code
        for name in names
    }


def test_nobody_without_the_right_gets_a_package(desk: Office, client: TestClient) -> None:
    own = desk.ask(desk.zhao, desk.archive.opening)
    desk.build(own)
    restricted = desk.ask(desk.wang, desk.archive.evaluation)
    desk.decide(restricted, desk.li)
    desk.build(restricted)
    nothing = {"qian": 404, "zhao-staff": 404, "admin": 404}
    assert statuses(client, own.id) == {"wang": 200, "li": 200, "zhao": 200} | nothing
    assert statuses(client, restricted.id) == {"wang": 200, "li": 200, "zhao": 404} | nothing
    assert set(statuses(client, 4711).values()) == {404}
    assert set(statuses(client, 1 << 40).values()) == {404}


def test_a_package_comes_whole_or_in_ranges_and_each_taking_is_noted_once(
    desk: Office, client: TestClient
) -> None:
    asked = desk.ask(desk.wang, desk.archive.opening)
    address = f"/evidence/{asked.id}.zip"
    assert client.get(address).status_code == 409
    content = desk.build(asked).read_bytes()
    answer = client.get(address)
    assert answer.content == content
    assert answer.headers["content-disposition"] == f'attachment; filename="{asked.number}.zip"'
    part = client.get(address, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, content[100:200])
    client.head(address)
    with Session(desk.archive.engine) as session:
        notes = session.scalars(select(AuditEntry).where(AuditEntry.action == "take_evidence")).all()
    assert [(note.actor, note.subject, note.address) for note in notes] == [
        ("wang", asked.number, "testclient")
    ]
    desk.exports.joinpath(f"{asked.number}.zip").unlink()
    assert client.get(address).status_code == 410


def test_the_key_and_the_verification_page_are_open_to_all_and_packages_are_not(desk: Office) -> None:
    app = Starlette(routes=evidence_routes.routes, middleware=[Middleware(SignedInOnly)])
    with TestClient(app) as anonymous:
        assert anonymous.get("/evidence/public-key.pem").text == signing.public_key_pem()
        page = anonymous.get("/evidence/verify.html")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "src=" not in page.text  # nothing is loaded from anywhere
        saved = anonymous.get("/evidence/verify.html?download=1")
        assert saved.headers["content-disposition"] == 'attachment; filename="verify.html"'
        assert anonymous.get("/evidence/1.zip").status_code == 401
