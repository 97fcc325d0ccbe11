"""What the health page shows: headline figures, a row a camera, alerts. All its words are made here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.access import Viewer
from dashboard.db import read
from dashboard.health_keeping import lasting
from dashboard.health_words import (
    bit_rate,
    clock_offset,
    duration,
    picture_word,
    rate_word,
    share,
    sound_word,
)
from dashboard.i18n import language, section, t
from dashboard.parts import local_time, nothing_here, time_range
from data_access import alerts, camera_health
from data_access.alerts import AlertRow
from data_access.camera_health import LARGEST_CLOCK_OFFSET, Account, CameraHealth, CameraState
from data_access.cameras import NOT_CONNECTED
from data_access.footage import Stretch
from data_access.footage_gaps import Gap
from data_access.settings import settings
from domain.periods import SHANGHAI
from domain.vocabulary import CameraSource, GapCause, Role
from media.camera import redacted
from media.camera_advice import Advice, advice_on_main

_HERE = Path(__file__).parent
_BOARD = st.components.v2.component(
    "mingjing_health_board",
    css="".join((_HERE / f"{part}.css").read_text(encoding="utf-8") for part in ("define", "health_board")),
    js=(_HERE / "health_board.js").read_text(encoding="utf-8"),
)
MAY_SEE_ADDRESSES = frozenset({Role.ADMINISTRATOR, Role.STAFF})
UNEXPECTED = frozenset({CameraState.OFF, CameraState.RESTING})  # nobody waits for their pictures
ONLINE = frozenset({CameraState.RECORDING, CameraState.NOT_RECORDING})
_ALERTS_FOR = timedelta(days=7)
_REFRESH = timedelta(seconds=5)
_GOOD_SHARE = 0.99  # domain KPI 12: below, it needs attention
_TONES = {
    CameraState.RECORDING: "good",
    CameraState.NOT_RECORDING: "bad",
    CameraState.LOST: "bad",
    CameraState.CONNECTING: "watch",
    CameraState.UNREPORTED: "bad",
    CameraState.RESTING: "none",
    CameraState.OFF: "none",
}
COLUMNS = (
    *("camera", "state", "stream", "rate", "last_frame"),
    *("uptime", "reconnections", "coverage", "clock", "strip"),
)
FIGURES = ("online", "recording", "alerts", "disk", "uptime_all")


def definitions() -> None:
    """What each figure means, at the page's head."""
    with st.popover(t("head.definitions"), icon=":material/function:", type="tertiary"):
        for term in dict.fromkeys((*FIGURES, *COLUMNS)):
            st.markdown(f"**{t(f'health.term.{term}')}**  \n{t(f'health.definition.{term}')}")


