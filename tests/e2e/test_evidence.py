"""In the running installation: what was asked for is built by itself, is on the page, and is whole."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.installation import Installation, until

CAMERA = "开标一室-全景"


def said(app: Installation, *arguments: str) -> Any:
    done = app.command("footage", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def recorded_lately(app: Installation) -> tuple[str, str] | None:
    """The last seconds of the camera's newest footage."""
    now = datetime.now(UTC)
    edges = ["--from", (now - timedelta(hours=1)).isoformat(), "--to", now.isoformat()]
    runs = said(app, "list", "--camera", CAMERA, *edges)["runs"]
    if not runs:
        return None
    end = datetime.fromisoformat(runs[-1]["end"])
    start = max(end - timedelta(seconds=12), datetime.fromisoformat(runs[-1]["start"]))
    return start.isoformat(), end.isoformat()


def test_a_package_goes_from_the_request_to_a_verified_file(
    app: Installation, page: Page, tmp_path: Path
) -> None:
    start, end = until(lambda: recorded_lately(app), 60, "something is recorded") or ("", "")
    name, _ = app.password_of("inspector")
    user = ("--user", name)
    words = ("--reason", "核查投诉", "--case", "测〔2026〕1 号", "--camera", CAMERA)
    (asked,) = said(app, "evidence", "request", *words, "--from", start, "--to", end, *user)
    number = asked["number"]
    app.sign_in(page, path="/evidence")
    expect(page.get_by_text(number)).to_be_visible(timeout=60_000)
    card = page.locator("[data-testid='stVerticalBlock']").filter(has_text=number).last
    expect(card).to_contain_text("测〔2026〕1 号")
    ready = page.get_by_role("link", name="下载").first
    expect(ready).to_be_visible(timeout=120_000)  # the keeper builds it meanwhile
    told = next(each for each in said(app, "evidence", "list", *user) if each["number"] == number)
    assert told["status"] == "ready"
    answer = page.request.get(f"{app.url}{ready.get_attribute('href')}")
    package = tmp_path / f"{number}.zip"
    package.write_bytes(answer.body())
    key = tmp_path / "key.pem"
    key.write_bytes(page.request.get(f"{app.url}/evidence/public-key.pem").body())
    verdict = said(app, "verify-package", str(package), "--key", str(key))
    assert (verdict["whole"], verdict["number"]) == (True, number)
