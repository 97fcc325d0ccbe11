"""The list of evidence packages: where each stands, who asked for it and why, what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

import streamlit as st

from dashboard import evidence_actions
from dashboard.db import read_fresh
from dashboard.i18n import language, t
from dashboard.parts import local_time, plain
from data_access import evidence
from data_access.evidence import Package, Person
from data_access.evidence_requests import LONGEST_REASON, EvidenceRefused
from domain.periods import SHANGHAI
from domain.vocabulary import ExportStatus

A_PAGE = 20  # packages
_REFRESH = 3.0  # seconds, while one is being built
_COLOURS = {
    ExportStatus.REQUESTED: "orange",
    ExportStatus.APPROVED: "blue",
    ExportStatus.REJECTED: "gray",
    ExportStatus.READY: "green",
    ExportStatus.FAILED: "red",
}
# What somebody else may say to it; what cannot be built may be given up, which lets its footage go.
_DECISIONS = {ExportStatus.REQUESTED: ("approve", "reject"), ExportStatus.FAILED: ("reject",)}
_SAID = "evidence_said"


def said() -> None:
    """What the last action has done, or why it could not."""
    if line := st.session_state.pop(_SAID, ""):
        st.success(line, icon=":material/check_circle:")
    if line := st.session_state.pop(f"{_SAID}_not", ""):
        st.error(line, icon=":material/error:")


def evidence_list(person: Person, pages: int) -> None:
    """The packages that the person may see; while one is being built the list follows by itself."""
    page = st.pagination(pages, key="evidence_page") if pages > 1 else 1
    first = (page - 1) * A_PAGE
    found = read_fresh(evidence.packages, person=person, limit=A_PAGE, offset=first)
    building = any(one.status is ExportStatus.APPROVED for one in found)

    @st.fragment(run_every=_REFRESH if building else None)
    def show() -> None:
        now = read_fresh(evidence.packages, person=person, limit=A_PAGE, offset=first)
        for one in now:
            _card(one, person)
        if building and not any(one.status is ExportStatus.APPROVED for one in now):
            st.rerun()  # nothing to wait for any more

    show()


def _card(one: Package, person: Person) -> None:
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                st.markdown(f"**{one.number}**", width="content")
                st.badge(t(f"export_status.{one.status}"), color=_COLOURS[one.status])  # type: ignore[arg-type]
                if one.restricted:
                    st.badge(t("evidence.restricted"), icon=":material/lock:", color="gray")
            _actions(one, person)
        st.markdown(f"{t('evidence.case')} {plain(one.case_no)}　{plain(one.reason)}")
        for part in one.parts:
            st.markdown(f":material/videocam: {plain(part.camera)}　{exact_range(part.start, part.end)}")
        st.caption(" · ".join(_history(one)))
        _standing(one)


def _history(one: Package) -> list[str]:
    told = [t("evidence.requested", name=plain(one.requester), time=local_time(one.requested_at))]
    if one.decided_at:
        key = "evidence.rejected" if one.status is ExportStatus.REJECTED else "evidence.approved"
        told.append(t(key, name=plain(one.decider), time=local_time(one.decided_at)))
    if one.decision_note:
        told.append(plain(one.decision_note))
    if one.watermarked:
        told.append(t("evidence.with_copy"))
    if one.built_at and one.size is not None:
        told.append(t("evidence.built", time=local_time(one.built_at), size=size_word(one.size)))
    return told


def exact_range(start: datetime, end: datetime) -> str:
    """From when to when in Asia/Shanghai to the second, the day once when both lie on it."""
    begins, ends = (f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" for at in (start, end))
    return f"{begins} → {ends[11:] if begins[:10] == ends[:10] else ends}"


def size_word(count: int) -> str:
    """Bytes as MB or GB."""
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _standing(one: Package) -> None:
    if one.status is ExportStatus.APPROVED:
        st.progress(one.progress, t("evidence.building" if one.progress else "evidence.waits"))
    if one.error:
        zh, _, en = one.error.partition(" / ")
        st.error(plain(zh if language() == "zh" or not en else en), icon=":material/error:")


def _actions(one: Package, person: Person) -> None:
    with st.container(horizontal=True, width="content", gap="small"):
        if one.status is ExportStatus.READY:
            st.link_button(
                t("evidence.download"),
                f"/evidence/{one.id}.zip",
                icon=":material/download:",
                key=f"evidence_download_{one.id}",
            )
        if one.status is ExportStatus.FAILED:
            again = st.button(t("evidence.again"), icon=":material/refresh:", key=f"evidence_again_{one.id}")
            if again:
                _act(lambda: evidence_actions.build_again(person, one.id), "evidence.again_done")
        own = one.requested_by == person.account_id
        if own and one.status is ExportStatus.REQUESTED:
            st.caption(t("evidence.own"), width="content")
        if not own and one.status in _DECISIONS:
            with st.popover(t("evidence.decide"), icon=":material/gavel:", key=f"evidence_decide_{one.id}"):
                _decision(one, person)


def _decision(one: Package, person: Person) -> None:
    note = st.text_area(
        t("evidence.note"),
        max_chars=LONGEST_REASON,
        help=t("evidence.note_help"),
        key=f"evidence_note_{one.id}",
        height=80,
    )
    with st.container(horizontal=True):
        for word in _DECISIONS[one.status]:
            approve = word == "approve"
            pressed = st.button(
                t(f"evidence.{word}"),
                type="primary" if approve else "secondary",
                key=f"evidence_{word}_{one.id}",
            )
            if pressed:
                act = partial(evidence_actions.decide, person, one.id, approve=approve, note=note)
                _act(act, f"evidence.{word}_done")


def _act(act: Callable[[], Package], done: str) -> None:
    """Does it, says so at the head of the page, and shows the list anew."""
    try:
        st.session_state[_SAID] = t(done, number=act().number)
    except EvidenceRefused as refused:
        st.session_state[f"{_SAID}_not"] = refusal(refused)
    st.rerun()


def refusal(refused: EvidenceRefused) -> str:
    """The reader's half of the reason."""
    zh, _, en = str(refused).partition(" / ")
    return plain(zh if language() == "zh" else en)
