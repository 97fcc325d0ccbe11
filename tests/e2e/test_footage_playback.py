"""In a real browser: a range of several segments with a gap plays as one video, true to the wall clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, select, update
from sqlalchemy.orm import Session

from data_access import footage, footage_gaps
from data_access.embedded_postgres import socket_url
from data_access.models import AuditEntry, Camera
from domain.periods import day_of, midnight
from domain.vocabulary import GapCause
from tests.installation import Installation, until
from tests.media.made_footage import make_segment, milliseconds, publish

CAMERA = "开标一室-全景"
# Seconds after three at night: two segments that join, a gap of ten seconds, another segment.
STRETCHES = [(0, 4), (4, 4), (18, 4)]
LENGTH = 22.0
FRAME_MS = 40

READ = """video => {
  if (!video.videoWidth) return { settled: false };
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const row = context.getImageData(0, canvas.height - 8, canvas.width, 1).data;
  let burnt = 0;
  for (let bit = 0; bit < 48; bit++) {
    const x = Math.floor((bit + 0.5) * canvas.width / 48);
    burnt = burnt * 2 + (row[4 * x] > 128 ? 1 : 0);
  }
  return {
    burnt,
    shown: Number(video.closest('.player').dataset.shown) / 1000,
    time: video.currentTime,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    paused: video.paused,
    settled: video.readyState >= 2 && !video.seeking,
  };
}"""


@dataclass(frozen=True)
class Night:
    """Footage laid into the installation."""

    camera_id: int
    starts_at: datetime

    def after(self, seconds: float) -> datetime:
        return self.starts_at + timedelta(seconds=seconds)

    @property
    def link(self) -> str:
        start, end = (
            f"{at + timedelta(hours=8):%Y-%m-%dT%H:%M:%S}" for at in (self.starts_at, self.after(LENGTH))
        )
        return f"/footage?camera={self.camera_id}&from={start}&to={end}"


@pytest.fixture(scope="module")
def night(app: Installation) -> Iterator[Night]:
    yesterday: date = day_of(datetime.now(UTC)) - timedelta(days=1)
    starts_at = midnight(yesterday) + timedelta(hours=3)
    engine = create_engine(socket_url(app.home / "postgres"), connect_args={"options": "-c timezone=UTC"})
    with Session(engine) as session, session.begin():
        footage.make_days(session, starts_at)  # on its own, as the recorder's workers do it at the same time
    with Session(engine) as session, session.begin():
        camera_id = session.scalars(select(Camera.id).where(Camera.name == CAMERA)).one()
        earlier = starts_at - timedelta(days=1)
        session.execute(update(Camera).where(Camera.id == camera_id).values(added_at=earlier))
        made = [
            make_segment(
                app.home / "footage",
                starts_at + timedelta(seconds=start),
                length,
                sound=True,
                camera_id=camera_id,
            )
            for start, length in STRETCHES
        ]
        publish(session, made)
        begin, end = starts_at + timedelta(seconds=8), starts_at + timedelta(seconds=18)
        footage_gaps.record_gap(session, camera_id, begin, end, cause=GapCause.NETWORK)
    yield Night(camera_id, starts_at)
    engine.dispose()


@pytest.fixture
def player(page: Page, app: Installation, night: Night) -> Page:
    """The footage page with the night's range open, at its first picture."""
    app.sign_in(page, path=night.link)
    expect(page.locator(".player")).to_have_attribute("data-shown", re.compile(r"^\d+$"), timeout=20_000)
    settled(page)
    return page


def read(page: Page) -> dict[str, Any]:
    """What the player shows: the drawn clock and the displayed one in milliseconds, and how it stands."""
    found: dict[str, Any] = page.locator(".player .chosen video").evaluate(READ)
    return found


def settled(page: Page) -> dict[str, Any]:
    """What the player shows when it has come to rest."""
    found: dict[str, Any] = {}

    def at_rest() -> bool:
        before = dict(found)
        found.update(read(page))
        return bool(found["settled"] and found["paused"] and found == before)

    until(at_rest, 10, "the picture is at rest")
    return found


def click_at(page: Page, seconds: float) -> float:
    """Clicks the progress bar about there; returns the second that was hit."""
    bar = page.locator(".progress")
    box = bar.bounding_box()
    assert box
    x = round(seconds / LENGTH * box["width"])
    bar.click(position={"x": x, "y": 8})
    return x / box["width"] * LENGTH


