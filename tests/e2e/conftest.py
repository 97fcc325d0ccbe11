"""One running installation and one Chromium for all browser tests; both end with them."""

import contextlib
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.installation import Installation, running

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HERE = Path(__file__).parent
TOLD = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one installation, so they run in one worker."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("installation"))
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tells what stood on the page when a test failed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and isinstance(page, Page) and not page.is_closed():
        told = "\n".join(item.stash.get(TOLD, [])[-40:])
        report.sections.append(("the browser's console and what it could not load", told))
        with contextlib.suppress(PlaywrightError):
            report.sections.append((f"the page at {page.url}", page.locator("body").inner_text(timeout=2000)))
    return report


@pytest.fixture(scope="package")
def app() -> Iterator[Installation]:
    """A demo installation that is up; short segments, so that a minute of footage has many."""
    # Not in pytest's own folder: the next run closes that to the database's user.
    with (
        tempfile.TemporaryDirectory(prefix="mingjing-test-", ignore_cleanup_errors=True) as home,
        running(Path(home), MINGJING_SEGMENT_SECONDS="5") as made,
    ):
        yield made


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]
        )
        yield made
        made.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without cookies, in Chinese, on an office monitor."""
    made = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    yield made
    made.close()


def _note_failed(asked: Request, told: list[str]) -> None:
    if asked.failure != "net::ERR_ABORTED":  # what a page that is left still wanted
        told.append(f"{asked.method} {asked.url}: {asked.failure}")


@pytest.fixture
def page(context: BrowserContext, request: pytest.FixtureRequest) -> Page:
    """An open page, not signed in."""
    made = context.new_page()
    told = request.node.stash[TOLD] = list[str]()
    made.on("console", lambda said: told.append(f"{said.type}: {said.text}"))
    made.on("pageerror", lambda error: told.append(f"error: {error}"))
    made.on("requestfailed", lambda asked: _note_failed(asked, told))
    return made
