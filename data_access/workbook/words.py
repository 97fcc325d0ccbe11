"""Sentences that data files need in both languages, next to what they speak of."""

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
