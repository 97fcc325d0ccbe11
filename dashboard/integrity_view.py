"""What the health page says of the footage's integrity: the last checks and seals, and what they found."""

from __future__ import annotations

import streamlit as st

from dashboard.db import read
from dashboard.i18n import language, t
from dashboard.parts import facts, local_time, plain
from data_access import footage_checks, footage_integrity
from data_access.footage_checks import CheckRow, FaultRow

_SHOWN = 20  # faults


def integrity() -> None:
    """The last checks, the last sealed day, and each fault that lasts."""
    count, newest = read(footage_checks.lasting_count), read(footage_checks.lasting_faults, _SHOWN)
    sample, full = (read(footage_checks.last_check, full=full) for full in (False, True))
    sealed = read(footage_integrity.last_sealed_day)
    state = t("integrity.faults", count=count) if count else t("integrity.whole")
    facts(
        t("integrity.title"),
        {
            t("integrity.state"): state if sample or full else t("integrity.never"),
            t("integrity.last_sample"): _told(sample),
            t("integrity.last_full"): _told(full),
            t("integrity.last_seal"): sealed.isoformat() if sealed else t("integrity.none"),
        },
    )
    for fault in newest:
        st.markdown(_fault(fault))
    if count > len(newest):
        st.caption(t("integrity.more", count=len(newest)))


def _told(check: CheckRow | None) -> str:
    if check is None or check.ended_at is None:
        return t("integrity.none")
    read_bytes = f"{check.size / 1e9:.2f} GB" if check.size >= 1e9 else f"{check.size / 1e6:.1f} MB"
    return f"{local_time(check.ended_at)}  {t('integrity.segments', count=check.segments, size=read_bytes)}"


def _fault(fault: FaultRow) -> str:
    """What and where it is, and below what to do."""
    zh, _, en = fault.detail.partition(" / ")
    at = local_time(fault.started_at) if fault.started_at else ""
    where = " ".join(part for part in (fault.camera_name, at, fault.quarantined_to or fault.path) if part)
    what = f"{t(f'integrity.kind.{fault.kind}')}：{zh if language() == 'zh' else en}"
    found = t("integrity.found_at", at=local_time(fault.found_at))
    to_do = t(f"integrity.mend.{fault.kind}")
    return f":red[:material/error:] **{plain(what)}**  \n{plain(where)}  \n:gray[{found} · {to_do}]"
