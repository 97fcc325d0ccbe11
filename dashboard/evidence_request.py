"""The button that asks for an evidence package of what is being looked at, and its dialog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import streamlit as st

from dashboard import evidence_actions
from dashboard.access import RESTRICTED_ROOMS, Viewer
from dashboard.db import read, read_fresh
from dashboard.evidence_actions import MAY_ASK, person_of
from dashboard.evidence_list import exact_range, refusal, size_word
from dashboard.i18n import t
from dashboard.links import to_page
from dashboard.parts import plain
from data_access import cameras, evidence_facts, footage_gaps
from data_access.cameras import CameraRow
from data_access.evidence_requests import LONGEST_CASE_NO, LONGEST_REASON, EvidenceRefused, Part

_GAPS_SHOWN = 6


def evidence_button(
    person: Viewer, parts: Sequence[tuple[int, datetime, datetime]], session_id: int | None
) -> None:
    """Opens a dialog that asks for a package; shown to those only who may ask.

    Args:
        parts: (camera_id, start, end), one for each camera.
        session_id: the session that is being looked at, held in the room of the cameras.
    """
    if person.role not in MAY_ASK or not parts:
        return
    if st.button(t("evidence.ask"), icon=":material/inventory_2:", key="evidence_ask"):
        _dialog(person, [Part(*part) for part in parts], session_id)


def _dialog(person: Viewer, parts: Sequence[Part], session_id: int | None) -> None:
    known = {camera.id: camera for camera in read(cameras.all_cameras, removed=True)}

    @st.dialog(t("evidence.ask_title"), width="medium")
    def ask() -> None:
        chosen = _choose(parts, known)
        _summary(chosen, known)
        reason = st.text_area(
            t("evidence.reason"), max_chars=LONGEST_REASON, key="evidence_reason", height=80
        )
        case_no = st.text_input(t("evidence.case_no"), max_chars=LONGEST_CASE_NO, key="evidence_case_no")
        copy = st.checkbox(t("evidence.copy"), help=t("evidence.copy_help"), key="evidence_copy")
        if st.button(t("evidence.send"), type="primary", key="evidence_send", disabled=not chosen):
            _send(person, chosen, session_id, reason=reason, case_no=case_no, watermarked=copy)

    ask()


def _choose(parts: Sequence[Part], known: Mapping[int, CameraRow]) -> list[Part]:
    """The cameras to take; all of them unless the person leaves some out."""
    by_id = {part.camera_id: part for part in parts if part.camera_id in known}
    wanted = st.multiselect(
        t("evidence.cameras"),
        list(by_id),
        default=list(by_id),
        format_func=lambda camera_id: known[camera_id].name,
        key="evidence_cameras",
    )
    return [by_id[camera_id] for camera_id in wanted]


def _summary(chosen: Sequence[Part], known: Mapping[int, CameraRow]) -> None:
    """What the package will hold, what is missing in it, and whether somebody must approve."""
    size = 0
    for part in chosen:
        stretch = part.camera_id, part.start, part.end
        size += read_fresh(evidence_facts.size_of, *stretch)
        gaps = read_fresh(footage_gaps.gaps_between, *stretch)
        st.markdown(
            f":material/videocam: {plain(known[part.camera_id].name)}　{exact_range(part.start, part.end)}"
        )
        missing = sum((gap.end - gap.start for gap in gaps), timedelta()).total_seconds()
        if gaps:
            told = "；".join(
                f"{exact_range(gap.start, gap.end)[11:]} {t(f'footage.cause.{gap.cause.value}')}"
                for gap in gaps[:_GAPS_SHOWN]
            )
            more = t("evidence.more_gaps", count=len(gaps) - _GAPS_SHOWN) if len(gaps) > _GAPS_SHOWN else ""
            st.caption(f"{t('evidence.gaps', count=len(gaps), seconds=f'{missing:.0f}')} {told} {more}")
        else:
            st.caption(t("evidence.no_gaps"))
    st.caption(t("evidence.estimate", size=size_word(size)))
    if any(known[part.camera_id].room_type in RESTRICTED_ROOMS for part in chosen):
        st.info(t("evidence.needs_approval"), icon=":material/lock:")


def _send(
    person: Viewer,
    chosen: Sequence[Part],
    session_id: int | None,
    *,
    reason: str,
    case_no: str,
    watermarked: bool,
) -> None:
    try:
        made = evidence_actions.request(
            person_of(person, address=st.context.ip_address or ""),
            chosen,
            session_id=session_id,
            reason=reason,
            case_no=case_no,
            watermarked=watermarked,
        )
    except EvidenceRefused as refused:
        st.error(refusal(refused), icon=":material/error:")
        return
    st.success(t("evidence.sent", number=made.number), icon=":material/check_circle:")
    to_page("evidence", t("evidence.to_list"), ":material/inventory_2:")
