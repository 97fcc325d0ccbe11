"""The two text files say the same things, and everything that the code asks for."""

import ast
import fnmatch
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest

from dashboard.i18n import LANGUAGES, texts
from dashboard.navigation import PAGES
from dashboard.period_filter import CUSTOM, PRESETS
from domain import vocabulary

ROOT = Path(__file__).parents[2]
ZH, EN = texts("zh"), texts("en")

# Terms that Chinese readers write in letters too.
LETTERS_IN_CHINESE = {
    *("CSV", "Excel", "DEMO", "HTTP", "RTSP", "URL", "WebRTC", "UTF", "GB", "MB", "GOP", "MP", "AAC"),
    *("ONVIF", "NTP", "Baseline", "Mb", "kb", "rtsp", "rtsps", "http", "https"),
    *("SHA", "ID", "IP", "Esc", "xlsx", "csv", "mp"),
    *("camera", "add"),  # a command is typed in letters
}

# Which text section holds the words of which closed list.
WORDED = {
    "project_class": vocabulary.ProjectClass,
    "method": vocabulary.ProcurementMethod,
    "lot_status": vocabulary.LotStatus,
    "room_type": vocabulary.RoomType,
    "session_type": vocabulary.SessionType,
    "session_status": vocabulary.SessionStatus,
    "participant_role": vocabulary.ParticipantRole,
    "library": vocabulary.Library,
    "penalty_kind": vocabulary.PenaltyKind,
    "behaviour": vocabulary.PenaltyBehaviour,
    "role": vocabulary.Role,
    "alert_kind": vocabulary.AlertKind,
    "export_status": vocabulary.ExportStatus,
}


def code() -> Iterator[tuple[Path, ast.Module]]:
    """The source files that show words."""
    for folder in ("pages", "dashboard"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            yield file, ast.parse(file.read_text(encoding="utf-8"))


def asked_for() -> Iterator[tuple[str, str]]:
    """The keys in `t("key")` and the beginnings in `t(f"section.{code}")`, with where they stand."""
    for file, tree in code():
        for call in ast.walk(tree):
            place = f"{file.relative_to(ROOT)}:{getattr(call, 'lineno', 0)}"
            match call:
                case ast.Call(func=ast.Name("t"), args=[ast.Constant(str(key)), *_]):
                    yield key, place
                case ast.Call(
                    func=ast.Name("t"), args=[ast.JoinedStr([ast.Constant(str(beginning)), *_]), *_]
                ):
                    yield f"{beginning}*", place


def placeholders(text: str) -> set[str]:
    """The `{names}` that a text has."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert ZH.keys() == EN.keys()


def test_both_languages_have_the_same_placeholders() -> None:
    differing = {key for key in ZH if placeholders(ZH[key]) != placeholders(EN[key])}
    assert not differing


def test_every_text_that_the_code_asks_for_is_there() -> None:
    missing = [(key, place) for key, place in asked_for() if not fnmatch.filter(ZH, key)]
    assert not missing


def test_every_name_that_a_text_needs_is_given() -> None:
    wrong = []
    for file, tree in code():
        for call in ast.walk(tree):
            match call:
                case ast.Call(func=ast.Name("t"), args=[ast.Constant(str(key))], keywords=given):
                    names = {word.arg for word in given}
                    if None not in names and placeholders(ZH.get(key, "")) != names:
                        wrong.append((file.name, call.lineno, key))
    assert not wrong


@pytest.mark.parametrize("section", WORDED)
def test_every_code_has_a_word(section: str) -> None:
    listed: type[StrEnum] = WORDED[section]
    assert {code.value for code in listed} <= {
        key.removeprefix(f"{section}.") for key in ZH if key.startswith(f"{section}.")
    }


def test_every_page_and_period_has_a_name() -> None:
    named = {f"nav.{entry.name}" for entry in PAGES} | {
        f"nav.{entry.group}" for entry in PAGES if entry.group
    }
    assert named | {f"period.{preset}" for preset in (*PRESETS, CUSTOM)} <= ZH.keys()


def test_every_headline_figure_has_a_definition() -> None:
    figures = set()
    for _, tree in code():
        for call in ast.walk(tree):
            match call:
                case ast.Call(func=ast.Name("figure"), args=[ast.Constant(str(name)), *_]):
                    figures.add(name)
    assert len(figures) > 15
    assert {f"term.{name}" for name in figures} | {f"definition.{name}" for name in figures} <= ZH.keys()


def test_the_chinese_texts_hold_no_english_words() -> None:
    english = {
        key: words
        for key, text in ZH.items()
        if (words := set(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{.*?\}", "", text))) - LETTERS_IN_CHINESE)
    }
    assert not english


def test_the_english_texts_hold_no_chinese() -> None:
    assert not {key: text for key, text in EN.items() if re.search(r"[一-鿿，。；（）]", text)}


def test_no_text_is_empty_or_has_blanks_at_its_ends() -> None:
    for language in LANGUAGES:
        assert not {key for key, text in texts(language).items() if text != text.strip() or not text}
