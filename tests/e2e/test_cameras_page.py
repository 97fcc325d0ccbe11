"""Taking a camera in, in a browser: its streams are probed, a still is shown, it is saved and removed."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_health_page import PATIENCE, visiting
from tests.e2e.test_pages import Visit
from tests.installation import Installation, script_is_done

NAME = "开标二室-试装"


@pytest.fixture
def cameras(app: Installation, page: Page) -> Visit:
    """The page, open for the centre's staff."""
    return visiting(app, page, "staff", "/cameras")


def choose(page: Page, label: str, option: str) -> None:
    script_is_done(page)
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def fill(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.blur()


def test_a_camera_is_taken_in_and_removed(app: Installation, cameras: Visit) -> None:
    page = cameras.page
    demo = f"http://127.0.0.1:{app.environment['MINGJING_DEMO_PORT']}"
    choose(page, "场所", "开标二室")
    fill(page, "摄像头名称", NAME)
    fill(page, "主码流地址", f"{demo}/nothing.ts")
    page.get_by_role("button", name="检测码流").click()
    expect(page.get_by_text("设备上没有这一路码流").first).to_be_visible()
    expect(page.get_by_label("摄像头名称", exact=True)).to_have_value(NAME)

    fill(page, "主码流地址", f"{demo}/bid-opening-2.ts")
    fill(page, "子码流地址（可不填）", f"{demo}/bid-opening-2-sub.ts")
    page.get_by_role("button", name="检测码流").click()
    expect(page.get_by_text("960×540")).to_be_visible()
    expect(page.get_by_text("640×360")).to_be_visible()
    still = page.locator("[data-testid='stImage'] img")
    expect(still).to_be_visible()
    assert still.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 640
    cameras.fits_monitor_and_phone()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已接入，数秒内开始录像")).to_be_visible()

    choose(page, "选择摄像头", NAME)
    page.get_by_role("button", name="移除", exact=True).click()
    page.get_by_role("button", name="确认移除").click()
    expect(page.get_by_text("已移除，已有录像保留至到期")).to_be_visible()
    # The console tells of nothing but what we asked for.
    assert not cameras.errors


def test_an_inspector_has_no_such_page(app: Installation, page: Page) -> None:
    app.sign_in(page, "inspector", "/cameras")
    page.get_by_role("link", name="设备健康").first.wait_for(timeout=PATIENCE)
    expect(page.get_by_text("新增摄像头")).to_have_count(0)
    expect(page.get_by_role("link", name="摄像头接入")).to_have_count(0)
