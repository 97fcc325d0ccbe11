"""In a real browser: footage is found by search, calendar and strip, and held with a click."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import create_engine, delete, select, update
from sqlalchemy.orm import Session

from data_access import footage
from data_access.embedded_postgres import socket_url
from data_access.models import AuditEntry, Camera, FootageHold, TradingSession
from domain.periods import day_of, midnight
from domain.vocabulary import SessionStatus, SessionType
from tests.e2e.test_footage_playback import READ
from tests.installation import Installation, script_is_done, until
from tests.media.made_footage import make_segment, milliseconds, publish

CAMERA = "开标二室-全景"
CODE = "KBLOOKUP"
SOON = 30_000  # milliseconds
LENGTH = 6.0  # seconds of footage


@pytest.fixture(scope="module")
def morning(app: Installation) -> Iterator[datetime]:
    """Footage of a session of its own at four in the morning, six days ago; ends with the tests."""
    at = midnight(day_of(datetime.now(UTC)) - timedelta(days=6)) + timedelta(hours=4)
    engine = create_engine(socket_url(app.home / "postgres"), connect_args={"options": "-c timezone=UTC"})
    with Session(engine) as session, session.begin():
        footage.make_days(session, at)
    with Session(engine) as session, session.begin():
        camera = session.scalars(select(Camera).where(Camera.name == CAMERA)).one()
        session.execute(update(Camera).where(Camera.id == camera.id).values(added_at=at - timedelta(days=1)))
        publish(session, [make_segment(app.home / "footage", at, LENGTH, camera_id=camera.id)])
        held = TradingSession(
            source_system="test",
            source_key=CODE,
            code=CODE,
            type=SessionType.OPENING,
            room_id=camera.room_id,
            planned_start=at,
            planned_end=at + timedelta(minutes=5),
            actual_start=at,
            actual_end=at + timedelta(minutes=5),
            status=SessionStatus.DONE,
        )
        session.add(held)
    yield at
    with Session(engine) as session, session.begin():
        held = session.scalars(select(TradingSession).where(TradingSession.code == CODE)).one()
        session.execute(delete(FootageHold).where(FootageHold.session_id == held.id))
        session.delete(held)
    engine.dispose()


def opened(page: Page) -> Locator:
    player = page.locator(".player")
    expect(player).to_have_attribute("data-shown", re.compile(r"^\d+$"), timeout=SOON)
    return player


def shown_at(page: Page, at: datetime) -> bool:
    """Whether the picture itself, by its burnt-in clock, is of a moment in the footage from `at` on."""
    found = page.locator(".player video").first.evaluate(READ)
    return bool(found.get("burnt") and 0 <= found["burnt"] - milliseconds(at) < LENGTH * 1000)


def earliest(strip: Locator) -> dict[str, float]:
    """The first run on the strip: its middle on the screen, its width, its place along the strip (0 to 1)."""
    found: dict[str, float] = strip.evaluate(
        """strip => {
          const run = strip.querySelector('.lane .run')?.getBoundingClientRect();
          const whole = strip.querySelector('.tracks').getBoundingClientRect();
          if (!run) return { share: 1, width: 0, x: whole.x + whole.width / 2, y: whole.bottom - 8 };
          const x = run.x + run.width / 2;
          return { share: (x - whole.x) / whole.width, width: run.width, x, y: run.y + 2 };
        }"""
    )
    return found


def test_a_search_plays_the_session_with_one_click(page: Page, app: Installation, morning: datetime) -> None:
    app.sign_in(page, path="/footage")
    script_is_done(page)
    search = page.get_by_label("查找录像")
    search.fill("lookup")
    search.press("Enter")
    hit = page.get_by_role("link", name=re.compile(CODE))
    hit.click(timeout=SOON)
    opened(page)
    until(lambda: shown_at(page, morning), 30, "the session plays")
    expect(page).to_have_url(re.compile(r"session=\d+"))
    expect(page.get_by_text(re.compile(r"\d+ 天后到期"))).to_be_visible()


def test_a_day_of_the_calendar_leads_to_its_sessions(
    page: Page, app: Installation, morning: datetime
) -> None:
    app.sign_in(page, path="/footage")
    day = page.locator(f'button.day[data-day="{day_of(morning).isoformat()}"]')

    def told() -> bool:
        """What the calendar read is shared for 15 s: it may be older than the footage of this test."""
        page.goto(f"{app.url}/footage")
        script_is_done(page)
        page.get_by_role("button", name="按日历查找").click(timeout=SOON)
        expect(page.locator("button.day").first).to_be_visible(timeout=SOON)
        if not day.count():
            page.get_by_role("button", name="上一月").click()
        return "1 场" in str(day.get_attribute("title"))

    until(told, 90, "the calendar tells of the session")
    day.click()
    page.get_by_role("link", name=re.compile(CODE)).click(timeout=SOON)
    opened(page)
    until(lambda: shown_at(page, morning), 30, "the session plays")


def test_the_strip_zooms_from_a_month_to_a_minute_and_a_click_plays_another_day(
    page: Page, app: Installation, morning: datetime
) -> None:
    app.sign_in(page, path="/footage")
    script_is_done(page)
    page.get_by_label("查找录像").fill("开标二室")
    page.get_by_label("查找录像").press("Enter")
    page.get_by_role("link", name=re.compile("开标二室 · 最近")).click(timeout=SOON)
    opened(page)
    strip = page.locator(".strip")
    title = strip.locator(".strip-title")
    page.get_by_role("button", name="显示保存期内全部时间").click()
    # What lies before today comes from the server, without a run of the page.
    until(lambda: earliest(strip)["share"] < 0.85, 30, "the strip has what lies days back")
    for _ in range(90):
        run = earliest(strip)
        if run["width"] > 60:
            break
        page.mouse.move(run["x"], run["y"])
        page.mouse.wheel(0, -240)
    until(lambda: earliest(strip)["width"] > 60, 20, "the strip shows seconds")
    expect(title).to_contain_text("04:0")
    run = earliest(strip)
    page.mouse.move(run["x"] + 2, run["y"])
    page.mouse.move(run["x"], run["y"])
    card = strip.locator(".strip-card")
    expect(card.locator("img")).to_be_visible(timeout=SOON)
    expect(card.locator(".strip-card-time")).to_contain_text("04:00:0")
    page.mouse.click(run["x"], run["y"])
    until(lambda: shown_at(page, morning), 30, "that day plays")
    expect(page).to_have_url(re.compile(f"from={day_of(morning).isoformat()}T04"))


def test_the_strip_is_used_by_keyboard(page: Page, app: Installation, morning: datetime) -> None:
    app.sign_in(page, path=f"/footage?q={CODE}")
    page.get_by_role("link", name=re.compile(CODE)).click(timeout=SOON)
    opened(page)
    tracks = page.get_by_role("slider", name=re.compile("录像时间条"))
    title = page.locator(".strip-title")
    before = title.text_content()
    tracks.focus()
    page.keyboard.press("+")
    expect(title).not_to_have_text(before or "")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".cursor")).to_be_visible()
    expect(tracks).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d:\d\d"))
    page.keyboard.press("Escape")
    expect(page.locator(".cursor")).to_be_hidden()


def test_a_session_is_held_and_released_and_both_are_noted(
    page: Page, app: Installation, morning: datetime
) -> None:
    app.sign_in(page, path=f"/footage?q={CODE}")
    page.get_by_role("link", name=re.compile(CODE)).click(timeout=SOON)
    opened(page)
    page.get_by_role("button", name="保全", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="保全").click()
    expect(dialog.get_by_text("请填写理由")).to_be_visible(timeout=SOON)
    dialog.get_by_label("理由").fill("投诉核查")
    dialog.get_by_label("案号").fill("纪线7号")
    dialog.get_by_role("button", name="保全").click()
    expect(dialog).to_have_count(0, timeout=SOON)
    expect(page.get_by_text("投诉核查 · 案号 纪线7号")).to_be_visible(timeout=SOON)
    expect(page.locator(".lane .held").first).to_be_attached(timeout=SOON)

    page.get_by_role("button", name="解除保全").click()
    dialog.get_by_label("解除理由").fill("已办结")
    dialog.get_by_role("button", name="解除保全").click()
    expect(page.get_by_text("投诉核查 · 案号 纪线7号")).to_have_count(0, timeout=SOON)
    engine = create_engine(socket_url(app.home / "postgres"))
    with Session(engine) as session:
        noted = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    engine.dispose()
    assert {"search_footage", "hold_footage", "release_footage"} <= set(noted)


def test_who_does_not_supervise_finds_no_closed_room_and_holds_nothing(
    page: Page, app: Installation, morning: datetime
) -> None:
    app.sign_in(page, role="staff", path="/footage?q=评标")
    expect(page.get_by_text("没有找到录像")).to_be_visible(timeout=SOON)
    page.goto(f"{app.url}/footage?q={CODE}")
    page.get_by_role("link", name=re.compile(CODE)).click(timeout=SOON)
    opened(page)
    expect(page.get_by_role("button", name="保全", exact=True)).to_have_count(0)