def test_it_plays_over_the_border_of_two_segments(player: Page, night: Night) -> None:
    first = settled(player)
    assert first["burnt"] == first["shown"] == milliseconds(night.starts_at)
    player.keyboard.press("Space")
    border = milliseconds(night.after(5))
    until(lambda: read(player)["shown"] > border, 20, "the picture is past the border")
    player.keyboard.press("Space")
    later = settled(player)
    assert later["frames"] > first["frames"] + 50
    assert abs(later["burnt"] - later["shown"]) < 2
    # Paused while playing, the clock may be past what is painted: asked for once more, both come to agree.
    player.locator(".player .chosen video").evaluate("video => { video.currentTime = video.currentTime }")

    def agree() -> bool:
        found = settled(player)
        return bool(abs(found["burnt"] - milliseconds(night.after(found["time"]))) <= FRAME_MS)

    until(agree, 10, "the picture is the one at the clock")


def test_it_seeks_to_the_frame_in_every_segment(player: Page, night: Night) -> None:
    for seconds in (6.2, 20.5, 1.3):
        hit = click_at(player, seconds)
        found = settled(player)
        assert abs(found["burnt"] - milliseconds(night.after(hit))) <= FRAME_MS
        assert abs(found["burnt"] - found["shown"]) < 2


def test_a_gap_says_why_and_leads_to_where_it_ends(player: Page, night: Night) -> None:
    click_at(player, 13)
    missing = player.locator(".missing")
    expect(missing).to_be_visible()
    expect(missing).to_contain_text("此处无录像")
    expect(missing).to_contain_text("03:00:08–03:00:18 网络中断")
    player.get_by_role("button", name="跳到 03:00:18 继续").click()
    expect(missing).to_be_hidden()
    assert settled(player)["burnt"] == milliseconds(night.after(18))


def test_keys_step_by_one_frame_and_jump_by_ten_seconds(player: Page, night: Night) -> None:
    click_at(player, 2)
    start = settled(player)["burnt"]
    for key, change in ((".", FRAME_MS), (".", FRAME_MS), (",", -FRAME_MS)):
        player.keyboard.press(key)
        until(lambda wanted=start + change: settled(player)["burnt"] == wanted, 5, f"{key} steps one frame")  # type: ignore[misc]
        start += change
    player.locator(".picture.chosen").hover()
    before = settled(player)["time"]
    player.keyboard.press("ArrowRight")
    assert abs(settled(player)["time"] - before - 10) * 1000 < FRAME_MS  # from where the picture begins


def test_another_range_is_typed_and_the_link_shows_it_again(player: Page, night: Night) -> None:
    player.get_by_label("从").fill("03:00:02")
    player.get_by_label("至").fill("030007")
    player.get_by_label("至").press("Tab")
    expect(player).to_have_url(re.compile(r"from=.*03%3A00%3A02&to=.*03%3A00%3A07"))
    expect(player.locator(".length")).to_contain_text("00:00:05")
    begins = milliseconds(night.after(2))
    until(lambda: settled(player)["burnt"] == begins, 10, "the range's first picture stands there")
    player.reload()
    expect(player.locator(".length")).to_contain_text("00:00:05", timeout=20_000)
    until(lambda: settled(player)["burnt"] == begins, 10, "the link brings it again")


def test_the_download_is_what_the_command_exports(
    player: Page, app: Installation, night: Night, tmp_path: Path
) -> None:
    with player.expect_download() as download:
        player.get_by_text("下载 MP4").click()
    download.value.save_as(tmp_path / "download.mp4")
    assert download.value.suggested_filename.startswith(f"{CAMERA}_")
    out = tmp_path / "export.mp4"
    start, end = night.starts_at.isoformat(), night.after(LENGTH).isoformat()
    told = app.command(
        "footage", "export", "--camera", CAMERA, "--from", start, "--to", end, "--out", str(out)
    )
    assert told.returncode == 0, told.stderr
    assert out.read_bytes() == (tmp_path / "download.mp4").read_bytes()
    engine = create_engine(socket_url(app.home / "postgres"))
    with Session(engine) as session:
        noted = list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == CAMERA)))
    engine.dispose()
    assert {"play_footage", "export_footage"} <= set(noted)
