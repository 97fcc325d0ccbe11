"""What is said about a file and its rows: in both languages, as a file has no interface language."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Words:
    """One sentence, in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"

    def as_json(self) -> dict[str, str]:
        """Both languages by their codes."""
        return {"zh": self.zh, "en": self.en}


class Unusable(Exception):
    """A cell cannot be used; `words` say why and what to write instead."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.words = Words(zh, en)


class UnreadableWorkbook(Exception):
    """A whole file cannot be read; `words` say why and what to do."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.words = Words(zh, en)


class State(StrEnum):
    """What became of a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Severity(StrEnum):
    """Whether the row is left out, or goes in and should be looked at."""

    REJECTED = "rejected"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row. `row` counts as the spreadsheet does, from 1; `column` is its header."""

    sheet: str
    row: int
    column: str
    words: Words
    severity: Severity = Severity.REJECTED

    def as_json(self) -> dict[str, object]:
        """All of it, the reason by language."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "severity": self.severity.value,
            "reason": self.words.as_json(),
        }
