"""How does an opening that is held elsewhere get on the wall?"""

import streamlit as st

from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.off_site import choose_place, desk
from dashboard.parts import page_head

page_head(t("off_site.title"), t("off_site.answer"))
person = viewer()

desk(person, choose_place())

with st.expander(t("off_site.help"), icon=":material/help:"):
    st.markdown(t("off_site.help_text"))
