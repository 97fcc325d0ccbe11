"""How soon a video's pictures come in a real Chromium, and whether they are the right ones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from benchmarks.footage_stock import FPS
from benchmarks.live_site import Site
from tests.e2e.conftest import ARGUMENTS, CHROMIUM

# Opening as the player does it: HEAD, then the video; a seek to a hair past the moment.
_SCRIPT = """
window.shown = (video) => new Promise(
  (resolve) => video.requestVideoFrameCallback(() => resolve(performance.now())));
window.openFile = async (address, ask) => {
  window.video?.removeAttribute("src"); window.video?.load(); window.video?.remove();
  const begun = performance.now();
  if (ask) await fetch(address, { method: "HEAD" });
  const video = (window.video = document.createElement("video"));
  Object.assign(video, { muted: true, preload: "auto", width: 640 });
  document.body.append(video);
  const first = window.shown(video);
  video.src = address;
  return (await first) - begun;
};
window.seekTo = async (seconds) => {
  const { video } = window;
  const begun = performance.now();
  const presented = window.shown(video);
  const done = new Promise((resolve) => video.addEventListener("seeked", resolve, { once: true }));
  video.currentTime = seconds;
  await done; await presented;
  const took = performance.now() - begun;
  const canvas = new OffscreenCanvas(video.videoWidth, 8);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(video, 0, 8 - video.videoHeight);
  const row = drawing.getImageData(0, 4, canvas.width, 1).data;
  let burnt = 0;
  for (let bit = 0; bit < 48; bit++) {
    burnt = burnt * 2 + (row[4 * Math.floor(((bit + 0.5) * canvas.width) / 48)] > 128 ? 1 : 0);
  }
  return [took, burnt];
};
"""


@dataclass(frozen=True)
class Watched:
    """Milliseconds."""

    opens: list[float]  # until the first picture
    seeks: list[float]  # until the wanted picture
    wrong: int  # seeks that showed another picture


def watched(site: Site, address: str, hours: int, *, opens: int, seeks: int) -> Watched:
    """Opens a file several times, and seeks in it to moments all over it."""
    chance = random.Random(7)  # noqa: S311
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        name, value = site.cookie
        context.add_cookies([{"name": name, "value": value, "url": site.url}])
        page = context.new_page()
        parts = urlsplit(address)
        page.goto(f"{parts.scheme}://{parts.netloc}/{'healthz' if parts.query else 'blank.html'}")
        page.add_script_tag(content=_SCRIPT)
        asks = bool(parts.query)
        page.evaluate(
            "([address, ask]) => openFile(address, ask)", [address, asks]
        )  # the decoder's first start
        opened = [
            page.evaluate("([address, ask]) => openFile(address, ask)", [address, asks]) for _ in range(opens)
        ]
        taken, wrong = [], 0
        for _ in range(seeks):
            frame = chance.randrange(hours * 3600 * FPS)
            took, burnt = page.evaluate("(seconds) => seekTo(seconds)", frame / FPS + 0.0005)
            taken.append(took)
            wrong += burnt != frame % (60 * FPS) * 1000 // FPS
        chromium.close()
    return Watched(opened, taken, wrong)
