"""Every page in a browser: its figures, its charts, on an office monitor and on a phone, without an error."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect

from tests.installation import Installation

FIRST_HALF = "from=2023-01-01&to=2023-07-01"
PATIENCE = 30_000  # ms
PHONE = ViewportSize(width=390, height=844)
MONITOR = ViewportSize(width=1440, height=900)

# The page, a headline figure on it with its value in the published half-year, and how many charts it has.
FIGURES = [
    ("/", "进场交易", "141", 2),
    ("/trading", "进场交易", "141", 2),
    ("/openings", "开标监管", "78", 2),
    ("/penalties", "专家处罚", "9", 2),
    ("/enterprises", "期末在库", "125", 2),
]
OTHER_PAGES = ["/opening?id=1", "/penalty?id=1", "/live", "/footage", "/import"]

LETTERS = {"English", "CSV", "Excel", "xlsx", "csv", "supervisor"}  # the last: the account on the pictures

VISIBLE_TEXT = """() => {
  const found = [];
  const isRead = (element) => {
    if (element.matches("script, style, noscript, [aria-hidden='true']")) return false;
    const { display, fontSize, fontFamily } = getComputedStyle(element);
    return display !== "none" && fontSize !== "0px" && !fontFamily.includes("Material");
  };
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent);
    else if (node.nodeType === Node.ELEMENT_NODE && isRead(node)) {
      for (const child of node.shadowRoot?.childNodes ?? []) walk(child);
      for (const child of node.childNodes) walk(child);
    }
  };
  walk(document.querySelector("[data-testid='stApp']"));
  return found.join(" ");
}"""
NOTHING_BEYOND = """() => [document.documentElement, document.querySelector("[data-testid='stMain']")]
  .every((element) => element.scrollWidth <= element.clientWidth)"""


@dataclass
class Visit:
    """A signed-in page that notes what goes wrong in the browser."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} {message.location['url']}")

    def open(self, path: str) -> None:
        """Opens a page and waits until its script has run."""
        self.errors.clear()
        self.page.goto(f"{self.url}{path}")
        self.ready()

    def ready(self) -> None:
        """Waits until the script has run and all is drawn."""
        running = self.page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")
        expect(running).to_be_attached()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def fits_monitor_and_phone(self) -> None:
        """Waits until nothing reaches beyond the screen's width; ends on the monitor."""
        for size in (PHONE, MONITOR):
            self.page.set_viewport_size(size)
            self.page.wait_for_function(NOTHING_BEYOND)

    def english_words(self) -> set[str]:
        """Words in letters that a reader of the Chinese interface should not meet."""
        return set(re.findall(r"\b[A-Za-z]{3,}\b", self.page.evaluate(VISIBLE_TEXT))) - LETTERS

    def cut_values(self) -> int:
        """Headline figures that do not fit their card."""
        values = self.page.locator(".card .value")
        return int(
            values.evaluate_all(
                "(all) => all.filter((value) => value.scrollWidth > value.clientWidth + 1).length"
            )
        )


@pytest.fixture(scope="module")
def visit(app: Installation, browser: Browser) -> Iterator[Visit]:
    """A supervisor, signed in."""
    context = browser.new_context(
        viewport=MONITOR,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)  # the demo's cameras share the processor
    app.sign_in(page, "supervisor")
    yield Visit(page, app.url)
    context.close()


@pytest.mark.parametrize(("path", "figure", "value", "charts"), FIGURES)
def test_the_published_half_year_is_read_in_chinese_on_monitor_and_phone(
    visit: Visit, path: str, figure: str, value: str, charts: int
) -> None:
    visit.open(f"{path}?{FIRST_HALF}")
    card = visit.page.get_by_role("group", name=figure, exact=True)
    expect(card.locator(".value")).to_have_text(value)
    drawn = visit.page.locator("[data-testid='stPlotlyChart']:has(.barlayer path, .scatterlayer path)")
    expect(drawn).to_have_count(charts)
    expect(visit.page.get_by_text("演示数据").first).to_be_visible()
    visit.fits_monitor_and_phone()
    assert visit.cut_values() == 0
    assert not visit.english_words()
    assert not visit.errors


