"""The live page in a real browser: pictures advance, dead cameras are noticed, closed rooms stay closed."""

import signal
import time
from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.installation import Installation, until

FIRST_PICTURE_MS = 3000
LOST_MS = 5000


@pytest.fixture
def live_page(app: Installation, page: Page) -> Page:
    """The live page of an inspector, with the first session's picture on."""
    app.sign_in(page, "inspector", "/live")
    expect(page.locator('.tile[data-state="live"]')).to_have_count(1, timeout=30_000)
    return page


@pytest.fixture
def demo_cameras(app: Installation) -> Iterator[psutil.Process]:
    """The process of the demo cameras; it goes on after the test."""
    (found,) = [one for one in app.processes() if "media.demo_cameras" in one.cmdline()]
    yield found
    found.send_signal(signal.SIGCONT)


def tile(page: Page) -> Locator:
    return page.locator(".tile")


def decoded(page: Page) -> tuple[float, int]:
    """Seconds played and pictures decoded."""
    seconds, pictures = page.locator("video").evaluate(
        "video => [video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames]"
    )
    return seconds, pictures


def session_in(page: Page, room: str) -> Locator:
    """The choice of the session that is on in a room, the later one while two are."""
    return page.get_by_role("radiogroup").locator("label").filter(has_text=room).first


def test_the_picture_advances_and_is_young(live_page: Page) -> None:
    seconds, pictures = decoded(live_page)
    until(lambda: decoded(live_page)[1] >= pictures + 25, 10, "25 more pictures")
    assert decoded(live_page)[0] > seconds
    expect(tile(live_page)).to_have_attribute("data-state", "live")
    until(lambda: int(tile(live_page).get_attribute("data-age-ms") or 9999) < 1000, 5, "a young picture")
    expect(live_page.locator("figcaption")).to_contain_text("画面延迟")


def test_choosing_a_session_shows_its_room_within_three_seconds(live_page: Page) -> None:
    taken: list[float] = []
    for room in ("土地拍卖厅", "开标一室", "评标室") * 2:
        asked = time.monotonic()
        session_in(live_page, room).click()
        there = live_page.locator('.tile[data-state="live"]').filter(has_text=room)
        expect(there).to_have_count(1, timeout=15_000)
        taken.append((time.monotonic() - asked) * 1000)
        expect(tile(live_page)).to_have_count(1)  # the room before was left
        if taken[-1] < FIRST_PICTURE_MS:  # else once more: the machine may be busy with other tests
            break
    assert min(taken) < FIRST_PICTURE_MS
    assert "session=" in live_page.url


def test_a_link_brings_the_same_session_back(live_page: Page) -> None:
    session_in(live_page, "土地拍卖厅").click()
    expect(live_page.locator("figcaption")).to_contain_text("土地拍卖厅")
    live_page.reload()
    expect(live_page.locator("figcaption")).to_contain_text("土地拍卖厅", timeout=30_000)
    expect(session_in(live_page, "土地拍卖厅").locator("input")).to_be_checked()


def test_a_script_run_leaves_the_picture_playing(live_page: Page) -> None:
    first = tile(live_page).get_attribute("data-first-picture-ms")
    live_page.keyboard.press("r")  # Streamlit runs the page's script again
    _, pictures = decoded(live_page)
    until(lambda: decoded(live_page)[1] > pictures + 12, 10, "the same video goes on")
    assert tile(live_page).get_attribute("data-first-picture-ms") == first


def test_a_dead_camera_is_told_within_five_seconds_and_comes_back(
    live_page: Page, demo_cameras: psutil.Process
) -> None:
    demo_cameras.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    expect(tile(live_page)).to_have_attribute("data-state", "lost", timeout=10_000)
    told = (time.monotonic() - stopped) * 1000
    expect(live_page.locator(".notice")).to_have_text("信号中断，正在自动重连")
    expect(live_page.locator("figcaption")).to_contain_text("最后画面在")
    demo_cameras.send_signal(signal.SIGCONT)
    resumed = time.monotonic()
    expect(tile(live_page)).to_have_attribute("data-state", "live", timeout=15_000)
    assert told < LOST_MS
    assert time.monotonic() - resumed < 8


def test_a_gateway_that_dies_is_connected_to_again(live_page: Page, app: Installation) -> None:
    (gateway,) = [one for one in app.processes() if "media.gateway" in one.cmdline()]
    gateway.kill()
    expect(tile(live_page)).not_to_have_attribute("data-state", "live", timeout=15_000)
    expect(tile(live_page)).to_have_attribute("data-state", "live", timeout=40_000)


def test_evaluation_rooms_are_closed_to_supervisors(app: Installation, page: Page) -> None:
    app.sign_in(page, "supervisor", "/live")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/whep/" in request.url else None)
    expect(page.locator('.tile[data-state="live"]')).to_have_count(1, timeout=30_000)
    expect(page.locator("figcaption")).not_to_contain_text("评标室")
    session_in(page, "评标室").click()
    expect(tile(page)).to_have_attribute("data-state", "not_allowed", timeout=10_000)
    expect(page.locator(".notice")).to_contain_text("仅限获批的纪检监察人员")
    camera = tile(page).get_attribute("data-camera")
    assert not any(url.endswith(f"/whep/{camera}") for url in asked)
    answer = page.request.post(f"{app.url}/whep/{camera}", data="v=0")
    assert answer.status == 403


def test_the_picture_fills_the_screen_with_f(live_page: Page) -> None:
    tile(live_page).focus()
    live_page.keyboard.press("f")
    until(lambda: live_page.evaluate("document.fullscreenElement !== null"), 5, "full screen")
    live_page.keyboard.press("f")
    until(lambda: live_page.evaluate("document.fullscreenElement === null"), 5, "the page again")
