"""The wall in a real browser: layouts, pages, one camera enlarged, one voice at a time, the big screen."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.on_the_wall import (
    PATIENCE,
    live,
    make_account,
    posts_to_whep,
    remembered,
    session_in,
    show_all_rooms,
    shown,
    sign_in_as,
)
from tests.e2e.test_pages import NOTHING_BEYOND, PHONE
from tests.installation import Installation, until

CAMERAS = 5  # of the demo's rooms with a session on now
# Below the tile that is looked at, at any instant: a video with a picture.
NEVER_BLACK = """tile => {
  window.black = 0;
  const look = () => {
    const videos = [...tile.querySelectorAll("video")];
    if (!videos.some((video) => video.videoWidth && video.readyState >= 2)) window.black += 1;
    window.looking = requestAnimationFrame(look);
  };
  look();
}"""
LOUDNESS = """async (tile) => {
  const video = [...tile.querySelectorAll("video")].at(-1);
  if (video.muted || !video.srcObject.getAudioTracks().length) return 0;
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(video.srcObject).connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const wave = new Float32Array(2048);
  analyser.getFloatTimeDomainData(wave);
  context.close();
  return Math.max(...wave);
}"""


@pytest.fixture(scope="module", autouse=True)
def accounts(app: Installation) -> None:
    make_account(app, "berta")
    make_account(app, "carla")


@pytest.fixture
def wall(app: Installation, page: Page) -> Iterator[Page]:
    """The wall as it opens, with all its pictures on."""
    sign_in_as(app, page, "berta", "/live")
    expect(live(page)).to_have_count(4, timeout=PATIENCE)
    yield page
    page.get_by_role("button", name="每页 4 路画面").click()
    until(lambda: remembered(app, "berta").get("layout", "4") == "4", 20, "the usual layout")


def camera_of(page: Page, place: int) -> str:
    return shown(page).nth(place).get_attribute("data-camera") or ""


def test_only_the_tiles_that_are_seen_pull_video(app: Installation, page: Page) -> None:
    asked = posts_to_whep(page)
    sign_in_as(app, page, "berta", "/live")
    expect(live(page)).to_have_count(4, timeout=PATIENCE)
    first = [camera_of(page, place) for place in range(4)]
    assert sorted(asked) == sorted((camera, "sub", False) for camera in first)
    page.get_by_role("button", name="下一页").click()
    expect(shown(page)).to_have_count(CAMERAS - 4)
    expect(live(page)).to_have_count(CAMERAS - 4, timeout=PATIENCE)
    assert {camera for camera, _, _ in asked[4:]}.isdisjoint(first)
    page.keyboard.press("ArrowLeft")
    expect(live(page)).to_have_count(4, timeout=PATIENCE)


def test_a_tile_below_the_window_pulls_when_it_is_scrolled_to(app: Installation, page: Page) -> None:
    page.set_viewport_size(PHONE)
    asked = posts_to_whep(page)
    sign_in_as(app, page, "berta", "/live")
    expect(live(page).first).to_be_visible(timeout=PATIENCE)
    last = shown(page).nth(3)
    camera = camera_of(page, 3)
    assert camera not in {asked_for for asked_for, _, _ in asked}
    last.scroll_into_view_if_needed()
    expect(last).to_have_attribute("data-state", "live", timeout=PATIENCE)
    page.wait_for_function(NOTHING_BEYOND)


def test_the_layout_is_remembered_for_this_person_only(
    app: Installation, wall: Page, browser: Browser
) -> None:
    wall.get_by_role("button", name="每页 9 路画面").click()
    expect(shown(wall)).to_have_count(CAMERAS)
    wall.get_by_role("combobox", name="显示哪些场所").select_option("bid_opening")
    expect(shown(wall).filter(has_text="土地拍卖厅")).to_have_count(0)
    rooms = shown(wall).count()
    chosen = {"layout": "9", "filter": "bid_opening", "seconds": 20}
    until(lambda: remembered(app, "berta") == chosen, 20, "the choice is remembered")
    wall.reload()
    expect(wall.locator('[data-layout="9"][aria-pressed="true"]')).to_be_visible(timeout=PATIENCE)
    expect(wall.get_by_role("combobox", name="显示哪些场所")).to_have_value("bid_opening")
    expect(shown(wall)).to_have_count(rooms)
    context = browser.new_context(locale="zh-CN")
    other = context.new_page()
    sign_in_as(app, other, "carla", "/live")
    expect(other.locator('[data-layout="4"][aria-pressed="true"]')).to_be_visible(timeout=PATIENCE)
    expect(other.get_by_role("combobox", name="显示哪些场所")).to_have_value("on")
    context.close()
    wall.get_by_role("combobox", name="显示哪些场所").select_option("on")
    until(lambda: remembered(app, "berta")["filter"] == "on", 20, "the usual rooms")


def test_an_enlarged_tile_plays_the_main_stream_and_goes_back_without_turning_black(wall: Page) -> None:
    asked = posts_to_whep(wall)
    tile = wall.locator(f'.tile[data-camera="{camera_of(wall, 1)}"]')
    tile.evaluate(NEVER_BLACK)
    tile.locator(".picture").click()
    expect(shown(wall)).to_have_count(1)
    expect(tile).to_have_attribute("data-stream", "main", timeout=PATIENCE)
    assert tile.locator("video").evaluate("video => video.videoWidth") == 960
    wall.keyboard.press("Escape")
    expect(shown(wall)).to_have_count(4)
    expect(tile).to_have_attribute("data-stream", "sub", timeout=PATIENCE)
    assert wall.evaluate("window.black") == 0
    camera = tile.get_attribute("data-camera")
    assert [(stream, sound) for asked_for, stream, sound in asked if asked_for == camera] == [
        ("main", False),
        ("sub", False),
    ]


def test_the_wall_is_used_by_keyboard(wall: Page) -> None:
    first, second = camera_of(wall, 0), camera_of(wall, 1)
    shown(wall).first.focus()
    wall.keyboard.press("Enter")
    expect(shown(wall)).to_have_count(1)
    expect(shown(wall)).to_have_attribute("data-camera", first)
    wall.keyboard.press("ArrowRight")
    expect(shown(wall)).to_have_attribute("data-camera", second)
    wall.keyboard.press("Enter")
    expect(shown(wall)).to_have_count(4)
    wall.keyboard.press("ArrowRight")
    expect(wall.locator(".pager .number")).to_have_text("2 / 2")
    wall.keyboard.press("ArrowRight")
    expect(wall.locator(".pager .number")).to_have_text("1 / 2")


def test_one_tile_at_a_time_is_heard(wall: Page) -> None:
    asked = posts_to_whep(wall)
    assert wall.locator("video").evaluate_all("videos => videos.every((video) => video.muted)")
    for place in (0, 2):
        tile = shown(wall).nth(place)
        tile.focus()
        wall.keyboard.press("s")
        until(lambda tile=tile: tile.evaluate(LOUDNESS) > 0.001, 20, "sound")  # type: ignore[misc]
        expect(wall.locator('.tile[data-sound="on"]')).to_have_count(1)
        expect(tile).to_have_attribute("data-sound", "on")
    muted = "tiles => tiles.map((tile) => [...tile.querySelectorAll('video')].every((video) => video.muted))"
    assert shown(wall).evaluate_all(muted) == [True, True, False, True]
    assert [camera for camera, _, sound in asked if sound] == [camera_of(wall, 0), camera_of(wall, 2)]
    shown(wall).nth(2).get_by_role("button", name="关闭声音").click()
    expect(wall.locator('.tile[data-sound="on"]')).to_have_count(0)


def test_a_picture_that_the_gateway_converts_says_so(app: Installation, page: Page) -> None:
    def converting(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "mingjing-transcoded": "codec"})

    page.route("**/whep/**", converting)
    sign_in_as(app, page, "berta", "/live")
    extra = live(page).first.locator(".extra")
    expect(extra).to_have_text("转码", timeout=PATIENCE)
    expect(extra).to_have_attribute("title", re.compile("H.264"))
    page.unroute_all(behavior="ignoreErrors")


def test_a_mark_is_made_with_m(wall: Page) -> None:
    shown(wall).first.focus()
    wall.keyboard.press("m")
    panel = shown(wall).first.locator(".mark-panel")
    expect(panel).to_have_attribute("data-state", "stored", timeout=PATIENCE)
    expect(panel.get_by_role("link")).to_have_attribute("href", re.compile("/footage"))
    wall.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_all_rooms_are_on_one_wall(wall: Page) -> None:
    show_all_rooms(wall)
    expect(live(wall)).to_have_count(CAMERAS, timeout=PATIENCE)
    session_in(wall, "开标一室").click()
    expect(shown(wall)).to_have_count(2)
    session_in(wall, "全部场次").click()
    expect(shown(wall)).to_have_count(CAMERAS)


def test_the_big_screen_goes_round_the_rooms_with_the_next_picture_ready(
    app: Installation, page: Page
) -> None:
    sign_in_as(app, page, "carla", "/live?display=1")
    screen, on = page.locator(".display"), page.locator(".layer.on .tile")
    expect(on.first).to_have_attribute("data-state", "live", timeout=PATIENCE)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_count(0)
    expect(screen.locator(".clock")).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"))
    page.mouse.move(300, 300)
    page.get_by_role("combobox", name="每个场所显示多久").select_option("10")
    room = screen.get_attribute("data-room")
    expect(screen).not_to_have_attribute("data-room", room or "", timeout=15_000)
    assert on.evaluate_all("tiles => tiles.map((tile) => tile.dataset.state)") == ["live"] * on.count()
    until(lambda: remembered(app, "carla")["seconds"] == 10, 20, "the interval is remembered")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="继续轮巡")).to_be_visible()
    second = screen.get_attribute("data-room")
    page.keyboard.press("ArrowLeft")
    expect(screen).to_have_attribute("data-room", room or "")
    assert second != room
    page.reload()
    expect(page.get_by_role("combobox", name="每个场所显示多久")).to_have_value("10", timeout=PATIENCE)
