"""Where the footage page starts from: one search over everything, a calendar, and what needs attention.

In the link: `?q=` what is searched for, `?list=ending` or `?list=cases` a list instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import streamlit as st

from dashboard import links
from dashboard.access import Viewer
from dashboard.day_calendar import day_calendar
from dashboard.db import read, read_fresh
from dashboard.footage_looks import note_look
from dashboard.footage_range import replay_of, text_of
from dashboard.i18n import section, t
from dashboard.links import to_page
from dashboard.mark_routes import rooms_to_mark
from dashboard.parts import local_time, nothing_here, plain, search_box
from data_access import footage_calendar, footage_keeping_view, footage_search
from data_access.footage import Stretch
from data_access.footage_keeping_view import Ending, OpenCase
from data_access.footage_lookup import SessionOnFloor, WatchedCamera
from data_access.footage_search import Concerned, Findable, Found, Group, Rights
from data_access.marks import Mark
from data_access.settings import settings
from domain.footage_words import Asked, asked_for
from domain.periods import day_of, midnight

_LISTS = ("ending", "cases")
_LONGEST_NOTE = 40  # characters of a note in a hit
_BEFORE, _AFTER = timedelta(seconds=10), timedelta(minutes=10)  # what is opened around a moment


def start_from(
    person: Viewer, cameras: Sequence[WatchedCamera], kept: Stretch, rooms: tuple[str, ...]
) -> bool:
    """The search and the lists; returns True when it shows what was found: that takes the player's place.

    Args:
        cameras: that the viewer may watch.
        kept: the time of which footage is kept.
        rooms: types of rooms that the viewer may watch.
    """
    rights = Rights(rooms, rooms_to_mark(person.role))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = search_box(
            t("footage.search.label"), width=520, placeholder=t("footage.search.example")
        ).strip()
        _calendar(cameras, kept, rooms)
        ending = read(footage_keeping_view.ending_sessions, _this_minute(), rooms, settings().online_days)
        cases = read(footage_keeping_view.open_cases, rights.marks) if rights.marks else []
        chosen = st.query_params.get("list")
        _list_link("ending", len(ending), chosen)
        if rights.marks:
            _list_link("cases", sum(not case.held for case in cases), chosen)
    if text:
        _show_found(person, text, cameras, kept, rights)
    elif chosen == "ending":
        _show_ending(ending)
    elif chosen == "cases" and rights.marks:
        _show_cases(cases)
    return bool(text) or chosen in _LISTS


def _this_minute() -> datetime:
    """So that what was read a moment ago is still the answer."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def _calendar(cameras: Sequence[WatchedCamera], kept: Stretch, rooms: tuple[str, ...]) -> None:
    """The days of all rooms; a click searches that day."""

    def chosen(day: date) -> None:
        st.query_params["q"] = day.isoformat()
        st.query_params.pop("list", None)

    with st.popover(t("footage.calendar.open"), icon=":material/calendar_month:"):
        ids = [camera.id for camera in cameras]
        days = read(footage_calendar.calendar, ids, day_of(kept.start), _this_minute(), room_types=rooms)
        day_calendar(None, days, on_day=chosen, key="footage_all_days")


def _list_link(name: str, count: int, chosen: str | None) -> None:
    """Opens the list, or closes it."""

    def turn() -> None:
        links.put("list", None if chosen == name else name)
        links.put("q", None)

    st.button(
        t(f"footage.list.{name}", count=count),
        key=f"footage_list_{name}",
        icon=":material/schedule:" if name == "ending" else ":material/folder_open:",
        type="primary" if chosen == name else "secondary",
        help=t(f"footage.list.{name}_help"),
        on_click=turn,
    )


# ---- what was found ----


def get_ready(person: Viewer, kept: Stretch, rooms: tuple[str, ...]) -> None:
    """Reads what the next search looks through, once the page is shown: it takes 0.2 s."""
    _stock(kept.start, Rights(rooms, rooms_to_mark(person.role)))


@st.cache_resource(ttl=60, max_entries=8, show_spinner=False)
def _stock(since: datetime, rights: Rights) -> tuple[Findable, ...]:
    """The sessions to look through; shared by all who have these rights, and never changed."""
    return tuple(read_fresh(footage_search.findable, since, rights))


