"""Looking at the live wall in a browser, and a camera that a test may stop."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import create_engine, text

from data_access.embedded_postgres import socket_url
from tests.installation import ROOT, Installation, free_ports

PATIENCE = 30_000  # ms
PASSWORD = "only-for-these-tests"


def shown(page: Page) -> Locator:
    """The tiles to be seen."""
    return page.locator(".tile:not([hidden])")


def live(page: Page) -> Locator:
    """Those of them with a picture of now."""
    return page.locator('.tile:not([hidden])[data-state="live"]')


def session_in(page: Page, room: str) -> Locator:
    """The choice of the session that is on in a room, the later one while two are."""
    return page.get_by_role("radiogroup", name="选择场次").locator("label").filter(has_text=room).first


def make_account(app: Installation, name: str, role: str = "inspector") -> None:
    """An account of the test's own: what it chooses is remembered for nobody else."""
    made = app.command("user", "add", name, "--role", role, "--password-stdin", given=PASSWORD)
    assert made.returncode == 0, made.stderr


def sign_in_as(app: Installation, page: Page, name: str, path: str) -> None:
    """Signs in with an account made here and opens `path`."""
    page.goto(f"{app.url}/sign-in")
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"), wait_until="commit")
    page.goto(f"{app.url}{path}")


def remembered(app: Installation, name: str) -> dict[str, object]:
    """What the wall remembers for an account."""
    engine = create_engine(socket_url(app.home / "postgres"))
    query = (
        "SELECT value FROM account_preference JOIN account ON account.id = account_id WHERE account.name = :n"
    )
    with engine.connect() as connection:
        found: dict[str, object] = connection.execute(text(query), {"n": name}).scalar() or {}
    engine.dispose()
    return found


def posts_to_whep(page: Page) -> list[tuple[str, str, bool]]:
    """Camera, stream and whether sound is asked for, of each connection that the page makes from now on."""
    asked: list[tuple[str, str, bool]] = []

    def note(request: object) -> None:
        url: str = request.url  # type: ignore[attr-defined]
        if request.method == "POST" and "/whep/" in url:  # type: ignore[attr-defined]
            camera, _, stream = url.split("/whep/")[1].partition("?stream=")
            asked.append((camera, stream, "m=audio" in (request.post_data or "")))  # type: ignore[attr-defined]

    page.on("request", note)
    return asked


@dataclass
class SpareCamera:
    """A camera of the test's own in a room without a session; stopping it disturbs nobody."""

    name: str
    process: psutil.Process
    app: Installation

    def tile(self, page: Page) -> Locator:
        """Its tile on a wall of all rooms."""
        return page.locator(".tile").filter(has_text=self.name.partition("-")[2])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def switch(self, *, on: bool) -> None:
        """Enables or disables it, as the administrators do."""
        engine = create_engine(socket_url(self.app.home / "postgres"))
        with engine.begin() as connection:
            statement = text("UPDATE camera SET enabled = :on WHERE name = :name")
            connection.execute(statement, {"on": on, "name": self.name})
        engine.dispose()


@contextlib.contextmanager
def spare_camera(app: Installation) -> Iterator[SpareCamera]:
    """Adds the camera and takes it away again."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "media.demo_cameras", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | app.environment)
    camera = SpareCamera("开标三室-备用", psutil.Process(process.pid), app)
    url = f"http://127.0.0.1:{port}/bid-opening-2-sub.ts"
    added = app.command("camera", "add", "--room", "开标三室", "--name", camera.name, "--url", url, "--force")
    assert added.returncode == 0, added.stderr
    try:
        yield camera
    finally:
        app.command("camera", "remove", camera.name)
        process.kill()
        process.wait()


def show_all_rooms(page: Page) -> None:
    """Chooses the layout of all rooms."""
    page.get_by_role("button", name="全部场所").click()
    expect(page.locator('[data-layout="rooms"][aria-pressed="true"]')).to_be_visible(timeout=PATIENCE)
