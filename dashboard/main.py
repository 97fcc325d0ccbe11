"""Every script run: the language, who is looking, the navigation, then the chosen page."""

from pathlib import Path

import streamlit as st

from dashboard import parts
from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.navigation import pages_for

_HERE = Path(__file__).parent

st.set_page_config(page_icon=str(_HERE / "mark.svg"), layout="wide")
st.html(_HERE / "style.css")

with st.sidebar:
    who = st.container()
    # Before everything else that shows words: the link may bring the language along.
    parts.language_switch()

st.logo(parts.logo(), size="large")
person = viewer()
with who:
    parts.signed_in(person)

page = st.navigation(pages_for(person.role), expanded=True)
st.set_page_config(page_title=f"{page.title} · {t('app.name')}")
page.run()
