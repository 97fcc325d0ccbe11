"""What is happening in the rooms now?"""

from pathlib import Path

import streamlit as st

import dashboard
from dashboard.access import viewer
from dashboard.i18n import t
from dashboard.links import to_page
from dashboard.live_player import live_wall
from dashboard.live_schedule import chosen_session, coming_up, follow, footage_of, just_over, sessions_on
from dashboard.parts import page_head
from dashboard.session_panel import session_panel
from dashboard.talk_back import talk_button

person = viewer()
shown = chosen_session()
on = sessions_on()

if st.query_params.get("display") == "1":
    st.html(Path(dashboard.__file__).with_name("live_display.css"))
    live_wall(person, None, display=True)
    follow(None, on)
    st.stop()

with page_head(t("live.title"), t("live.answer")), st.container(key="live_links", width="content"):
    to_page("live", t("live.display"), ":material/tv:", display="1")

watching, beside = st.columns([7, 3])
with watching:
    live_wall(person, shown)
with beside:
    if shown is not None:
        footage_of(person, shown)
        if shown.room_id is not None:
            talk_button(person, shown.room_id)
        session_panel(person, shown)
    with st.container(key="live_schedule"):
        coming_up()
        just_over(person)
follow(shown, on)
