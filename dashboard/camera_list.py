"""The cameras in service, and what can be done with one: switch, remove, when to record, how long to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from dashboard import camera_changes, tables
from dashboard.access import Viewer
from dashboard.health_words import picture_word
from dashboard.i18n import t
from dashboard.numbers import NOT_APPLICABLE
from dashboard.parts import plain
from dashboard.tables import Column
from data_access.cameras import CameraRow
from data_access.footage_policy import policy_for
from data_access.settings import MOST_ONLINE_DAYS, settings
from domain.vocabulary import CameraSource, RecordingPolicy
from media.camera import redacted


def say(key: str, **values: str) -> None:
    """A line at the head of the page in the next run."""
    st.session_state["cameras_said"] = t(key, **{name: plain(value) for name, value in values.items()})


def said() -> None:
    """What the last action has done."""
    if line := st.session_state.pop("cameras_said", ""):
        st.success(line, icon=":material/check_circle:")


def camera_list(rows: Sequence[CameraRow], states: Mapping[int, str]) -> None:
    """The cameras in service; addresses without their passwords."""
    table = pd.DataFrame(
        [
            {
                "room": row.room_name,
                "name": row.name,
                "state": t(f"health.state.{states[row.id]}"),
                "record": t(f"recording_policy.{row.recording_policy}"),
                "kept": _kept(row),
                "codec": picture_word(row.codec, row.width, row.height),
                "url": _shown_url(row, row.url),
                "sub_url": _shown_url(row, row.sub_url),
                "added": row.added_at,
            }
            for row in rows
        ]
    )
    widths = {"url": 280, "sub_url": 280, "name": 150}
    columns = {
        name: Column(t(f"cameras.column.{name}"), "time" if name == "added" else "text", widths.get(name))
        for name in table.columns
    }
    tables.show(table, columns, key="cameras", alt=t("cameras.listed"))


def _kept(row: CameraRow) -> str:
    policy = policy_for(row.online_days, settings().online_days)
    return f"{t('keeping.days', count=policy.days)} · {t(f'keeping_origin.{policy.origin}')}"


def _shown_url(row: CameraRow, url: str | None) -> str:
    if row.source == CameraSource.BROWSER:
        return t("cameras.browser_camera")
    return redacted(url) if url else NOT_APPLICABLE


def camera_actions(rows: Sequence[CameraRow], person: Viewer) -> None:
    """Enable, disable, record always or for sessions only, keep longer, remove."""
    by_id = {row.id: row for row in rows}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            t("cameras.choose"),
            list(by_id),
            format_func=lambda one: by_id[one].name,
            index=None,
            placeholder=t("cameras.choose"),
            key="camera_chosen",
            width=280,
        )
        camera = by_id.get(chosen) if chosen is not None else None
        word = "disable" if camera is None or camera.enabled else "enable"
        switched = st.button(t(f"cameras.{word}"), disabled=camera is None, key="camera_switch")
        other = RecordingPolicy.SESSIONS
        if camera is not None and camera.recording_policy == RecordingPolicy.SESSIONS:
            other = RecordingPolicy.ALWAYS
        recorded = st.button(
            t(f"cameras.record_{other}"),
            disabled=camera is None,
            key="camera_recording",
            help=t("cameras.record_help"),
        )
        with st.popover(t("cameras.keep"), disabled=camera is None):
            days = _days_to_keep(camera)
        removing = st.button(t("cameras.remove"), disabled=camera is None, key="camera_remove")
    if camera is None:
        return
    if switched:
        camera_changes.switch(camera, actor=person.name, enabled=not camera.enabled)
        say(f"cameras.{word}d_done", name=camera.name)
        st.rerun()
    if recorded:
        camera_changes.change_recording(camera, actor=person.name, policy=other)
        say(f"cameras.record_{other}_done", name=camera.name)
        st.rerun()
    if days is not None:
        own = None if days == settings().online_days else days
        camera_changes.keep_for(camera, actor=person.name, days=own)
        say("cameras.keep_done", name=camera.name, days=str(days))
        st.rerun()
    if removing:
        st.session_state["camera_removing"] = camera.id
    if st.session_state.get("camera_removing") == camera.id:
        _confirm_removal(camera, person)


def _days_to_keep(camera: CameraRow | None) -> int | None:
    """The days that were saved just now; None: none were.

    Not fewer than the installation's: who is supervised here may look after cameras, and must not be able to
    let footage expire early. The command line can, and notes it too.
    """
    least = settings().online_days
    with st.form("camera_days", border=False):
        days = st.number_input(
            t("cameras.keep_days"),
            min_value=least,
            max_value=MOST_ONLINE_DAYS,
            value=max((camera and camera.online_days) or least, least),
            key=f"camera_days_{camera.id if camera else 0}",
            help=t("cameras.keep_help", days=least),
        )
        return int(days) if st.form_submit_button(t("cameras.keep_save"), type="primary") else None


def _confirm_removal(camera: CameraRow, person: Viewer) -> None:
    with st.container(border=True):
        st.markdown(f"**{t('cameras.remove_question', name=plain(camera.name))}**")
        st.caption(t("cameras.remove_note"))
        with st.container(horizontal=True):
            confirmed = st.button(t("cameras.confirm_remove"), type="primary", key="camera_remove_confirmed")
            cancelled = st.button(t("cameras.cancel"), key="camera_remove_cancelled")
    if confirmed or cancelled:
        del st.session_state["camera_removing"]
    if confirmed:
        removed = camera_changes.remove(camera.name, actor=person.name)
        say("cameras.removed_done" if removed else "cameras.gone", name=camera.name)
    if confirmed or cancelled:
        st.rerun()
