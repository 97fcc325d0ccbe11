"""What a link carries: choices by their codes, the same in every language.

Only what the reader chooses changes the link of the page, and every link to another page carries the language
and, among the pages with figures, the period along. A script that wrote its link by itself would bar the way
back in the browser's history.
"""

import streamlit as st

from dashboard.i18n import DEFAULT_LANGUAGE, language
from dashboard.navigation import entry_of, file_of

PERIOD_NAMES = ("period", "from", "to")
_PERIOD = "period_in_link"
_LONGEST_ID = 9  # digits; what is longer does not fit the database's integers


def put(name: str, value: str | None) -> None:
    """Sets a parameter of the page's link, or takes it out."""
    if value is not None:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def put_from(key: str, name: str, default: str) -> None:
    """Callback of a widget: its value into the link, nothing for the default."""
    value = st.session_state[key]
    put(name, None if value == default else value)


def id_in_link(name: str = "id") -> int | None:
    """The row that the link of a detail page names; None when it names none that could exist."""
    named = st.query_params.get(name, "")
    return int(named) if named.isdecimal() and len(named) <= _LONGEST_ID else None


def remember_period(page: str) -> None:
    """Notes the period that the link of a page with figures names, for the links to other such pages."""
    if entry_of(page).has_period:
        st.session_state[_PERIOD] = {
            name: st.query_params[name] for name in PERIOD_NAMES if name in st.query_params
        }


def to_page(name: str, label: str, icon: str = "", **parameters: str) -> None:
    """A link to a page, in the same tab."""
    st.page_link(file_of(name), label=label, icon=icon, query_params=_with_carried(name, parameters))


def go_to_page(name: str, **parameters: str) -> None:
    """Leaves for another page."""
    st.switch_page(file_of(name), query_params=_with_carried(name, parameters))


def _with_carried(page: str, parameters: dict[str, str]) -> dict[str, str]:
    carried: dict[str, str] = st.session_state.get(_PERIOD, {}) if entry_of(page).has_period else {}
    spoken = {} if language() == DEFAULT_LANGUAGE else {"language": language()}
    return {**parameters, **carried, **spoken}
