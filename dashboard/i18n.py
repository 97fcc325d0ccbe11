"""The interface's words: two files with the same keys, Chinese and English."""

import tomllib
from functools import lru_cache
from pathlib import Path

import streamlit as st

LANGUAGES = {"zh": "简体中文", "en": "English"}
DEFAULT_LANGUAGE = "zh"


@lru_cache(maxsize=len(LANGUAGES))
def texts(language: str) -> dict[str, str]:
    """All texts of a language by dotted key, for example `live.signal_lost`."""
    with (Path(__file__).parent / "text" / f"{language}.toml").open("rb") as file:
        return dict(_flatten(tomllib.load(file)))


def _flatten(table: dict[str, object], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat += _flatten(value, f"{prefix}{key}.")
        else:
            flat.append((f"{prefix}{key}", str(value)))
    return flat


def language() -> str:
    """The language of this visitor: what was chosen in this browser session, else Chinese."""
    chosen = st.session_state.get("language", DEFAULT_LANGUAGE)
    return chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE


def t(key: str, /, **values: object) -> str:
    """The text of `key` in the visitor's language, with `{name}` filled from `values`.

    Raises:
        KeyError: no such key; a test keeps both files complete.
    """
    text = texts(language())[key]
    return text.format(**values) if values else text


def section(prefix: str) -> dict[str, str]:
    """All texts below `prefix`, by the rest of their key: the labels handed to a component."""
    return {
        key.removeprefix(f"{prefix}."): text
        for key, text in texts(language()).items()
        if key.startswith(f"{prefix}.")
    }