def health_board(person: Viewer) -> None:
    """Figures, cameras and alerts as they are now; nobody sees pictures here."""
    now = datetime.now(UTC)
    look = datetime.fromtimestamp(now.timestamp() // _REFRESH.seconds * _REFRESH.seconds, UTC)
    found = read(camera_health.all_health, look, settings().online_days)
    lasting = read(alerts.open_alerts)
    if not found:
        nothing_here(t("health.no_cameras"), t("health.no_cameras_help"))
    if any(one.state is CameraState.UNREPORTED for one in found):
        st.warning(t("health.recorder_silent"), icon=":material/warning:")
    over = [alert for alert in read(alerts.cleared_since, _day_before(look)) if alert.cleared_at]
    _BOARD(
        key="health_board",
        data={
            "figures": _figures(found, len(lasting), now) if found else [],
            "columns": [_named(name, "health.term", "health.definition") for name in COLUMNS],
            "rows": [_row(one, person, now) for one in found],
            "strip": _strip_words(now),
            "alerts": [_alert(alert) for alert in (*lasting, *over)],
            "words": section("health"),
            "told_note": "" if settings().alert_urls.get_secret_value() else t("health.nobody_to_tell"),
            "lasting": t("health.alerts_lasting", count=len(lasting)) if lasting else t("health.no_alerts"),
        },
        width="stretch",
        height="content",
    )


def _day_before(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0) - _ALERTS_FOR


def _named(name: str, terms: str, meanings: str) -> dict[str, str]:
    return {"name": name, "label": t(f"{terms}.{name}"), "definition": t(f"{meanings}.{name}")}


def _figures(found: Sequence[CameraHealth], alerts_open: int, now: datetime) -> list[dict[str, str]]:
    expected = [one for one in found if one.state not in UNEXPECTED]
    online = sum(one.state in ONLINE for one in expected)
    recording = sum(one.state is CameraState.RECORDING for one in expected)
    days, disk_tone = _disk(now)
    due = len(expected)
    values = {
        "online": (f"{online} / {due}", "cameras", _tone(online == due, "bad")),
        "recording": (f"{recording} / {due}", "recording", _tone(recording == due, "bad")),
        "alerts": (str(alerts_open), "alerts", _tone(not alerts_open, "bad")),
        "disk": (days, "days", disk_tone),
        "uptime_all": (share(_uptime_of_all(found)), "uptime", "none"),
    }
    return [
        {
            **_named(name, "health.term", "health.definition"),
            "value": value,
            "unit": t(f"health.unit_{unit}"),
            "tone": tone,
        }
        for name, (value, unit, tone) in values.items()
    ]


def _tone(well: bool, otherwise: str) -> str:
    return "good" if well else otherwise


def _uptime_of_all(found: Iterable[CameraHealth]) -> float | None:
    """A ratio of sums, not a mean of rates."""
    online = sum((one.days.online for one in found), timedelta())
    scheduled = online + sum((one.days.lost for one in found), timedelta())
    return online / scheduled if scheduled else None


def _disk(now: datetime) -> tuple[str, str]:
    """The days left as words, and how good that is."""
    use, days = lasting(now)
    if not use.daily:
        return t("health.disk_unknown"), "none"
    if days is None:
        return t("health.disk_enough"), "good"
    return f"{days:.1f}", _tone(days >= settings().disk_days, "bad")


def _row(one: CameraHealth, person: Viewer, now: datetime) -> dict[str, Any]:
    camera, status = one.camera, one.status
    stream = status.stream if status else NOT_CONNECTED
    connected = stream.connected_since is not None
    last = status.last_frame_at if status else None
    age = None if last is None else max(0.0, (now - last).total_seconds())
    wrong_clock = abs(stream.clock_offset or 0) > LARGEST_CLOCK_OFFSET
    size = (stream.width, stream.height) if connected else (camera.width, camera.height)
    sound = sound_word(stream.audio_codec if connected else camera.audio_codec)
    cells = {
        "camera": _cell(camera.name, camera.room_name),
        "state": _cell(t(f"health.state.{one.state}"), tone=_TONES[one.state]),
        "stream": _cell(picture_word(stream.codec or camera.codec, *size), sound),
        "rate": _cell(rate_word(stream.frame_rate), bit_rate(stream.bits_per_second)),
        "last_frame": _cell(t("health.never") if age is None else duration(age), tone=_age_tone(one, age)),
        "uptime": _two(one, lambda told: share(told.uptime), lambda told: _share_tone(told.uptime)),
        "reconnections": _two(one, lambda told: str(told.reconnections)),
        "coverage": _two(one, lambda told: share(told.coverage), lambda told: _share_tone(told.coverage)),
        "clock": _cell(clock_offset(stream.clock_offset), tone="watch" if wrong_clock else ""),
    }
    return {
        "id": camera.id,
        "cells": cells,
        "strip": _strip(one),
        "details": _details(one, person),
        "advice": _advice(one),
    }


def _cell(text: str, below: str = "", tone: str = "", below_tone: str = "") -> dict[str, str]:
    return {"text": text, "below": below, "tone": tone, "below_tone": below_tone}


def _two(
    one: CameraHealth, write: Callable[[Account], str], tone: Callable[[Account], str] = lambda _told: ""
) -> dict[str, str]:
    """Today, and below it the last 30 days."""
    today = f"{t('health.today')} {write(one.today)}"
    return _cell(today, f"{t('health.days')} {write(one.days)}", tone(one.today), tone(one.days))


def _share_tone(part: float | None) -> str:
    return "watch" if part is not None and part < _GOOD_SHARE else ""


def _age_tone(one: CameraHealth, age: float | None) -> str:
    late = age is None or age > camera_health.LOST_AFTER.total_seconds()
    return "bad" if late and one.state not in UNEXPECTED else ""


def _strip(one: CameraHealth) -> list[dict[str, object]]:
    """Footage and gaps as pieces of 24 hours, in percent of it."""
    pieces: list[tuple[Stretch | Gap, str, str]] = [
        (run, "recorded", t("health.recorded")) for run in one.recorded
    ]
    pieces += [
        (gap, gap.cause.value, f"{t(f'footage.cause.{gap.cause}')} {_in_language(gap.detail)}".strip())
        for gap in one.gaps
    ]
    whole = one.strip.end - one.strip.start
    return [
        {
            "kind": kind,
            "left": 100 * ((piece.start - one.strip.start) / whole),
            "width": 100 * ((piece.end - piece.start) / whole),
            "text": f"{_clock(piece.start)}–{_clock(piece.end)} {words}",
        }
        for piece, kind, words in pieces
        if piece.start < piece.end
    ]


def _strip_words(now: datetime) -> dict[str, object]:
    words = {"recorded": t("health.recorded")}
    words |= {cause.value: t(f"footage.cause.{cause}") for cause in GapCause}
    begun = now - timedelta(days=1)
    label = t("health.strip_label", **{"from": local_time(begun)[5:], "to": local_time(now)[5:]})
    return {"label": label, "legend": words}


def _details(one: CameraHealth, person: Viewer) -> list[list[str]]:
    """Names and values for the unfolded row; addresses only for those who keep the cameras."""
    camera, status = one.camera, one.status
    since = status.stream.connected_since if status else None
    unknown = t("health.detail.unknown")
    gop = t("health.seconds", value=f"{camera.gop_seconds:.3g}") if camera.gop_seconds else unknown
    lost = sum((gap.end - gap.start for gap in one.gaps), timedelta()).total_seconds()
    told = {"message": _in_language(status.message)} if status and status.message else {}
    told |= {
        "connected_since": local_time(since) if since else t("health.detail.not_connected"),
        "gop": gop,
        "gaps": duration(lost) if one.gaps else t("health.detail.no_gaps"),
        "added_at": local_time(camera.added_at),
    }
    if person.role in MAY_SEE_ADDRESSES:
        told["address"] = redacted(camera.url)
        told["sub_address"] = (
            redacted(camera.sub_url) if camera.sub_url else t("health.detail.no_sub_address")
        )
    return [[t(f"health.detail.{name}"), value] for name, value in told.items()]


def _advice(one: CameraHealth) -> list[str]:
    camera, stream = one.camera, one.status.stream if one.status else NOT_CONNECTED
    connected = stream.connected_since is not None
    if camera.codec is None and not connected:
        return []  # nothing is known of it yet
    found: Sequence[str] = advice_on_main(
        codec=stream.codec or camera.codec,
        has_b_frames=camera.has_b_frames,
        gop_seconds=camera.gop_seconds or 0,  # unknown is no reason to send somebody to the camera
        audio_codec=stream.audio_codec if connected else camera.audio_codec,
        bits_per_second=stream.bits_per_second,
    )
    if not camera.sub_url and camera.source == CameraSource.NETWORK:
        found = [*found, Advice.NO_SUB_STREAM]
    if abs(stream.clock_offset or 0) > LARGEST_CLOCK_OFFSET:
        found = [*found, "clock"]
    return [t(f"advice.{code}") for code in found]


def _alert(alert: AlertRow) -> dict[str, object]:
    lasts = alert.cleared_at is None
    told = alert.began_told_at if lasts else alert.cleared_told_at
    told_word = t("health.told") if told else t("health.not_told")
    return {
        "kind": t(f"alert_kind.{alert.subject.kind}"),
        "text": alert.message_zh if language() == "zh" else alert.message_en,
        "when": time_range(alert.began_at, alert.cleared_at),
        "state": t("health.alert_now") if lasts else t("health.alert_over"),
        "tone": "bad" if lasts else "good",
        "told": told_word if settings().alert_urls.get_secret_value() else "",
    }


def _in_language(message: str) -> str:
    """The reader's half of the recorder's words, which are Chinese and English with a stroke between."""
    zh, stroke, en = message.partition(" / ")
    return zh if language() == "zh" or not stroke else en


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M:%S}"
