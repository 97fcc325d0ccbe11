"""What the strip of a room shows, as plain values for the browser: lanes, sessions, marks, holds.

All instants are microseconds since 1970. The strip itself is `footage_strip.js` in the player.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from dashboard.access import may_mark
from dashboard.db import read_fresh
from dashboard.i18n import section, t
from dashboard.mark_routes import rooms_to_mark
from data_access import footage, footage_gaps, footage_holds, footage_lookup
from data_access.footage import Stretch
from data_access.footage_gaps import Gap
from data_access.footage_holds import HoldRow
from data_access.footage_lookup import SessionOnFloor, WatchedCamera
from data_access.marks import Mark, marks_between
from domain.periods import SHANGHAI
from domain.vocabulary import Role

Told = dict[str, object]
Word = Callable[..., str]  # the text of a key, as dashboard.i18n.t

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINEST = 4000  # parts of the strip that are told apart: about the pixels of a large screen


@dataclass(frozen=True)
class Gaps:
    """Gaps that lie closer together than can be shown, as one; a single gap as it is."""

    first: Gap  # of the whole length; its cause is that of the longest
    count: int
    missing: timedelta


def strip_of(
    session: Session, cameras: Sequence[WatchedCamera], window: Stretch, role: Role, word: Word
) -> Told:
    """The strip of the cameras of one room, no finer than can be shown.

    Args:
        word: the text of a key in the viewer's language.
    """
    finest = (window.end - window.start) / _FINEST
    ids = [camera.id for camera in cameras]
    held = footage_holds.lasting_holds(session, ids, window.start, window.end)
    sessions = footage_lookup.sessions_in_room(session, cameras[0].room_id, window.start, window.end)
    marks = marks_between(session, ids, window.start, window.end, rooms_to_mark(role))
    return {
        "window": [microseconds(window.start), microseconds(window.end)],
        "lanes": [_lane(session, camera, window, finest, word) for camera in cameras],
        "sessions": [bracket_told(each, word) for each in sessions],
        "marks": [mark_told(mark, word) for mark in marks],
        "holds": [hold_told(each, may_mark(role, cameras[0].room_type), word) for each in held],
    }


def strip_beside(
    room: WatchedCamera, camera_ids: Sequence[int], window: Stretch, kept: Stretch, role: Role
) -> Told:
    """What the strip needs beside what the player tells of the window: its words, the holds, how far it goes.

    Args:
        room: one of its cameras.
        kept: the time of which footage is kept.
    """
    held = read_fresh(footage_holds.lasting_holds, list(camera_ids), window.start, window.end)
    return {
        "room": room.room_id,
        "bounds": [microseconds(kept.start), microseconds(kept.end)],
        "words": section("footage.strip"),
        "holds": [hold_told(each, may_mark(role, room.room_type), t) for each in held],
    }


def _lane(session: Session, camera: WatchedCamera, window: Stretch, finest: timedelta, word: Word) -> Told:
    runs = footage.runs_between(session, camera.id, window.start, window.end)
    gaps = footage_gaps.gaps_between(session, camera.id, window.start, window.end)
    return {
        "id": camera.id,
        "name": camera.name,
        "runs": [[microseconds(run.start), microseconds(run.end)] for run in joined(runs, finest)],
        "gaps": [_gaps_told(gap, word) for gap in gathered(gaps, finest)],
    }


def joined(runs: Iterable[Stretch], finest: timedelta) -> list[Stretch]:
    """Runs that come by time, those made one that lie closer than `finest`."""
    whole: list[Stretch] = []
    for run in runs:
        if whole and run.start - whole[-1].end < finest:
            whole[-1] = Stretch(whole[-1].start, max(whole[-1].end, run.end))
        else:
            whole.append(run)
    return whole


def gathered(gaps: Iterable[Gap], finest: timedelta) -> list[Gaps]:
    """Gaps that come by time, made one where they are too short and close to be told apart."""
    whole: list[Gaps] = []
    longest = timedelta()
    for gap in gaps:
        length = gap.end - gap.start
        last = whole[-1] if whole else None
        if last and gap.start - last.first.end < finest and min(length, longest) < finest:
            cause = gap.cause if length > longest else last.first.cause
            whole[-1] = Gaps(
                replace(last.first, end=gap.end, cause=cause), last.count + 1, last.missing + length
            )
            longest = max(longest, length)
        else:
            whole.append(Gaps(gap, 1, length))
            longest = length
    return whole


def _gaps_told(gaps: Gaps, word: Word) -> Told:
    told = gap_told(gaps.first, word)
    if gaps.count == 1:
        return told
    text = word(
        "footage.strip.gaps",
        count=gaps.count,
        seconds=f"{gaps.missing.total_seconds():.0f}",
        cause=word(f"footage.cause.{gaps.first.cause.value}"),
    )
    return {**told, "text": f"{clock(gaps.first.start)}–{_end(gaps.first.end)} {text}", "count": gaps.count}


def gap_told(gap: Gap, word: Word) -> Told:
    """A gap with its cause in words."""
    cause = word(f"footage.cause.{gap.cause.value}")
    return {
        "start": microseconds(gap.start),
        "end": microseconds(gap.end),
        "cause": gap.cause.value,
        "text": f"{clock(gap.start)}–{_end(gap.end)} {cause}",
    }


def mark_told(mark: Mark, word: Word) -> Told:
    """A mark in a line."""
    by = word("live.session.by", name=mark.author)
    told = [clock(mark.at), word(f"live.mark.kind.{mark.kind}"), mark.note, by]
    text = " · ".join(part for part in told if part)
    return {"id": mark.id, "camera": mark.camera_id, "at": microseconds(mark.at), "text": text}


def bracket_told(found: SessionOnFloor, word: Word) -> Told:
    """A session as a stretch with a name."""
    return {
        "id": found.id,
        "start": microseconds(found.start),
        "end": microseconds(found.end),
        "label": f"{word(f'session_type.{found.type}')} {found.projects or found.code}",
    }


def hold_told(held: HoldRow, with_reason: bool, word: Word) -> Told:
    """A hold; why and by whom only for those who supervise: it would tell the others what is suspected."""
    made = f"{held.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    by = word("footage.keep.by", name=held.author, time=made)
    reason = [held.reason, held.case_no, by] if with_reason else []
    return {
        "camera": held.camera_id,
        "start": microseconds(held.start),
        "end": microseconds(held.end),
        "text": " · ".join(part for part in [word("footage.strip.held"), *reason] if part),
    }


def clock(at: datetime) -> str:
    """The time of day in Asia/Shanghai."""
    return f"{at.astimezone(SHANGHAI):%H:%M:%S}"


def _end(at: datetime) -> str:
    """Midnight as the end of a day."""
    return clock(at).replace("00:00:00", "24:00:00")


def microseconds(at: datetime) -> int:
    """Since 1970, as the browser counts."""
    return (at - _EPOCH) // timedelta(microseconds=1)
