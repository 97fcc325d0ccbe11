"""A supervisor imports a workbook in the browser: preview, confirm, rejected rows back, history."""

import io

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Download, Page, expect

from tests.data_access.filled_workbook import filled, lot
from tests.installation import Installation

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def choose(page: Page, data: bytes, name: str = "台账.xlsx") -> None:
    """Puts a file into the page's uploader."""
    uploader = page.locator("input[type=file]")
    expect(uploader).to_have_count(
        1, timeout=60_000
    )  # while a page is drawn anew, the one before may still stand there
    uploader.set_input_files({"name": name, "mimeType": XLSX, "buffer": data})


def opened(download: Download) -> Workbook:
    """The workbook that the page handed out."""
    return load_workbook(io.BytesIO(download.path().read_bytes()))


@pytest.fixture
def import_page(app: Installation, page: Page) -> Page:
    """The import page, open for a supervisor."""
    app.sign_in(page, "supervisor", "/import")
    page.set_default_timeout(60_000)
    return page


def test_a_workbook_is_previewed_confirmed_and_its_bad_row_handed_back(import_page: Page) -> None:
    page = import_page
    with page.expect_download() as template:
        page.get_by_role("button", name="下载空白模板").click()
    assert "项目标段" in opened(template.value).sheetnames

    data = filled({"项目标段": [lot("E2E-1"), lot("E2E-2", 预算价="九百万", 金额单位="元")]})
    choose(page, data)
    page.get_by_role("button", name="确认导入 1 行").wait_for()
    page.get_by_role("tab", name="问题（1）").click()
    with page.expect_download() as returned:
        page.get_by_role("button", name="下载退回的行").click()
    assert opened(returned.value)["项目标段"].max_row == 2

    page.get_by_role("button", name="确认导入 1 行").click()
    page.get_by_text("已导入 台账.xlsx：新增和更新共 1 行").wait_for()

    choose(page, data)
    page.get_by_text("没有需要写入的行").wait_for()
    expect(page.get_by_role("button", name="确认导入 0 行")).to_be_disabled()


def test_a_file_that_is_no_workbook_is_refused_in_plain_words(import_page: Page) -> None:
    choose(import_page, b"not a workbook")
    import_page.get_by_text("文件已损坏或不是 Excel 工作簿").wait_for()


def test_an_inspector_has_no_import_page(app: Installation, page: Page) -> None:
    app.sign_in(page, "inspector", "/import")
    page.get_by_role("link", name="开标监督").first.wait_for(timeout=60_000)
    expect(page.get_by_text("数据接入")).to_have_count(0)
    expect(page.locator("input[type=file]")).to_have_count(0)
