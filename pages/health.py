"""Which cameras are online and recorded, and what needs attention?"""

import streamlit as st

from dashboard.access import viewer
from dashboard.health_keeping import keeping
from dashboard.health_view import definitions, health_board
from dashboard.i18n import t
from dashboard.integrity_view import integrity
from dashboard.parts import page_head

place = page_head(t("health.title"), t("health.answer"))
with place:
    definitions()
person = viewer()


@st.fragment(run_every="5s")
def board() -> None:
    """The figures, the table and the alerts, as they are now."""
    health_board(person)


board()
keeping()
integrity()
