"""Widgets that pages share: head, navigation foot, charts and the note that says why there is nothing."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import charts, links
from dashboard.access import Viewer
from dashboard.db import read
from dashboard.headline import Headline
from dashboard.i18n import DEFAULT_LANGUAGE, LANGUAGES, t
from dashboard.navigation import Entry
from dashboard.numbers import NOT_APPLICABLE, whole
from data_access.sources import has_demo_rows
from domain.periods import SHANGHAI

_ALL = "all"
_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+!|~$:.-]")
_MARK = (Path(__file__).parent / "mark.svg").read_text(encoding="utf-8")


def page_head(title: str, answer: str) -> DeltaGenerator:
    """A page's title and one line of what it answers.

    Returns:
        The place at the right of it for `page_tools`; a page without them leaves it empty.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(gap=None):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.title(title, anchor=False, width="content")
                if read(has_demo_rows):
                    st.badge(t("head.demo"), color="orange", help=t("head.demo_help"))
            st.caption(answer)
        return st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="right", width="content"
        )


def page_tools(place: DeltaGenerator, figures: Sequence[Headline]) -> DeltaGenerator:
    """The time of the data, and the definitions of the page's figures.

    Args:
        place: what `page_head` returned.
        figures: the headline figures.

    Returns:
        The place for the export.
    """
    with place:
        st.caption(t("head.as_of", time=local_time(datetime.now(SHANGHAI))), width="content")
        with st.popover(t("head.definitions"), icon=":material/function:", type="tertiary"):
            for figure in figures:
                st.markdown(f"**{figure.label}**（{figure.unit}）  \n{figure.definition}")
        return st.container(width="content")


def filter_row() -> DeltaGenerator:
    """The row below the head where a page puts its filters."""
    return st.container(horizontal=True, vertical_alignment="top", gap="small")


def choose(name: str, label: str, options: Sequence[str], codes: str = "", *, width: int = 160) -> str | None:
    """A filter kept in the link as `?name=option`; None when all are wanted.

    Args:
        name: of the filter in the link.
        label: above the widget.
        options: the codes to choose from.
        codes: the text section with their words; empty: the codes are shown.
        width: pixels.
    """

    def word(code: str) -> str:
        if code == _ALL:
            return t("period.all")
        return t(f"{codes}.{code}") if codes else code

    key = f"filter_{name}"
    linked = st.query_params.get(name, _ALL)
    st.session_state[key] = linked if linked in options else _ALL
    chosen = st.selectbox(
        label,
        [_ALL, *options],
        format_func=word,
        key=key,
        on_change=links.put_from,
        args=(key, name, _ALL),
        width=width,
    )
    return None if chosen == _ALL else chosen


def search_box(label: str, *, width: int = 220, placeholder: str | None = None) -> str:
    """A text to look for, kept in the link as `?q=`; with a placeholder its label is for screen readers."""
    st.session_state["search"] = st.query_params.get("q", "")
    return st.text_input(
        label,
        key="search",
        on_change=links.put_from,
        args=("search", "q", ""),
        icon=":material/search:",
        placeholder=placeholder,
        label_visibility="collapsed" if placeholder else "visible",
        width=width,
    )


def peak(
    key: str, table: pd.DataFrame, column: str, inside: int, show: Callable[[Decimal], str] = whole
) -> str:
    """A chart's title that names the month with the most: the text `key` with `{month}` and `{value}`.

    Looks at the last `inside` months, those of the period; with nothing in them, the text `key`_none.
    """
    months = table.tail(inside)
    highest = months.iloc[int(months[column].argmax())]
    if not highest[column]:
        return t(f"{key}_none")
    return t(key, month=f"{highest['month']:%Y-%m}", value=show(Decimal(str(highest[column]))))


def chart(title: str, figure: go.Figure, *, key: str) -> None:
    """A chart below its title, which says the finding or the question; without a value, a note."""
    if charts.is_empty(figure):
        nothing_here(title, t("period.try_longer"))
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{title}**")
        st.plotly_chart(figure, key=key, config=charts.CONFIG, alt=title)


def nothing_here(why: str, what_to_do: str) -> None:
    """In the place of a chart or a table without rows: why, and what to do."""
    with st.container(border=True, gap=None, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f":gray[:material/inbox:] **{why}**", width="content")
        st.caption(what_to_do, width="content")
        st.space("small")


def facts(title: str, values: Mapping[str, str | None]) -> None:
    """Names and values below each other; "-" for what is not known. The values may come from outside."""
    with st.container(border=True, gap="xsmall", height="stretch"):
        st.markdown(f"**{title}**")
        shown = {name: plain(value or NOT_APPLICABLE) for name, value in values.items()}
        st.table(shown, border="horizontal", alt=title)


def plain(text: str) -> str:
    """Text from outside, safe where Streamlit reads Markdown: shown sign by sign as it is."""
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))


def local_time(instant: datetime) -> str:
    """An instant as a day and a time in Asia/Shanghai."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def time_range(start: datetime | None, end: datetime | None) -> str | None:
    """From when to when in Asia/Shanghai, the day once when both lie on it; None when not begun."""
    if start is None:
        return None
    if end is None:
        return f"{local_time(start)} →"
    same_day = start.astimezone(SHANGHAI).date() == end.astimezone(SHANGHAI).date()
    return f"{local_time(start)} → {local_time(end)[-5:] if same_day else local_time(end)}"


def navigation(entries: Sequence[Entry]) -> None:
    """The links to the pages, below the headings of their groups."""
    group = ""
    for entry in entries:
        if entry.hidden:
            continue
        if entry.group != group:
            group = entry.group
            st.caption(t(f"nav.{group}"))
        links.to_page(entry.name, t(f"nav.{entry.name}"), f":material/{entry.icon}:")


def language_switch() -> None:
    """Chinese or English, kept in this browser session and in the link (`?language=en`)."""
    linked = st.query_params.get("language")
    if linked in LANGUAGES:
        st.session_state["language"] = linked
    st.session_state.setdefault("language", DEFAULT_LANGUAGE)
    st.segmented_control(
        t("nav.language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="language",
        required=True,
        on_change=links.put_from,
        args=("language", "language", DEFAULT_LANGUAGE),
        label_visibility="collapsed",
        width="stretch",
    )


def signed_in(person: Viewer) -> None:
    """Who is signed in, and the way out."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None, width="content"):
            st.markdown(plain(person.display_name), width="content")
            st.caption(t(f"role.{person.role}"), width="content")
        # A plain link in the same tab: Streamlit's own links open a new one.
        words = escape(t("nav.sign_out"))
        st.html(f'<a class="sign-out" href="/sign-out" target="_self">{words}</a>', width="content")


def logo() -> str:
    """The product's mark, name and line as one picture that follows the reader's light or dark."""
    mark = b64encode(_MARK.encode()).decode()
    name, line = escape(t("app.name")), escape(t("app.line"))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="220" height="32" viewBox="0 0 220 32">
<style>text{{font-family:{charts.FONTS.replace('"', "'")};fill:#1F2933}}.line{{fill:#5B6770}}
@media (prefers-color-scheme:dark){{text{{fill:#E6EDF3}}.line{{fill:#93A1AE}}}}</style>
<image href="data:image/svg+xml;base64,{mark}" x="0" y="3" width="26" height="26"/>
<text x="34" y="15" font-size="16" font-weight="600">{name}</text>
<text class="line" x="34" y="29" font-size="10.5">{line}</text></svg>"""
