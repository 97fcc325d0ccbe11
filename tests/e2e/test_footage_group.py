"""In a real browser: all cameras of a room play in step, and each tells of its own gaps."""

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import create_engine, delete, select, update
from sqlalchemy.orm import Session

from data_access import cameras, footage, footage_gaps
from data_access.embedded_postgres import socket_url
from data_access.footage import Segment
from data_access.models import Camera, Finding, FootageGap, FootageMark, FootageRun, FootageSegment
from domain.periods import day_of, midnight
from domain.vocabulary import GapCause, RoomType
from media.demo_scene import read_clock
from tests.installation import Installation, until
from tests.media.made_footage import make_segment, milliseconds, publish

# Seconds after four at night, of each camera; the second one's pictures lie between those of the others. The
# third has a gap of its own, and nobody recorded from 24 to 34.
STRETCHES: dict[str, list[tuple[float, float]]] = {
    "同步室-全景": [(0, 12), (12, 12), (34, 6)],
    "同步室-主席台": [(0.013, 24), (34.013, 6)],
    "同步室-门口": [(0, 6), (14, 10), (34, 6)],
}
LENGTH = 40.013
FRAME_MS = 40
IN_STEP_MS = 50  # the bound
SOON = 20_000

# Of every picture that is shown: its camera, its drawn clock and what the player says of it, in milliseconds.
READ = """player => [...player.querySelectorAll('.picture')].map((tile) => {
  const still = tile.querySelector('canvas'), video = tile.querySelector('video');
  const seen = still.hidden ? video : still;
  const [width, height] = [seen.videoWidth ?? seen.width, seen.videoHeight ?? seen.height];
  if (!width) return { camera: Number(tile.dataset.camera), settled: false };
  const strip = (tile.strip ??= new OffscreenCanvas(width, 1));
  const context = (tile.drawing ??= strip.getContext('2d', { willReadFrequently: true }));
  context.drawImage(seen, 0, height - 8, width, 1, 0, 0, width, 1);
  const row = context.getImageData(0, 0, width, 1).data;
  let burnt = 0;
  for (let bit = 0; bit < 48; bit++) {
    burnt = burnt * 2 + (row[4 * Math.floor((bit + 0.5) * width / 48)] > 128 ? 1 : 0);
  }
  return {
    camera: Number(tile.dataset.camera),
    burnt,
    shown: Number(tile.dataset.shown) / 1000,
    paused: video.paused,
    muted: video.muted,
    settled: still.hidden && video.readyState >= 2 && !video.seeking,
  };
})"""
SAMPLES = f"""async (player) => {{
  const found = [];
  const plays = () => player.querySelector('[data-face="pause"]');
  for (let count = 0; count < 40; count++) {{
    await new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve), 40));
    if (plays()) found.push(({READ})(player).map(({{ burnt }}) => burnt));
  }}
  return found;
}}"""


@dataclass(frozen=True)
class Night:
    """A room whose cameras have footage."""

    ids: list[int]
    starts_at: datetime

    def ms(self, seconds: float) -> float:
        return milliseconds(self.starts_at) + seconds * 1000

    def link(self, **also: str) -> str:
        start, end = (
            f"{self.starts_at + timedelta(hours=8, seconds=at):%Y-%m-%dT%H:%M:%S}" for at in (0, LENGTH + 1)
        )
        more = "".join(f"&{name}={value}" for name, value in also.items())
        return f"/footage?camera={self.ids[0]}&from={start}&to={end}{more}"


@pytest.fixture(scope="module")
def night(app: Installation) -> Iterator[Night]:
    starts_at = midnight(day_of(datetime.now(UTC)) - timedelta(days=1)) + timedelta(hours=4)
    engine = create_engine(socket_url(app.home / "postgres"), connect_args={"options": "-c timezone=UTC"})
    with Session(engine) as session, session.begin():
        footage.make_days(session, starts_at)  # on its own, as the recorder's workers do it at the same time
    # At once: the recorder notes the time that it finds unaccounted for as lost by itself.
    with Session(engine) as session, session.begin():
        ids = _add_cameras(session, starts_at - timedelta(days=1))
        for camera_id, stretches in zip(ids, STRETCHES.values(), strict=True):
            publish(session, _made(app.home / "footage", starts_at, camera_id, stretches))
        begin, end = starts_at + timedelta(seconds=6), starts_at + timedelta(seconds=14)
        footage_gaps.record_gap(session, ids[2], begin, end, cause=GapCause.NETWORK)
    yield Night(ids, starts_at)
    with Session(engine) as session, session.begin():
        marked = select(FootageMark.finding_id).where(FootageMark.camera_id.in_(ids))
        drafts = list(session.scalars(marked))
        for table in (FootageMark, FootageSegment, FootageGap, FootageRun):
            session.execute(delete(table).where(table.camera_id.in_(ids)))
        session.execute(delete(Finding).where(Finding.id.in_(drafts)))
        session.execute(update(Camera).where(Camera.id.in_(ids)).values(removed_at=datetime.now(UTC)))
    engine.dispose()