@pytest.mark.parametrize("path", OTHER_PAGES)
def test_every_other_page_opens_in_chinese_and_fits_a_phone(visit: Visit, path: str) -> None:
    visit.open(path)
    expect(visit.page.get_by_text(re.compile("^没有(这个|这条)"))).to_have_count(0)
    visit.fits_monitor_and_phone()
    assert not visit.english_words()
    assert not visit.errors


def test_period_and_language_go_along_to_the_next_page_and_back(visit: Visit) -> None:
    page = visit.page
    visit.open(f"/?{FIRST_HALF}")
    page.get_by_role("link", name="开标监督").click()
    card = page.get_by_role("group", name="开标监管", exact=True)
    expect(card.locator(".value")).to_have_text("78")
    expect(page).to_have_url(f"{visit.url}/openings?{FIRST_HALF}")

    page.get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", name="Bid openings")).to_be_visible()
    page.get_by_role("link", name="Expert penalties").click()
    expect(page.get_by_role("heading", name="Expert penalties")).to_be_visible()
    expect(page).to_have_url(f"{visit.url}/penalties?{FIRST_HALF}&language=en")

    page.go_back()
    expect(page.get_by_role("heading", name="Bid openings")).to_be_visible()
    page.get_by_text("简体中文", exact=True).click()
    expect(page.get_by_role("heading", name="开标监督")).to_be_visible()
    assert not visit.errors


def test_a_filter_stands_in_the_link_and_a_preset_replaces_the_days(visit: Visit) -> None:
    page = visit.page
    visit.open(f"/trading?{FIRST_HALF}")
    page.get_by_role("combobox", name="项目类别").click()
    page.get_by_role("option", name="政府采购").click()
    card = page.get_by_role("group", name="进场交易", exact=True)
    expect(card.locator(".value")).to_have_text("30")
    expect(page).to_have_url(f"{visit.url}/trading?{FIRST_HALF}&class=procurement")

    page.get_by_role("combobox", name="期间").click()
    page.get_by_role("option", name="上年", exact=True).click()
    expect(page).to_have_url(f"{visit.url}/trading?class=procurement&period=last_year")


def test_a_row_opens_its_detail_and_the_table_is_exported(visit: Visit) -> None:
    page = visit.page
    visit.open(f"/penalties?{FIRST_HALF}")
    page.get_by_text("导出", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV 表格").click()
    assert len(download.value.path().read_text(encoding="utf-8-sig").splitlines()) == 1 + 9
    page.keyboard.press("Escape")

    table = page.locator("[data-testid='stDataFrame']").last
    table.scroll_into_view_if_needed()
    table.click(position={"x": 30, "y": 33 + 16})
    expect(page).to_have_url(re.compile(r"/penalty\?id=\d+&from=2023-01-01"))
    page.get_by_text("返回专家处罚").click()
    expect(page).to_have_url(f"{visit.url}/penalties?{FIRST_HALF}")


def test_the_definition_of_a_figure_shows_on_touch_and_keyboard(visit: Visit) -> None:
    visit.open(f"/openings?{FIRST_HALF}")
    visit.page.get_by_role("group", name="开标监管", exact=True).get_by_role("button").focus()
    expect(visit.page.get_by_role("tooltip")).to_contain_text("按实际开始时间归期")


def test_on_a_phone_the_navigation_closes_behind_the_reader(visit: Visit) -> None:
    visit.page.set_viewport_size(PHONE)
    visit.open("/")
    visit.page.get_by_test_id("stExpandSidebarButton").click()
    link = visit.page.get_by_role("link", name="企业库")
    link.click()
    expect(visit.page.get_by_role("heading", name="企业库")).to_be_visible()
    expect(link).not_to_be_in_viewport()
    visit.page.set_viewport_size(MONITOR)
