"""The health page in a browser: rows, details, definitions, and a camera that fails and its alert."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_pages import Visit
from tests.installation import Installation, free_ports

PATIENCE = 90_000  # ms; a probe alone takes some seconds
LOST = "场外备用-失联"


def visiting(app: Installation, page: Page, role: str, path: str) -> Visit:
    """A page, open for somebody of that role."""
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    app.sign_in(page, role)
    visit = Visit(page, app.url)
    visit.open(path)
    return visit


@pytest.fixture
def health(app: Installation, page: Page) -> Visit:
    """The page, open for an inspector."""
    return visiting(app, page, "inspector", "/health")


@pytest.fixture
def lost_camera(app: Installation) -> Iterator[None]:
    """A camera that nobody answers for."""
    (port,) = free_ports(1)
    url = f"rtsp://admin:s3cret@127.0.0.1:{port}/1"
    added = app.command(
        *("camera", "add", "--room", "开标三室", "--name", LOST, "--url", url, "--force"),
        *("--room-type", "bid_opening"),
    )
    assert added.returncode == 0, added.stderr
    yield
    app.command("camera", "remove", LOST)


def test_every_camera_has_its_row_and_unfolds_its_details(health: Visit) -> None:
    page = health.page
    row = page.locator(".camera-row").filter(has_text="评标室-全景")
    expect(row.locator("td.state")).to_contain_text("正在录像")
    expect(row.locator("td.rate")).to_contain_text("帧/秒")
    expect(row.locator("td.strip span.recorded").first).to_be_attached()
    row.get_by_role("button").click()
    details = page.locator("tr.details")
    expect(details).to_contain_text("关键帧间隔")
    expect(details).not_to_contain_text("主码流地址")
    # It stays unfolded when the figures come anew.
    details.evaluate("(row) => row.setAttribute('data-old', '')")
    expect(page.locator("tr.details:not([data-old])")).to_be_visible()


def test_definitions_show_on_touch_and_the_page_fits_a_phone(health: Visit) -> None:
    card = health.page.get_by_role("group", name="在线率", exact=True)
    card.get_by_role("button").focus()
    expect(health.page.get_by_role("tooltip")).to_contain_text("在线秒数之和")
    health.fits_monitor_and_phone()
    assert not health.english_words() - {"inspector", "AAC"}
    assert not health.errors


def test_a_lost_camera_turns_red_with_its_reason_and_an_alert_that_clears(
    app: Installation, health: Visit, lost_camera: None
) -> None:
    page = health.page
    row = page.locator(".camera-row").filter(has_text=LOST)
    expect(row.locator("td.state .bad")).to_have_text("信号中断")
    row.get_by_role("button").click()
    expect(page.locator("tr.details")).to_contain_text("设备拒绝或断开了连接")
    alert = page.locator(".alert").filter(has_text=LOST)
    expect(alert).to_contain_text("未恢复")
    assert app.command("camera", "remove", LOST).returncode == 0
    expect(alert).to_contain_text("已恢复")
    expect(row).to_have_count(0)
    expect(page.get_by_text(re.compile("s3cret"))).to_have_count(0)
