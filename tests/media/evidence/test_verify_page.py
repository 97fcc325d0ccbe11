"""In a real browser, from disk and without a network: the page finds and names what the command line does."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from media import signing
from media.evidence.hashes import PIECE
from media.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, written
from media.evidence.verify import DIRECTORY, verify
from media.evidence.verify_page import verify_page
from media.evidence.zip_layout import BIG, ending, local_header, placed
from media.evidence.zip_writer import ZipWriter
from tests.e2e.conftest import ARGUMENTS, CHROMIUM
from tests.media.evidence.packages import NOW

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page opened from disk in a browser that has no network."""
    file = tmp_path_factory.mktemp("page") / "verify.html"
    file.write_bytes(verify_page())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        context = browser.new_context(locale="zh-CN", offline=True)
        made = context.new_page()
        made.goto(file.as_uri())
        yield made
        browser.close()


def verdict_on(page: Page, package: Path) -> tuple[bool, set[str]]:
    """Whether the page calls it whole, and the names that it blames."""
    page.locator("#published").fill("")
    page.locator("#zip").set_input_files(package)
    verdict = page.locator("#verdict")
    expect(verdict).to_be_visible(timeout=60_000)
    blamed = {text.strip() for text in verdict.locator("li strong").all_inner_texts()}
    return "good" in (verdict.get_attribute("class") or ""), blamed


def names_by_command(package: Path) -> set[str]:
    return {"zip 压缩包本身" if fault.name == DIRECTORY else fault.name for fault in verify(package).faults}


def test_a_whole_package_is_whole_with_the_fingerprint_to_compare(page: Page, whole_package: Path) -> None:
    assert verdict_on(page, whole_package) == (True, set())
    fingerprint = signing.fingerprint(signing.public_key_pem())
    verdict = page.locator("#verdict")
    expect(verdict).to_contain_text(fingerprint)
    page.locator("#published").fill(fingerprint.upper())
    expect(verdict).to_contain_text("与您填写的一致")
    page.locator("#published").fill("0" * 64)
    expect(verdict).to_contain_text("与您填写的指纹不同")
    page.get_by_role("button", name="English").click()
    expect(verdict).to_contain_text("Changed: no evidence any more")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#unable")).to_be_hidden()


def test_a_byte_changed_anywhere_is_found_and_named_as_by_the_command(
    page: Page, whole_package: Path, tmp_path: Path
) -> None:
    content = whole_package.read_bytes()
    with zipfile.ZipFile(whole_package) as zipped:
        infos = zipped.infolist()
        directory = zipped.start_dir
    places = [
        directory,
        directory + 12,
        directory + 50,
        len(content) - 22,
        len(content) - 4,
        len(content) - 1,
    ]
    for info in infos:
        begin = info.header_offset
        places += [begin + 8, begin + 12, begin + 31, begin + 30 + len(info.filename.encode())]
    trial = tmp_path / "trial.zip"
    for at in places:
        other = bytearray(content)
        other[at] ^= 1
        trial.write_bytes(other)
        whole, blamed = verdict_on(page, trial)
        assert not whole
        assert blamed == names_by_command(trial)
        assert blamed


def test_bytes_added_or_cut_off_are_found(page: Page, whole_package: Path, tmp_path: Path) -> None:
    content = whole_package.read_bytes()
    trial = tmp_path / "trial.zip"
    for other in (content + b"\0", b"\0" + content, content[:-1], content[: len(content) // 2]):
        trial.write_bytes(other)
        whole, blamed = verdict_on(page, trial)
        assert not whole
        assert blamed == names_by_command(trial)


def test_unpacked_files_are_checked_too(page: Page, whole_package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(whole_package) as zipped:
        zipped.extractall(folder)

    def verdict() -> str:
        page.locator("#folder").set_input_files(folder)
        expect(page.locator("#verdict")).to_be_visible(timeout=60_000)
        return page.locator("#verdict").inner_text()

    assert "完整，未被改动" in verdict()
    (folder / "另一个.txt").write_text("x")
    (video,) = folder.glob("录像/*.mp4")
    video.write_bytes(video.read_bytes()[:-1])
    (folder / "封面说明.pdf").unlink()
    told = verdict()
    assert "另一个.txt 多出" in told
    assert f"录像/{video.name} 内容被改动" in told
    assert "封面说明.pdf 缺失" in told


def test_what_is_no_package_is_told(page: Page, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"nothing of ours")
    page.locator("#zip").set_input_files(other)
    expect(page.locator("#result")).to_contain_text("这不是证据包")


@pytest.mark.usefixtures("whole_package")
def test_a_long_file_is_checked_piece_by_piece(page: Page, tmp_path: Path) -> None:
    content = bytes(range(256)) * (PIECE // 256) + b"the end"
    package, key = tmp_path / "long.zip", signing.public_key_pem().encode()
    with ZipWriter(package, NOW) as out:
        files = [out.add(PUBLIC_KEY, len(key), [key]), out.add("长.mp4", len(content), [content])]
        listed = written({"number": "1", "created_at": NOW.isoformat()}, files)
        out.add(MANIFEST, len(listed), [listed])
        out.add(SIGNATURE, 64, [signing.sign(listed)])
        out.finish()
    assert verdict_on(page, package) == (True, set())
    assert verify(package).faults == ()
    assert len(files[1].pieces) == 2
    for at in (PIECE // 2, PIECE + 5):
        other = bytearray(package.read_bytes())
        other[other.index(content[:256]) + at] ^= 1
        package.write_bytes(other)
        assert verdict_on(page, package) == (False, {"长.mp4"})
        assert names_by_command(package) == {"长.mp4"}


def test_what_is_beyond_4_gb_is_laid_out_alike(page: Page) -> None:
    files = [("大.mp4", BIG + 7, 0x1234), ("小.txt", 3, 0xFEDCBA98)]
    entries = placed(files)
    wanted = [[*local_header(entry, NOW)] for entry in entries], [*ending(entries, NOW)]
    found = page.evaluate(
        """([files, at]) => {
          const entries = placed(files.map(([name, size, crc]) => ({ name, size, crc })));
          return [entries.map(entry => [...localHeader(entry, at)]), [...ending(entries, at)]];
        }""",
        [files, NOW.isoformat()],
    )
    assert tuple(found) == wanted
