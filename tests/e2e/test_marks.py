"""In a real browser: a mark made while watching becomes a draft, a tick on the strip, and plays back."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from data_access import footage
from data_access.embedded_postgres import socket_url
from data_access.models import Camera, Finding, FootageMark
from domain.periods import SHANGHAI
from tests.e2e.test_footage_playback import READ
from tests.installation import Installation, until
from tests.media.made_footage import milliseconds

CAMERA = "开标一室-全景"
SOON = 20_000  # milliseconds


@pytest.fixture(scope="module")
def database(app: Installation) -> Iterator[Engine]:
    made = create_engine(socket_url(app.home / "postgres"), connect_args={"options": "-c timezone=UTC"})
    yield made
    made.dispose()


@pytest.fixture
def camera_id(database: Engine) -> int:
    with Session(database) as session:
        return session.scalars(select(Camera.id).where(Camera.name == CAMERA)).one()


@pytest.fixture
def tile(page: Page, app: Installation, camera_id: int) -> Locator:
    """The camera's live picture on the wall, with the keyboard on it."""
    app.sign_in(page, path="/live")
    found = page.locator(f'.tile[data-camera="{camera_id}"]')
    expect(found).to_have_attribute("data-state", "live", timeout=30_000)
    found.focus()
    return found


def stored(database: Engine, note: str) -> tuple[FootageMark, Finding]:
    """The mark with that note, and its finding, once they are there."""

    def look() -> tuple[FootageMark, Finding] | None:
        with Session(database) as session:
            query = select(FootageMark, Finding).join(Finding, Finding.id == FootageMark.finding_id)
            found = session.execute(query.where(FootageMark.note == note)).one_or_none()
            return None if found is None else (found[0], found[1])

    found = until(look, 15, f"the mark {note!r} is stored")
    assert found is not None
    return found


def shown(player: Page) -> dict[str, Any]:
    found: dict[str, Any] = player.locator(".player .chosen video").evaluate(READ)
    return found


def test_a_mark_on_the_live_picture_becomes_a_draft_and_plays_from_ten_seconds_before(
    page: Page, tile: Locator, database: Engine
) -> None:
    page.keyboard.press("m")
    panel = page.locator(".mark-panel")
    expect(panel).to_have_attribute("data-state", "stored", timeout=SOON)
    panel.get_by_role("button", name="无关人员").click()
    page.keyboard.type("一人未佩戴证件")
    replay = panel.get_by_role("link", name="回放")
    with page.context.expect_page() as opened:
        replay.click()
    panel.get_by_label("说明").focus()
    page.keyboard.press("Enter")
    expect(panel).to_have_count(0)

    mark, finding = stored(database, "一人未佩戴证件")
    clock = mark.at.astimezone(SHANGHAI)
    assert finding.subject == f"开标一室 {clock:%H:%M:%S} 无关人员"
    assert (finding.source, finding.status, finding.note) == ("live", "draft", mark.note)
    assert mark.session_id is not None

    player = opened.value
    expect(player.locator(".player")).to_have_attribute("data-shown", re.compile(r"^\d+$"), timeout=SOON)
    until(lambda: shown(player).get("frames", 0) > 10, 20, "it plays by itself")
    wanted = milliseconds(mark.at - timedelta(seconds=10))
    player.locator(".player .chosen video").evaluate("video => { video.pause(); video.currentTime = 0.0005 }")
    until(
        lambda: (found := shown(player))["settled"] and found["time"] < 0.1, 10, "back at its first picture"
    )
    first = shown(player)
    # A picture is taken every 50 ms, and dated within as much.
    assert abs(first["burnt"] - wanted) < 150
    until(
        lambda: player.locator(f'.mark-tick[data-at="{milliseconds(mark.at)}000"]').count(),
        20,
        "the mark is a tick on the strip",
    )


def test_a_mark_on_footage_is_a_tick_at_once_and_a_click_on_it_plays_from_before(
    page: Page, app: Installation, camera_id: int, database: Engine
) -> None:
    with Session(database) as session:
        reached = until(lambda: _reached(session, camera_id), 60, "half a minute is recorded")
    assert reached is not None
    start, end = ((reached - timedelta(seconds=ago)).astimezone(SHANGHAI) for ago in (25, 5))
    app.sign_in(
        page, path=f"/footage?camera={camera_id}&from={start:%Y-%m-%dT%H:%M:%S}&to={end:%Y-%m-%dT%H:%M:%S}"
    )
    expect(page.locator(".player")).to_have_attribute("data-shown", re.compile(r"^\d+$"), timeout=SOON)
    page.locator(".picture.chosen").hover()
    page.keyboard.press("ArrowRight")  # 10 s on
    page.keyboard.press("ArrowRight")
    until(lambda: shown(page)["settled"] and shown(page)["time"] > 15, 10, "the picture is there")
    marked = shown(page)["shown"]
    page.keyboard.press("m")
    page.keyboard.type("桌上有手机")
    page.keyboard.press("Enter")
    mark, finding = stored(database, "桌上有手机")
    assert finding.source == "footage"
    assert abs(milliseconds(mark.at) - marked) <= 1
    tick = page.locator(f'.mark-tick[data-at="{milliseconds(mark.at)}000"]')
    expect(tick).to_have_attribute("title", re.compile("其他 · 桌上有手机"), timeout=SOON)
    tick.click()
    until(lambda: not shown(page)["paused"], 10, "it plays")
    page.keyboard.press("Space")
    assert abs(shown(page)["burnt"] - milliseconds(mark.at - timedelta(seconds=10))) < 8000


def _reached(session: Session, camera_id: int) -> datetime | None:
    """Where the camera's footage ends, once there is half a minute of it."""

    session.rollback()
    now = datetime.now(SHANGHAI)
    runs = footage.runs_between(session, camera_id, now - timedelta(minutes=5), now)
    long_enough = runs and runs[-1].end - runs[-1].start > timedelta(seconds=30)
    return runs[-1].end if long_enough else None


def test_what_is_typed_outlives_a_server_that_does_not_answer(
    page: Page, tile: Locator, database: Engine
) -> None:
    def gone(route: Route) -> None:
        route.abort()

    page.route("**/live/marks", gone)
    page.keyboard.press("m")
    panel = page.locator(".mark-panel")
    expect(panel).to_contain_text("服务器无应答，正在重试", timeout=SOON)
    page.keyboard.type("断网时的标记")
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    expect(panel.get_by_label("说明")).to_have_value("断网时的标记")
    page.unroute("**/live/marks", gone)
    expect(panel).to_have_count(0, timeout=SOON)
    mark, _ = stored(database, "断网时的标记")
    assert mark.kind == "other"
    # Closed without Enter, what was typed is kept as well; the keyboard is the picture's again.
    page.keyboard.press("m")
    expect(panel).to_be_visible()
    page.keyboard.type("先记一笔 mf")  # letters that are keys of the wall
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    stored(database, "先记一笔 mf")


def test_marks_of_a_session_stand_beside_its_pictures_with_the_way_back(
    page: Page, tile: Locator, app: Installation, database: Engine
) -> None:
    page.keyboard.press("m")
    page.keyboard.type("唱标人离席")
    page.keyboard.press("Enter")
    mark, _ = stored(database, "唱标人离席")
    page.goto(f"{app.url}/live?session={mark.session_id}")
    entry = page.get_by_text("唱标人离席").first
    expect(entry).to_be_visible(timeout=SOON)
    expect(page.get_by_text("过程记录")).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="回放").first.click()
    expect(page.locator(".player")).to_have_attribute("data-shown", re.compile(r"^\d+$"), timeout=SOON)
