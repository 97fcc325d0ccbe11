"""Every script run: the language, who is looking, the navigation, then the chosen page."""

from pathlib import Path

import streamlit as st

from dashboard import links, parts
from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.navigation import PAGES, pages_for

_HERE = Path(__file__).parent
_SIDEBAR = (_HERE / "sidebar.js").read_text(encoding="utf-8")

st.set_page_config(page_icon=str(_HERE / "mark.svg"), layout="wide")
st.html(_HERE / "style.css")

with st.sidebar:
    navigation, foot = st.container(key="navigation", gap=None), st.container(key="foot")
with foot:
    who = st.container()
    # Before everything else that shows words: the link brings the language along.
    parts.language_switch()

st.logo(parts.logo(), size="large")
person = viewer()
with who:
    parts.signed_in(person)

entries = pages_for(person.role)
# Hidden: the links beside the page are our own, as they carry language and period along.
page = st.navigation([entry.page_for(person.role) for entry in PAGES], position="hidden")
links.remember_period(next(entry.name for entry in PAGES if entry.url_path == page.url_path))
with navigation:
    parts.navigation(entries)
    st.html(f"<script>{_SIDEBAR}</script>", unsafe_allow_javascript=True)
st.set_page_config(page_title=f"{page.title} · {t('app.name')}")
page.run()
