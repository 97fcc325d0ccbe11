"""An off-site opening in real browsers: sent, on the wall, recorded, looked up and played; lost and back."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode, urlsplit

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, create_engine, select, update
from sqlalchemy.orm import Session

from dashboard.footage_range import FootageRange
from data_access.embedded_postgres import socket_url
from data_access.models import AuditEntry, Camera, FootageGap, FootageRun
from domain.vocabulary import GapCause
from tests.e2e.fake_devices import opening_on, person, with_devices
from tests.installation import Installation, until

PLACE = "城南镇政府三楼"


@dataclass
class Opening:
    """An off-site opening that is on, and what the database knows of it."""

    app: Installation
    engine: Engine
    id: int

    @property
    def camera(self) -> Camera:
        with Session(self.engine) as session:
            found = session.scalar(select(Camera).where(Camera.name == f"{PLACE}-外出"))
        assert found is not None
        return found

    def runs(self) -> list[FootageRun]:
        """What is recorded, the earliest first."""
        chosen = select(FootageRun).where(FootageRun.camera_id == self.camera.id)
        with Session(self.engine) as session:
            return list(session.scalars(chosen.order_by(FootageRun.started_at)))

    def gaps(self) -> list[FootageGap]:
        """What is missing, the earliest first."""
        chosen = select(FootageGap).where(FootageGap.camera_id == self.camera.id)
        with Session(self.engine) as session:
            return list(session.scalars(chosen.order_by(FootageGap.started_at)))

    def noted(self) -> list[str]:
        """What the audit log tells of its camera."""
        chosen = select(AuditEntry.action).where(AuditEntry.subject == self.camera.name)
        with Session(self.engine) as session:
            return [
                action for action in session.scalars(chosen.order_by(AuditEntry.id)) if "off_site" in action
            ]


@pytest.fixture
def opening(app: Installation) -> Iterator[Opening]:
    engine = create_engine(socket_url(app.home / "postgres"))
    with opening_on(engine, off_site=True) as held_id:
        yield Opening(app, engine, held_id)
        with Session(engine) as session, session.begin():
            session.execute(update(Camera).where(Camera.name == f"{PLACE}-外出").values(enabled=False))
    engine.dispose()


@pytest.fixture
def sender(opening: Opening, browser: Browser) -> Iterator[Callable[[], Page]]:
    """Opens the page on another device each time it is called; signed in as staff."""
    with with_devices(browser) as devices:

        def opened() -> Page:
            page = person(devices).new_page()
            opening.app.sign_in(page, "staff", f"/off-site?session={opening.id}")
            return page

        yield opened


def begin(page: Page) -> None:
    """Names the place and starts sending."""
    page.get_by_label("外出地点").fill(PLACE)
    page.get_by_label("外出地点").press("Enter")
    button = page.get_by_role("button", name="开始发送")
    expect(button).to_be_enabled(timeout=30_000)
    button.click()
    expect(page.locator(".desk")).to_have_attribute("data-state", "sending", timeout=60_000)


def test_an_off_site_opening_is_on_the_wall_recorded_and_played_back(
    opening: Opening, sender: Callable[[], Page], page: Page
) -> None:
    desk = sender()
    begin(desk)
    expect(desk.get_by_text("已录，自")).to_be_visible(timeout=30_000)

    opening.app.sign_in(page, "inspector", f"/live?session={opening.id}")
    tile = page.locator('.tile[data-state="live"]')
    expect(tile).to_have_count(1, timeout=30_000)
    expect(tile).to_contain_text(PLACE)
    shown = "video => [video.videoWidth, video.getVideoPlaybackQuality().totalVideoFrames]"
    width, pictures = tile.locator("video").evaluate(shown)
    assert width == 1280
    until(lambda: tile.locator("video").evaluate(shown)[1] > pictures + 20, 20, "the picture advances")
    expect(desk.get_by_text("1 名监督人员")).to_be_visible(timeout=20_000)

    until(lambda: lasts(opening) > 10, 60, "ten seconds are recorded")
    check_footage(opening, page)
    check_stream_is_closed(opening, page)

    desk.get_by_role("button", name="停止发送").click()
    expect(desk.locator(".desk")).to_have_attribute("data-state", "idle", timeout=20_000)
    assert not opening.camera.enabled
    assert opening.noted()[-2:] == ["off_site_start", "off_site_stop"]
    until(lambda: opening.gaps()[-1].started_at == opening.runs()[-1].ended_at, 30, "what is missing is told")
    assert opening.gaps()[-1].cause == GapCause.PLANNED


def lasts(opening: Opening) -> float:
    """Seconds of the newest run."""
    newest = opening.runs()[-1:]
    return (newest[0].ended_at - newest[0].started_at).total_seconds() if newest else 0.0


def check_footage(opening: Opening, page: Page) -> None:
    """The recording shows the moving pattern in the right size, and sounds; the footage page plays it."""
    run = opening.runs()[-1]
    wanted = FootageRange(run.started_at + timedelta(seconds=2), run.started_at + timedelta(seconds=8))
    query = wanted.as_text()
    answer = page.request.get(f"{opening.app.url}/footage/video/{opening.camera.id}.mp4?{urlencode(query)}")
    assert answer.status == 200
    with av.open(io.BytesIO(answer.body()), "r") as file:
        pictures = [frame.to_ndarray(format="gray") for frame in file.decode(video=0)]
    assert pictures[0].shape == (720, 1280)
    assert len(pictures) > 20
    changes = [
        float(np.abs(a.astype(int) - b.astype(int)).mean())
        for a, b in zip(pictures, pictures[5:], strict=False)
    ]
    assert max(changes) > 0.2
    with av.open(io.BytesIO(answer.body()), "r") as file:
        loudest = max(float(np.abs(frame.to_ndarray()).max()) for frame in file.decode(audio=0))
    assert loudest > 0.05
    page.goto(f"{opening.app.url}/footage?{urlencode({'camera': opening.camera.id, **query, 'play': 1})}")
    video = page.locator("video").first
    expect(video).to_be_attached(timeout=30_000)
    until(lambda: video.evaluate("video => video.videoWidth") == 1280, 30, "the footage page has the picture")
    until(lambda: video.evaluate("video => video.currentTime") > 1, 30, "the footage page plays it")


def check_stream_is_closed(opening: Opening, page: Page) -> None:
    """Nobody gets the stream by its address, not even when signed in."""
    path = urlsplit(opening.camera.url).path
    anonymous = page.context.browser
    assert anonymous is not None
    with_nobody = anonymous.new_context()
    assert with_nobody.request.get(f"{opening.app.url}{path}").status == 401
    assert with_nobody.request.get(f"{opening.app.url}{path}?key=guessed").status == 403
    assert page.request.get(f"{opening.app.url}{path}").status == 403
    with_nobody.close()


def test_a_lost_sender_comes_back_by_itself_and_the_gap_is_told(
    opening: Opening, sender: Callable[[], Page]
) -> None:
    desk = sender()
    begin(desk)
    until(lambda: lasts(opening) > 4, 60, "it is recorded")

    second = sender()
    second.goto(desk.url)  # another device with the same link
    expect(second.locator(".desk")).to_have_attribute("data-state", "taken", timeout=30_000)
    second.close()

    context, link = desk.context, desk.url
    desk.close()
    closed_at = datetime.now(UTC)
    again = context.new_page()
    again.goto(link)
    expect(again.locator(".desk")).to_have_attribute("data-state", "sending", timeout=60_000)
    until(lambda: opening.runs()[-1].started_at > closed_at and lasts(opening) > 2, 60, "footage goes on")
    before = [run for run in opening.runs() if run.started_at < closed_at][-1]
    after = next(run for run in opening.runs() if run.started_at > closed_at)
    missing = [gap for gap in opening.gaps() if before.ended_at <= gap.started_at < after.started_at]
    assert missing[0].started_at == before.ended_at
    assert missing[-1].ended_at == after.started_at
    assert {gap.cause for gap in missing} <= {GapCause.CAMERA, GapCause.NETWORK}
    assert opening.noted()[-1] == "off_site_start"
    again.get_by_role("button", name="停止发送").click()
    expect(again.locator(".desk")).to_have_attribute("data-state", "idle", timeout=20_000)
