"""What was recorded of a session or a room, and what did it look like at a given moment?"""

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.access import may_watch, viewer
from dashboard.db import read
from dashboard.footage_choice import Choice, choose_day, choose_footage, first_look, keep_link, plays_at_once
from dashboard.footage_player import footage_player, lanes_in
from dashboard.i18n import t
from dashboard.parts import nothing_here, page_head
from data_access.footage_lookup import cameras_with_footage, sessions_with_footage
from data_access.settings import settings
from domain.periods import day_of, midnight
from domain.vocabulary import RoomType

person = viewer()
now = datetime.now(UTC)
days = settings().online_days
first_day = day_of(now) - timedelta(days=days)
rooms = tuple(kind.value for kind in RoomType if may_watch(person.role, kind))

page_head(t("footage.title"), t("footage.answer", days=days))
cameras = read(cameras_with_footage, midnight(first_day), rooms)
if not cameras:
    nothing_here(t("footage.no_cameras"), t("footage.no_cameras_mend"))
    st.stop()

sessions = read(sessions_with_footage, midnight(first_day), rooms)
choice = choose_footage(cameras, sessions, first_day)
if choice is None:
    nothing_here(t("footage.no_choice"), t("footage.no_choice_mend", days=days))
    st.stop()

place = st.container()
if choice.days:
    side, place = st.columns([1, 4], gap="medium")
    with side:
        choose_day(choice.days)


@st.fragment(run_every=10 if choice.window.end > now else None)
def show(choice: Choice) -> None:
    """The player; while the window reaches into the present, what is recorded comes in by itself."""
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
        on_range=lambda camera, opened: keep_link(choice, camera, opened),
    )


with place:
    show(choice)