def _made(
    folder: Path, starts_at: datetime, camera_id: int, stretches: list[tuple[float, float]]
) -> list[Segment]:
    return [
        make_segment(folder, starts_at + timedelta(seconds=at), length, sound=True, camera_id=camera_id)
        for at, length in stretches
    ]


def _add_cameras(session: Session, at: datetime) -> list[int]:
    room = cameras.add_room(session, "同步室", RoomType.BID_OPENING)
    ids = [
        cameras.add(session, room_id=room.id, name=name, url="rtsp://127.0.0.1:9/none", at=at).id
        for name in STRETCHES
    ]
    session.execute(update(Camera).where(Camera.id.in_(ids)).values(enabled=False, frame_rate=25.0))
    return ids


@pytest.fixture
def player(page: Page, app: Installation, night: Night) -> Page:
    """The footage page with the cameras of the room at their first picture."""
    app.sign_in(page, path=night.link())
    opened(page, 3)
    return page


def opened(page: Page, count: int) -> None:
    expect(page.locator(".player .picture")).to_have_count(count, timeout=SOON)
    settled(page)


def read(page: Page) -> list[dict[str, Any]]:
    """What stands in the pictures."""
    found: list[dict[str, Any]] = page.locator(".player").evaluate(READ)
    return found


def settled(page: Page) -> dict[int, dict[str, Any]]:
    """What stands in the pictures, by camera, when all have come to rest."""
    found: list[dict[str, Any]] = []

    def at_rest() -> bool:
        before = list(found)
        found[:] = read(page)
        return all(each["settled"] and each["paused"] for each in found) and found == before

    until(at_rest, 20, "the pictures are at rest")
    return {each["camera"]: each for each in found}


def chosen(page: Page) -> int:
    """The camera whose picture is large."""
    return int(page.locator(".picture.chosen").get_attribute("data-camera") or 0)


def go_to(page: Page, seconds: float) -> float:
    """Clicks the bar about there; returns the second that was hit."""
    bar = page.locator(".progress")
    box = bar.bounding_box()
    assert box
    x = round(seconds / LENGTH * box["width"])
    bar.click(position={"x": x, "y": 8})
    return x / box["width"] * LENGTH


def test_standing_still_each_camera_shows_the_very_picture_of_the_moment(player: Page, night: Night) -> None:
    for seconds in (2.2, 17.7, 36.5):
        moment = night.ms(go_to(player, seconds))
        for found in settled(player).values():
            assert abs(found["burnt"] - found["shown"]) <= 1
            assert 0 <= moment - found["burnt"] < FRAME_MS + 1


def test_a_step_goes_on_by_one_picture_of_the_large_camera_and_the_others_follow(
    player: Page, night: Night
) -> None:
    go_to(player, 3)
    before = settled(player)
    player.locator(".player").focus()
    player.keyboard.press(".")

    def stepped() -> bool:
        now = settled(player)
        large = now[night.ids[0]]["burnt"]
        together = all(0 <= large - each["burnt"] < FRAME_MS for each in now.values())
        return bool(large == before[night.ids[0]]["burnt"] + FRAME_MS and together)

    until(stepped, 10, "it is one picture on, and the others are where it is")
    player.keyboard.press(",")
    until(lambda: settled(player)[night.ids[0]]["burnt"] == before[night.ids[0]]["burnt"], 10, "and back")


def drawn(page: Page, night: Night, start: float) -> np.ndarray:
    """The drawn clocks (milliseconds) of all pictures at 40 moments of playing from there, a row each."""
    go_to(page, start)
    settled(page)
    page.locator(".player").focus()
    page.keyboard.press("Space")
    until(lambda: read(page)[0]["burnt"] > night.ms(start + 0.1), 20, "they play")
    samples = np.array(page.locator(".player").evaluate(SAMPLES))
    assert samples.max() - samples.min() > 1000  # they moved
    return samples


def test_playing_they_stay_in_step(page: Page, app: Installation, night: Night) -> None:
    """A drawn clock stands still for a frame, so single ones say up to a frame more than they are apart."""
    app.sign_in(page, path=night.link())
    opened(page, 3)
    samples = drawn(page, night, 14.5)
    apart = samples.max(axis=1) - samples.min(axis=1)
    assert np.mean(apart <= IN_STEP_MS + FRAME_MS) >= 0.95, sorted(apart)  # a busy machine may draw one late
    from_the_first = (samples - samples[:, :1]).mean(axis=0)  # what a frame adds goes out on average
    assert np.ptp(from_the_first) <= IN_STEP_MS / 2, from_the_first


def test_played_fast_they_go_together_from_still_to_still(
    page: Page, app: Installation, night: Night
) -> None:
    app.sign_in(page, path=night.link(speed="8"))
    opened(page, 3)
    recorded = drawn(page, night, 0)[:, :2]  # the third has its gap
    apart = recorded.max(axis=1) - recorded.min(axis=1)
    assert max(apart) <= IN_STEP_MS, sorted(apart)
    expect(page.locator(".said")).to_have_text("快放：各路画面同步逐幅跳转")


