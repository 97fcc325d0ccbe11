"""Which cameras are there, and how is a new one added?"""

from datetime import UTC, datetime

import streamlit as st

from dashboard.access import viewer
from dashboard.camera_changes import MANAGERS
from dashboard.camera_form import Probed, camera_form, run_probe, save, show_probed, wrong_in
from dashboard.camera_list import camera_actions, camera_list, said
from dashboard.camera_search import discovery
from dashboard.db import read_fresh
from dashboard.i18n import t
from dashboard.parts import nothing_here, page_head
from data_access.camera_health import states
from data_access.cameras import all_cameras, all_rooms

page_head(t("cameras.title"), t("cameras.answer"))
person = viewer()
if person.role not in MANAGERS:
    st.error(t("cameras.not_allowed"))
    st.stop()
said()

st.subheader(t("cameras.listed"), anchor=False)
rows = read_fresh(all_cameras)
if rows:
    camera_list(rows, read_fresh(states, datetime.now(UTC)))
    camera_actions(rows, person)
else:
    nothing_here(t("cameras.none_yet"), t("cameras.none_yet_help"))

st.subheader(t("cameras.form"), anchor=False)
discovery()
rooms = read_fresh(all_rooms)
entered = camera_form(rooms)
if st.button(t("cameras.probe"), type="primary", key="probe"):
    st.session_state.pop("camera_probed", None)
    wrong = wrong_in(entered, rooms)
    for line in wrong:
        st.error(line, icon=":material/error:")
    if not wrong:
        st.session_state["camera_probed"] = run_probe(entered, person)

probed: Probed | None = st.session_state.get("camera_probed")
if probed is not None and probed.entered != entered:
    st.info(t("cameras.changed_since"), icon=":material/refresh:")
elif probed is not None:
    show_probed(probed)
    sure = not probed.problems or st.checkbox(t("cameras.save_anyway"), key="save_anyway")
    if st.button(t("cameras.save"), type="primary", key="save", disabled=not sure):
        save(probed, person)
