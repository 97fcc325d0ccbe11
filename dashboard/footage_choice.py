"""What the viewer of footage wants to see: a session, or a room and a day; kept in the link.

The link is `/footage?session=<id>` or `/footage?camera=<id>&from=<ISO>&to=<ISO>`; with `&play=1` it plays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from dashboard import links
from dashboard.day_calendar import day_calendar
from dashboard.db import read, read_fresh
from dashboard.footage_player import Lane
from dashboard.footage_range import LONGEST, WrongRange, range_from, text_of
from dashboard.i18n import t
from dashboard.parts import filter_row, local_time, plain, time_range
from data_access import footage_calendar, footage_lookup
from data_access.footage import Stretch
from data_access.footage_calendar import DayOfFootage
from data_access.footage_lookup import SessionOnFloor, WatchedCamera
from domain.periods import day_of, midnight

_PARAMETERS = ("session", "camera", "from", "to")
_FIRST_LOOK = timedelta(hours=1)  # what is opened of a day without sessions
_MARGIN = timedelta(minutes=5)  # of the strip, on both sides of a session
_AFTER_A_CLICK = timedelta(minutes=10)  # what is opened of a moment on the strip
_LINK, _COUNT, _RANGE, _PLAY = "footage_link", "footage_link_count", "footage_range", "footage_play"
_LEAVES = "footage_leaves"
_BY, _SESSION, _ROOM, _DAY = "footage_by", "footage_session", "footage_room", "footage_day"


@dataclass(frozen=True)
class Choice:
    """What to show."""

    view: str  # names it; the player starts anew when it changes
    cameras: Sequence[WatchedCamera]  # of one room
    window: Stretch  # what the strip shows
    session: SessionOnFloor | None = None
    days: DaysToChoose | None = None  # when it is a room and a day


@dataclass(frozen=True)
class DaysToChoose:
    """The days that a calendar offers."""

    day: date
    days: Sequence[DayOfFootage]


def sessions_to_choose(first_day: date, rooms: tuple[str, ...]) -> list[SessionOnFloor]:
    """The latest sessions that there is footage of, and the one of the link, however old or new it is.

    Args:
        rooms: types of rooms that the viewer may watch.
    """
    since, linked = midnight(first_day), links.id_in_link("session")
    latest = read(footage_lookup.sessions_with_footage, since, rooms)
    if linked is None or any(held.id == linked for held in latest):
        return latest
    found = read_fresh(footage_lookup.session_with_footage, linked, since, rooms)
    return latest if found is None else [*latest, found]


def choose_footage(
    cameras: Sequence[WatchedCamera], sessions: Sequence[SessionOnFloor], first_day: date
) -> Choice | None:
    """The filters of the page, and what they choose; None when the link names nothing that can be shown.

    Args:
        cameras: that the viewer may watch, at least one.
        sessions: that there is footage of, the latest first.
        first_day: the first day in Asia/Shanghai of which footage is kept.
    """
    _follow_link(cameras, sessions)
    with filter_row():
        by = st.segmented_control(
            t("footage.look_up"),
            ["session", "room"],
            format_func=lambda way: t(f"footage.by_{way}"),
            required=True,
            key=_BY,
            on_change=_forget_range,
        )
        chosen = _choose_session(sessions) if by == "session" else None
        room_id = _choose_room(cameras) if by == "room" else None
    if room_id is not None:
        return _of_day([camera for camera in cameras if camera.room_id == room_id], first_day)
    return _of_session(chosen, cameras) if chosen else None


def _follow_link(cameras: Sequence[WatchedCamera], sessions: Sequence[SessionOnFloor]) -> None:
    """Sets the filters as the link says, unless this page wrote the link itself."""
    link = {name: st.query_params[name] for name in _PARAMETERS if name in st.query_params}
    state = st.session_state
    play = st.query_params.pop("play", "") == "1"
    if link == state.get(_LINK) and not play:
        return
    state[_LINK], state[_COUNT], state[_RANGE], state[_PLAY] = link, state.get(_COUNT, 0) + 1, None, play
    state[_BY] = "session" if "session" in link or (sessions and "camera" not in link) else "room"
    known = {str(found.id): found.id for found in sessions}
    state[_SESSION] = known.get(link["session"]) if "session" in link else next(iter(known.values()), None)
    camera = next((each for each in cameras if str(each.id) == link.get("camera", str(cameras[0].id))), None)
    state[_ROOM], state[_DAY] = camera.room_id if camera else None, None
    try:
        wanted = range_from(link.get("from"), link.get("to"))
    except WrongRange:
        return
    if camera:
        state[_RANGE], state[_DAY] = (camera.id, Stretch(wanted.start, wanted.end)), day_of(wanted.start)


def keep_link(choice: Choice, camera_id: int, opened: Stretch) -> None:
    """Writes what is open into the address, so that the link shows the same again."""
    st.session_state[_RANGE] = camera_id, opened
    told = {"camera": str(camera_id), "from": _link_text(opened.start), "to": _link_text(opened.end)}
    link = ({"session": str(choice.session.id)} if choice.session else {}) | told
    if link == st.session_state[_LINK]:
        return
    for name in _PARAMETERS:
        if name in link:
            st.query_params[name] = link[name]
        else:
            st.query_params.pop(name, None)
    st.session_state[_LINK] = link


def go_to_moment(camera_id: int, at: datetime) -> None:
    """As if a link to that moment had been followed; takes effect with `leave_if_asked`."""
    start = at.replace(microsecond=0)
    end = start + _AFTER_A_CLICK
    told = {"camera": str(camera_id), "from": _link_text(start), "to": _link_text(end), "play": "1"}
    st.query_params.from_dict({**_carried(), **told})
    st.session_state[_LEAVES] = True


def leave_if_asked() -> None:
    """Runs the page anew when the strip was clicked outside of what is shown."""
    if st.session_state.pop(_LEAVES, False):
        st.rerun()


def _carried() -> dict[str, str]:
    """What every link keeps."""
    return {"language": st.query_params["language"]} if "language" in st.query_params else {}


def _link_text(at: datetime) -> str:
    return text_of(at).removesuffix("+08:00")


def plays_at_once() -> bool:
    """Whether the link that was followed last asks for that."""
    return bool(st.session_state.get(_PLAY))


def linked_range() -> tuple[int, Stretch] | None:
    """The camera and range that the link names or that the viewer opened last; None: neither."""
    found: tuple[int, Stretch] | None = st.session_state.get(_RANGE)
    return found


def _forget_range() -> None:
    st.session_state[_RANGE] = None


def _choose_session(sessions: Sequence[SessionOnFloor]) -> SessionOnFloor | None:
    by_id = {found.id: found for found in sessions}

    def label(session_id: int) -> str:
        found = by_id[session_id]
        project = f"{found.projects}（{found.project_codes}）" if found.projects else found.code
        return f"{local_time(found.start)}  {found.room_name}  {t(f'session_type.{found.type}')}  {project}"

    chosen = st.selectbox(
        t("footage.session"),
        list(by_id),
        format_func=label,
        placeholder=t("footage.choose_session"),
        help=t("footage.session_help"),
        width=760,
        key=_SESSION,
        on_change=_forget_range,
    )
    return by_id[chosen] if chosen is not None else None


def _choose_room(cameras: Sequence[WatchedCamera]) -> int | None:
    rooms = {camera.room_id: camera.room_name for camera in cameras}
    return st.selectbox(
        t("footage.room"),
        list(rooms),
        format_func=lambda room_id: rooms[room_id],
        placeholder=t("footage.choose_room"),
        key=_ROOM,
        on_change=_forget_range,
        width=260,
    )


def _of_session(chosen: SessionOnFloor, cameras: Sequence[WatchedCamera]) -> Choice:
    facts = {
        "footage.project": chosen.projects,
        "footage.session_code": chosen.code,
        "footage.method": t(f"method.{chosen.method}") if chosen.method else None,
        "footage.planned": local_time(chosen.planned_start),
        "footage.held": time_range(chosen.actual_start, chosen.actual_end),
    }
    st.caption(" · ".join(f"{t(name)} {plain(value)}" for name, value in facts.items() if value))
    return Choice(
        view=f"{st.session_state[_COUNT]} session {chosen.id}",
        cameras=[camera for camera in cameras if camera.room_id == chosen.room_id],
        window=Stretch(chosen.start - _MARGIN, max(chosen.end, chosen.start) + _MARGIN),
        session=chosen,
    )


def _of_day(cameras: Sequence[WatchedCamera], first_day: date) -> Choice:
    today = day_of(datetime.now(UTC))
    ids = [camera.id for camera in cameras]
    types, room_id = (cameras[0].room_type,), cameras[0].room_id
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    days = read(footage_calendar.calendar, ids, first_day, now, room_types=types, room_id=room_id)
    marked = {each.day for each in days if each.recorded}
    day: date = st.session_state.get(_DAY) or max(marked, default=today)
    if day not in marked and linked_range() is None:
        day = max(marked, default=today)
    return Choice(
        view=f"{st.session_state[_COUNT]} room {cameras[0].room_id} {day}",
        cameras=cameras,
        window=Stretch(midnight(day), midnight(day + timedelta(days=1))),
        days=DaysToChoose(day, days),
    )


def choose_day(days: DaysToChoose) -> None:
    """The calendar; another day takes effect with the script run that the click starts."""

    def chosen(day: date) -> None:
        st.session_state[_DAY] = day
        _forget_range()

    day_calendar(days.day, days.days, on_day=chosen)


def first_look(choice: Choice, lanes: Sequence[Lane]) -> tuple[int, Stretch]:
    """The camera and range to open: those of the link, else the session, else the first hour of the day.

    Args:
        lanes: of the choice's cameras, at least one with footage.
    """
    linked = linked_range()
    if linked and linked[0] in {lane.camera.id for lane in lanes}:
        return linked
    lane = next(lane for lane in lanes if lane.runs)
    start = lane.runs[0].start
    end = start + _FIRST_LOOK
    sessions = [choice.session] if choice.session else _sessions_of(choice)
    recorded = [
        held for held in sessions if any(run.start < held.end and run.end > held.start for run in lane.runs)
    ]
    if recorded:
        start, end = recorded[0].start, recorded[0].end
    return lane.camera.id, Stretch(start, min(end, start + LONGEST, choice.window.end))


def _sessions_of(choice: Choice) -> list[SessionOnFloor]:
    room_id = choice.cameras[0].room_id
    return read(footage_lookup.sessions_in_room, room_id, choice.window.start, choice.window.end)
