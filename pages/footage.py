"""What was recorded of a session or a room, and what did it look like at a given moment?"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.access import may_watch, viewer
from dashboard.db import read
from dashboard.footage_choice import (
    Choice,
    choose_day,
    choose_footage,
    first_look,
    go_to_moment,
    keep_link,
    leave_if_asked,
    plays_at_once,
    sessions_to_choose,
)
from dashboard.footage_found import get_ready, start_from
from dashboard.footage_keeping import keeping
from dashboard.footage_player import footage_player, lanes_in
from dashboard.i18n import t
from dashboard.parts import nothing_here, page_head
from data_access.footage import Stretch
from data_access.footage_lookup import cameras_with_footage
from data_access.settings import settings
from domain.periods import day_of, midnight
from domain.vocabulary import RoomType

person = viewer()
now = datetime.now(UTC)
days = settings().online_days
first_day = day_of(now) - timedelta(days=days)
kept = Stretch(midnight(first_day), midnight(day_of(now) + timedelta(days=1)))
rooms = tuple(kind.value for kind in RoomType if may_watch(person.role, kind))

page_head(t("footage.title"), t("footage.answer", days=days))
cameras = read(cameras_with_footage, midnight(first_day), rooms)
if not cameras:
    nothing_here(t("footage.no_cameras"), t("footage.no_cameras_mend"))
    st.stop()

if start_from(person, cameras, kept, rooms):
    st.stop()

sessions = sessions_to_choose(first_day, rooms)
with st.container(gap="xsmall"):
    choice = choose_footage(cameras, sessions, first_day)
    if choice:
        keeping(person, choice)
if choice is None:
    nothing_here(t("footage.no_choice"), t("footage.no_choice_mend", days=days))
    st.stop()

place = st.container()
if choice.days:
    side, place = st.columns([2, 7], gap="medium")
    with side:
        choose_day(choice.days)


@st.fragment(run_every=10 if choice.window.end > now else None)
def show(choice: Choice) -> None:
    """The player; while the window reaches into the present, what is recorded comes in by itself."""
    leave_if_asked()
    lanes = lanes_in(choice.cameras, choice.window)
    if not any(lane.runs for lane in lanes):
        nothing_here(t("footage.nothing"), t("footage.nothing_mend", days=days))
        return
    camera_id, wanted = first_look(choice, lanes)
    keep_link(choice, camera_id, wanted)
    footage_player(
        lanes,
        view=choice.view,
        window=choice.window,
        wanted=wanted,
        camera_id=camera_id,
        viewer=person,
        play=plays_at_once(),
        kept=kept,
        on_range=lambda camera, opened: keep_link(choice, camera, opened),
        on_moment=go_to_moment,
    )


with place:
    show(choice)
get_ready(person, kept, rooms)
