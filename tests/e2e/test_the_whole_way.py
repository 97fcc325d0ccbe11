"""From end to end: a demo room is seen live, recorded at the same time and played back; the figures stand."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from domain.periods import SHANGHAI
from tests.e2e.test_footage_playback import settled
from tests.installation import Installation, until

CAMERA = "开标一室-全景"
FRAME_MS = 80  # the demo cameras send 12.5 pictures a second
CLOCK_MS = 20  # within which wall clock and burnt-in clock agree
SEGMENT_SECONDS = 5


def recorded(app: Installation) -> tuple[datetime, datetime]:
    """The longest stretch that is recorded of the camera by now."""
    now = datetime.now(UTC)
    told = app.command(
        *("footage", "list", "--camera", CAMERA, "--json"),
        *("--from", (now - timedelta(minutes=30)).isoformat(), "--to", now.isoformat()),
    )
    assert told.returncode == 0, told.stderr
    runs = [
        (datetime.fromisoformat(run["start"]), datetime.fromisoformat(run["end"]))
        for run in json.loads(told.stdout)["runs"]
    ]
    return max(runs, key=lambda run: run[1] - run[0], default=(now, now))


def recorded_for(app: Installation) -> timedelta:
    """How long that stretch is."""
    start, end = recorded(app)
    return end - start


def camera_id(app: Installation) -> int:
    """The camera's number in links."""
    listed = json.loads(app.command("camera", "list", "--json").stdout)
    return next(int(camera["id"]) for camera in listed if camera["name"] == CAMERA)


def test_what_is_seen_live_is_recorded_and_played_back_true_to_the_burnt_in_clock(
    app: Installation, page: Page
) -> None:
    app.sign_in(page, "inspector", "/live")
    page.get_by_role("radiogroup").locator("label").filter(has_text="开标一室").click()
    tile = page.locator('.tile:not([hidden])[data-state="live"]').filter(has_text="全景")
    expect(tile).to_have_count(1, timeout=15_000)
    progress = "video => [video.currentTime, video.getVideoPlaybackQuality().totalVideoFrames]"
    seconds, pictures = tile.locator("video").evaluate(progress)
    until(lambda: tile.locator("video").evaluate(progress)[1] > pictures + 10, 15, "the live picture moves")
    assert tile.locator("video").evaluate(progress)[0] > seconds

    length = timedelta(seconds=3 * SEGMENT_SECONDS)
    until(lambda: recorded_for(app) > length, 60, "three segments are recorded")
    _, end = recorded(app)
    start = (end - length).replace(microsecond=0)
    asked = [f"{at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M:%S}" for at in (start, end)]
    link = f"{app.url}/footage?camera={camera_id(app)}&from={asked[0]}&to={asked[1]}"
    for seconds in (1.0, 6.5, 11.2):
        moment = start + timedelta(seconds=seconds)
        page.goto(f"{link}&at={moment.astimezone(SHANGHAI):%Y-%m-%dT%H:%M:%S.%f}")
        expect(page.locator(".player")).to_have_attribute("data-shown", re.compile(r"^\d+$"), timeout=20_000)
        found = settled(page)
        assert abs(found["burnt"] - found["shown"]) <= FRAME_MS
        # The very picture that was on at that moment: the next one comes after it.
        page.locator(".picture.chosen").hover()
        page.keyboard.press(".")
        until(lambda shown=found["burnt"]: settled(page)["burnt"] > shown, 10, "the next picture")  # type: ignore[misc]
        assert found["burnt"] - CLOCK_MS < moment.timestamp() * 1000 < settled(page)["burnt"] + CLOCK_MS


@pytest.mark.parametrize(
    ("path", "figure"), [("/", "141"), ("/openings", "78"), ("/penalties", "9"), ("/enterprises", "125")]
)
def test_the_published_half_year_stands_on_the_pages(
    app: Installation, page: Page, path: str, figure: str
) -> None:
    app.sign_in(page, "supervisor", f"{path}?from=2023-01-01&to=2023-07-01")
    expect(page.locator(".card .value").get_by_text(figure, exact=True)).to_be_visible(timeout=20_000)


def test_an_anonymous_browser_gets_no_footage_no_page_and_no_websocket(app: Installation, page: Page) -> None:
    page.goto(f"{app.url}/footage?camera=1")
    assert "/sign-in?next=" in page.url
    video = page.request.get(f"{app.url}/footage/video/1.mp4?from=2026-01-01&to=2026-01-02")
    assert video.status == 401
    refused = page.evaluate(
        "url => new Promise(done => { const socket = new WebSocket(url);"
        " socket.onopen = () => done('open'); socket.onerror = () => done('refused') })",
        app.url.replace("http", "ws") + "/_stcore/stream",
    )
    assert refused == "refused"
