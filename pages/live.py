"""What is happening in the rooms now?"""

from datetime import UTC, datetime

import streamlit as st

from dashboard.access import viewer
from dashboard.db import read_fresh
from dashboard.i18n import t
from dashboard.live_player import live_wall
from dashboard.live_schedule import choose_session, chosen_session, coming_up, just_over, session_facts
from dashboard.parts import local_time, nothing_here, page_head
from data_access.cameras import cameras_in_room
from domain.vocabulary import SessionStatus

page_head(t("live.title"), t("live.answer"))
person = viewer()
held = chosen_session(person)

watching, beside = st.columns([7, 3])
with watching, st.container():
    if held is None:
        nothing_here(t("live.nothing_on"), t("live.nothing_on_help"))
    elif held.status in {SessionStatus.DONE, SessionStatus.CANCELLED}:
        nothing_here(t("live.over"), t("live.over_help"))
    elif held.actual_start is None and held.planned_start > datetime.now(UTC):
        nothing_here(t("live.not_yet", time=local_time(held.planned_start)), t("live.not_yet_help"))
    elif cameras := read_fresh(cameras_in_room, held.room_id) if held.room_id else []:
        live_wall(cameras, person)
    else:
        nothing_here(t("live.no_camera"), t("live.no_camera_help"))
    if held is not None:
        session_facts(person, held)
with beside:
    choose_session(held)
    coming_up()
    just_over(person)