def test_a_camera_with_a_gap_says_why_while_the_others_play_on(player: Page, night: Night) -> None:
    go_to(player, 5)
    settled(player)
    player.locator(".player").focus()
    player.keyboard.press("Space")
    missing = player.locator(f'.picture[data-camera="{night.ids[2]}"] .missing')
    expect(missing).to_be_visible(timeout=SOON)
    expect(missing).to_contain_text("此处无录像")
    expect(missing).to_contain_text("04:00:06–04:00:14 网络中断")
    until(lambda: read(player)[0]["burnt"] > night.ms(8), 20, "the others play on")
    expect(missing).to_be_hidden(timeout=SOON)
    player.keyboard.press("Space")
    assert settled(player)[night.ids[2]]["burnt"] >= night.ms(14)


def test_where_no_camera_recorded_it_goes_on_after_the_gap_and_says_so(player: Page, night: Night) -> None:
    go_to(player, 23.3)
    settled(player)
    player.locator(".player").focus()
    player.keyboard.press("Space")
    expect(player.locator(".passing")).to_have_text(
        "04:00:24–04:00:34 各摄像头均无录像，已跳过", timeout=SOON
    )
    until(lambda: all(each["burnt"] > night.ms(34.2) for each in read(player)), 20, "they play after it")


def test_numbers_choose_the_large_picture_and_only_one_camera_is_heard(player: Page, night: Night) -> None:
    names = sorted(STRETCHES)
    by_name = dict(zip(STRETCHES, night.ids, strict=True))
    for number in (2, 3, 1):
        player.locator(".player").focus()
        player.keyboard.press(str(number))
        until(lambda wanted=by_name[names[number - 1]]: chosen(player) == wanted, 10, "it is large")  # type: ignore[misc]
        assert [each["camera"] for each in read(player) if not each["muted"]] == [chosen(player)]


def test_a_link_shows_position_speed_and_layout_again(player: Page, night: Night) -> None:
    moment = night.ms(go_to(player, 4.4))
    player.get_by_role("button", name="等分画面").click()
    player.get_by_label("播放速度").select_option("2")
    expect(player).to_have_url(re.compile(r"at=.*speed=2.*layout=equal|layout=equal"), timeout=SOON)
    expect(player).to_have_url(re.compile(r"speed=2"), timeout=SOON)
    player.goto(player.url)
    opened(player, 3)
    assert player.locator(".pictures").get_attribute("data-layout") == "equal"
    assert player.get_by_label("播放速度").input_value() == "2"
    assert abs(settled(player)[night.ids[0]]["burnt"] - moment) <= FRAME_MS
    player.get_by_role("button", name="单画面").click()
    opened(player, 1)


def test_brackets_lead_from_mark_to_mark(player: Page, night: Night) -> None:
    go_to(player, 9)
    marked = settled(player)[night.ids[0]]["shown"]
    player.locator(".player").focus()
    player.keyboard.press("m")
    player.keyboard.type("同步室的标记")
    player.keyboard.press("Enter")
    tick = player.locator('.mark-tick[title*="同步室的标记"]')
    expect(tick).to_have_count(1, timeout=SOON)
    expect(player.locator(".mark-panel")).to_have_count(0, timeout=SOON)
    for seconds, key in ((20, "["), (2, "]")):
        go_to(player, seconds)
        settled(player)
        player.locator(".player").focus()
        player.keyboard.press(key)
        until(lambda: abs(settled(player)[night.ids[0]]["burnt"] - marked) <= FRAME_MS, 10, "at the mark")
        expect(player.locator(".passing")).to_contain_text("同步室的标记")


def test_a_still_is_the_picture_on_the_screen_with_its_checksum(
    player: Page, night: Night, tmp_path: Path
) -> None:
    go_to(player, 7.3)
    shown = settled(player)[night.ids[0]]["shown"]
    player.get_by_role("button", name="截取静态画面").click()
    panel = player.get_by_role("dialog", name="静态画面")
    expect(panel.get_by_text("画面校验值")).to_be_visible(timeout=SOON)
    with player.expect_download() as download:
        panel.get_by_text("下载图片").click()
    assert download.value.suggested_filename.startswith("同步室-全景_")
    download.value.save_as(tmp_path / "still.png")
    content = (tmp_path / "still.png").read_bytes()
    picture = Image.open(io.BytesIO(content)).crop((0, 0, 384, 96))
    assert read_clock(np.asarray(picture.convert("L"))) == shown
    expect(panel).to_contain_text(hashlib.sha256(picture.tobytes()).hexdigest())
    expect(panel).to_contain_text(hashlib.sha256(content).hexdigest())
    player.keyboard.press("Escape")
    expect(panel).to_have_count(0)