def _show_found(
    person: Viewer, text: str, cameras: Sequence[WatchedCamera], kept: Stretch, rights: Rights
) -> None:
    now = datetime.now(UTC)
    asked = asked_for(text, day_of(now))
    day = Stretch(midnight(asked.day), midnight(asked.day + timedelta(days=1))) if asked.day else kept
    window = Stretch(max(day.start, kept.start), min(day.end, kept.end))
    words = {"session_type": section("session_type"), "mark_kind": section("live.mark.kind")}

    def search() -> Found:
        stock = _stock(kept.start, rights)
        return read_fresh(footage_search.search, stock, asked.words, window, rights=rights, vocabulary=words)

    found = search()
    if not found.total:  # it may have begun only since the stock was taken
        _stock.clear(kept.start, rights)
        found = search()
    note_look(person, action="search_footage", subject=text, detail={"hits": found.total})
    if not found.total:
        nothing_here(t("footage.search.none"), t("footage.search.none_mend"))
        return
    first = {camera.room_id: camera.id for camera in reversed(cameras)}
    _group("rooms", found.rooms, [_room(camera, asked, now) for camera in found.rooms.hits])
    _group("sessions", found.sessions, [_session(each, asked, first, now) for each in found.sessions.hits])
    _group("marks", found.marks, [_mark(mark) for mark in found.marks.hits])
    for name in ("experts", "enterprises"):
        concerned: Group[Concerned] = getattr(found, name)
        hits = [_session(each.session, asked, first, now, _who(each)) for each in concerned.hits]
        _group(name, concerned, hits)


Line = tuple[str, dict[str, str]]  # what a link says, and what it carries


def _group(name: str, found: Group[Any], lines: Iterable[Line]) -> None:
    if not found.total:
        return
    with st.container(border=True, gap=None, key=f"footage_hits_{name}"):
        st.markdown(f"**{t(f'footage.search.{name}')}** :gray[{found.total}]")
        for label, link in lines:
            to_page("footage", label, **link)
        if found.more:
            st.caption(t("footage.search.more", count=found.more))


def _room(camera: WatchedCamera, asked: Asked, now: datetime) -> Line:
    at = asked.moment(day_of(now), now)
    at = at or (midnight(asked.day) if asked.day else None)
    name = f"**{plain(camera.room_name)}**"
    if at is None:
        return f"{name} · {t('footage.search.latest_day')}", {"camera": str(camera.id)}
    return f"{name} · {local_time(at)}", _around(camera.id, at)


def _session(held: SessionOnFloor, asked: Asked, first: dict[int, int], now: datetime, who: str = "") -> Line:
    label = " · ".join(
        part
        for part in (
            f"**{local_time(held.start)}**",
            plain(held.room_name),
            t(f"session_type.{held.type}"),
            plain(held.projects),
            f":gray[{plain(held.code)}]",
            who,
        )
        if part
    )
    at = asked.moment(day_of(held.start), now)
    if at is not None and held.start <= at < held.end and held.room_id in first:
        return f"{label} · {local_time(at)}", _around(first[held.room_id], at)
    return label, {"session": str(held.id), "play": "1"}


def _around(camera_id: int, at: datetime) -> dict[str, str]:
    """The link that plays from a little before the moment."""
    edges = {"from": at - _BEFORE, "to": at + _AFTER}
    told = {name: text_of(edge).removesuffix("+08:00") for name, edge in edges.items()}
    return {"camera": str(camera_id), **told, "play": "1"}


def _mark(mark: Mark) -> Line:
    note = mark.note if len(mark.note) <= _LONGEST_NOTE else f"{mark.note[:_LONGEST_NOTE]}…"
    told = [t(f"live.mark.kind.{mark.kind}"), plain(note), plain(mark.camera_name), plain(mark.author)]
    label = " · ".join([f"**{local_time(mark.at)}**", *(part for part in told if part)])
    return label, replay_of(mark.camera_id, mark.at)


def _who(found: Concerned) -> str:
    told = (f"{plain(who.name)}（{t(f'footage.search.as_{who.role}')}）" for who in found.who)
    return f"**{'、'.join(told)}**"


# ---- what needs attention ----


def _show_ending(ending: Sequence[Ending]) -> None:
    lines: list[Line] = []
    for each in ending:
        label, link = _session(each.session, Asked(()), {}, each.ends_at)
        ends = t("footage.keep.ends", time=local_time(each.ends_at))
        lines.append((f":orange[{ends}] · {label}", link))
    _list("ending", lines)


def _show_cases(cases: Sequence[OpenCase]) -> None:
    lines: list[Line] = []
    for case in cases:
        held = t("footage.list.held") if case.held else f":orange[{t('footage.list.not_held')}]"
        told = [f"**{plain(case.subject)}**", local_time(case.raised_at), plain(case.session_code), held]
        lines.append((" · ".join(part for part in told if part), _of_case(case)))
    _list("cases", lines)


def _list(name: str, lines: Sequence[Line]) -> None:
    if not lines:
        nothing_here(t(f"footage.list.{name}_none"), t(f"footage.list.{name}_none_mend"))
        return
    with st.container(border=True, gap=None, key="footage_list_lines"):
        st.markdown(f"**{t(f'footage.list.{name}_title')}** :gray[{len(lines)}]")
        for label, link in lines:
            if link:
                to_page("footage", label, **link)
            else:
                st.markdown(label)


def _of_case(case: OpenCase) -> dict[str, str]:
    if case.camera_id is not None and case.marked_at is not None:
        return replay_of(case.camera_id, case.marked_at)
    return {"session": str(case.session_id)} if case.session_id else {}
