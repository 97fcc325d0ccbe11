"""What a person sees: from the click to the first picture, and how old pictures are, in a real Chromium.

The browser asks our web process, signed in, as the wall does: sign-in check, database, gateway, camera.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

from benchmarks.live_servers import KEY
from benchmarks.live_site import Site
from tests.e2e.conftest import CHROMIUM
from tests.installation import until
from tests.media.rtsp_server import STRIP_CELLS, STRIP_HEIGHT

_SCRIPT = (
    (
        """
window.open_ = [];
window.watch = async (camera) => {
  const begun = performance.now();
  const connection = new RTCPeerConnection({ iceServers: [] });
  const { receiver } = connection.addTransceiver("video", { direction: "recvonly" });
  receiver.jitterBufferTarget = 0;
  const video = document.createElement("video");
  Object.assign(video, { muted: true, autoplay: true, width: 480 });
  document.body.append(video);
  connection.ontrack = ({ track }) => { video.srcObject = new MediaStream([track]); };
  const shown = new Promise((resolve) => video.requestVideoFrameCallback(
    (now, { expectedDisplayTime }) => resolve(expectedDisplayTime - begun)));
  await connection.setLocalDescription();
  const answer = await fetch(`/whep/${camera}`, { method: "POST", body: connection.localDescription.sdp });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  window.open_.push({ connection, video, location: answer.headers.get("Location") });
  return shown;
};
window.leave = async () => {
  for (const { connection, video, location } of window.open_.splice(0)) {
    await fetch(location, { method: "DELETE" });
    connection.close();
    video.remove();
  }
};
window.ages = (count) => new Promise((resolve) => {
  const [{ video }] = window.open_, found = [];
  const canvas = new OffscreenCanvas(video.videoWidth, HEIGHT);
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  const look = (now, { expectedDisplayTime }) => {
    drawing.drawImage(video, 0, HEIGHT - video.videoHeight);
    const { data, width } = drawing.getImageData(0, HEIGHT / 2, video.videoWidth, 1);
    let clock = 0;
    for (let cell = 0; cell < CELLS; cell++) {
      clock = clock * 2 + (data[4 * Math.floor((cell + 0.5) * width / CELLS)] > 128);
    }
    found.push(performance.timeOrigin + expectedDisplayTime - clock);
    if (found.length < count) video.requestVideoFrameCallback(look);
    else resolve(found);
  };
  video.requestVideoFrameCallback(look);
});
"""
    )
    .replace("HEIGHT - ", f"{STRIP_HEIGHT} - ")
    .replace("HEIGHT", str(STRIP_HEIGHT))
    .replace("CELLS", str(STRIP_CELLS))
)


@dataclass(frozen=True)
class FirstPictures:
    """Milliseconds from the click to the first picture."""

    warm: list[float]  # somebody has just watched the camera
    cold: list[float]  # nobody has
    four_warm: list[float]  # until the last of four tiles has its picture
    four_cold: list[float]


@contextmanager
def browser_on(site: Site) -> Iterator[Page]:
    """A signed-in Chromium on our site."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"],
        )
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        name, value = site.cookie
        context.add_cookies([{"name": name, "value": value, "url": site.url}])
        page = context.new_page()
        page.goto(f"{site.url}/healthz")
        page.add_script_tag(content=_SCRIPT)
        yield page
        chromium.close()


def first_pictures(page: Page, site: Site, *, times: int) -> FirstPictures:
    """Opens one camera and four, several times."""
    one, four = site.cameras[:1], site.cameras[:4]
    _until_shown(page, four)  # the browser's first connection of all makes its certificate
    return FirstPictures(
        warm=[_until_shown(page, one) for _ in range(2 * times)],
        cold=[_cold(page, site, one) for _ in range(times)],
        four_warm=[_until_shown(page, four) for _ in range(times)],
        four_cold=[_cold(page, site, four) for _ in range(times)],
    )


def _cold(page: Page, site: Site, cameras: list[int]) -> float:
    def pulled() -> bool:
        headers = {"Authorization": f"Bearer {KEY}"}
        return bool(page.request.get(f"{site.gateway_url}/status", headers=headers).json()["pulls"])

    until(lambda: not pulled(), 30, "nothing is pulled")
    return _until_shown(page, cameras)


def _until_shown(page: Page, cameras: list[int]) -> float:
    taken: list[float] = page.evaluate("(cameras) => Promise.all(cameras.map(watch))", cameras)
    page.evaluate("leave()")
    return max(taken)


def ages(page: Page, camera: int, *, pictures: int) -> list[float]:
    """How old pictures are when they are shown, in milliseconds, by the clock that is drawn into them."""
    page.evaluate("(camera) => watch(camera)", camera)
    time.sleep(3)  # catching up is over
    found: list[float] = page.evaluate("(count) => ages(count)", pictures)
    page.evaluate("leave()")
    return found


def p50(values: list[float]) -> float:
    """The median; NaN of nothing."""
    return statistics.median(values) if values else float("nan")
