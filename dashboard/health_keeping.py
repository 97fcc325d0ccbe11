"""What the health page says of keeping: the days and their origin, holds, the disk, the archive."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from dashboard import tables
from dashboard.db import read
from dashboard.health_words import amount
from dashboard.i18n import language, t
from dashboard.parts import facts, local_time
from dashboard.tables import Column
from data_access import footage_archive, footage_kept
from data_access.footage_disk import DiskUse, disk_use
from data_access.settings import settings
from media.archive_storage import target_of

_GOOD_FOR = 600  # seconds that sums of the disk are good for


def lasting(now: datetime) -> tuple[DiskUse, float | None]:
    """The disk's use, and the days until only the reserve is free; None: never, or nobody knows."""
    at = datetime.fromtimestamp(now.timestamp() // _GOOD_FOR * _GOOD_FOR, UTC)
    use = read(disk_use, at, settings().online_days)
    folder = settings().footage_folder
    if not folder.exists():  # the recorder makes it, or it is not mounted
        return use, None
    free = shutil.disk_usage(folder).free - settings().reserve_gb * 1e9
    return use, use.days_left(max(0.0, free))


def keeping() -> None:
    """For how long footage is kept, and whether the disk and the archive keep up."""
    now = datetime.now(UTC)
    st.subheader(t("keeping.title"), anchor=False)
    left, right = st.columns(2)
    with left:
        facts(t("keeping.disk"), _disk_facts(now))
    with right:
        facts(t("keeping.archive"), _archive_facts(now))
    _cameras(now)


def _disk_facts(now: datetime) -> dict[str, str | None]:
    use, days = lasting(now)
    full = t("keeping.never_full") if use.daily else None
    return {
        t("keeping.promise"): t("keeping.days", count=settings().online_days),
        t("keeping.daily"): amount(use.daily) if use.daily else None,
        t("keeping.full_in"): full if days is None else t("keeping.days", count=f"{days:.1f}"),
        t("keeping.held"): amount(use.held),
        t("keeping.reserve"): amount(settings().reserve_gb * 1e9),
    }


def _archive_facts(now: datetime) -> dict[str, str | None]:
    target = target_of(settings().archive_url)
    if not target:
        return {t("keeping.target"): t("keeping.no_archive")}
    at = datetime.fromtimestamp(now.timestamp() // 15 * 15, UTC)
    state = read(footage_archive.state, target, at)
    error_zh, _, error_en = state.error.partition(" / ")
    told = {
        t("keeping.target"): target,
        t("keeping.verified"): t("keeping.copies", count=state.verified, size=amount(state.size)),
        t("keeping.waiting"): str(state.waiting + state.copying),
        t("keeping.failed"): str(state.failed),
        t("keeping.last_verified"): local_time(state.last_verified_at) if state.last_verified_at else None,
    }
    return told | ({t("keeping.error"): error_zh if language() == "zh" else error_en} if state.error else {})


def _cameras(now: datetime) -> None:
    at = datetime.fromtimestamp(now.timestamp() // _GOOD_FOR * _GOOD_FOR, UTC)
    found = read(footage_kept.kept_by_camera, at, settings().online_days)
    if not found:
        return
    table = pd.DataFrame(
        {
            "camera": [one.camera_name for one in found],
            "room": [one.room_name for one in found],
            "days": [one.policy.days for one in found],
            "origin": [one.policy.origin.value for one in found],
            "oldest": pd.Series([one.oldest for one in found], dtype="datetime64[us, UTC]"),
            "held": [amount(one.held) if one.held else "" for one in found],
        }
    )
    columns = {
        "camera": Column(t("keeping.camera")),
        "room": Column(t("keeping.room")),
        "days": Column(t("keeping.kept_days"), "count"),
        "origin": Column(t("keeping.origin"), codes="keeping_origin"),
        "oldest": Column(t("keeping.oldest"), "time"),
        "held": Column(t("keeping.held")),
    }
    tables.show(table, columns, key="keeping", alt=t("keeping.title"))
    st.caption(t("keeping.note"))
