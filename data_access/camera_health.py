"""How well each camera does: its state, uptime, reconnections and recording, from the footage's ledger.

Uptime (domain KPI 11) = online / scheduled camera-seconds. Scheduled is the time since the camera was added,
without planned gaps and without those of the recorder or the disk: nobody knows whether it was online then.
Recording coverage (after KPI 12) counts those two as not recorded; only planned gaps are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from sqlalchemy.orm import Session

from data_access import cameras, footage, footage_gaps, recording_times
from data_access.cameras import CameraRow, StatusRow
from data_access.footage import Stretch
from data_access.footage_gaps import Gap, uncovered
from data_access.recording_times import ALWAYS, Due
from domain.periods import day_of, midnight
from domain.vocabulary import GapCause

DAYS = 30
LOST_AFTER = timedelta(seconds=15)  # without a frame
# A recorder that has not reported for this long is not well (see worker_heartbeat).
STATUS_FRESH = timedelta(seconds=10)
LARGEST_CLOCK_OFFSET = 2.0  # seconds that nobody needs to mend

CAMERAS_FAULT = frozenset({GapCause.CAMERA, GapCause.NETWORK, GapCause.UNKNOWN})
_TOUCH = timedelta(milliseconds=50)  # gaps that lie closer are one loss
_NOTHING = timedelta()


class CameraState(StrEnum):
    """正在录像, 有画面未录像, 信号中断, 尚未连接, 录像服务无回报, 等待场次, 已停用."""

    RECORDING = "recording"
    NOT_RECORDING = "not_recording"
    LOST = "lost"
    CONNECTING = "connecting"
    UNREPORTED = "unreported"
    RESTING = "resting"  # recorded for sessions only, and there is none
    OFF = "off"


@dataclass(frozen=True)
class Account:
    """What became of a stretch of time; the three always add up to the whole."""

    online: timedelta
    lost: timedelta  # the camera's or the network's fault, or of unknown cause
    unscheduled: timedelta  # not added yet, removed, planned; or not seen because of the recorder or the disk
    not_recorded: timedelta  # of it: unseen because of the recorder or the disk
    reconnections: int

    @property
    def uptime(self) -> float | None:
        """Online / scheduled, from 0 to 1; None: nothing was scheduled."""
        return _share(self.online, self.online + self.lost)

    @property
    def coverage(self) -> float | None:
        """Recorded / what was to be recorded, from 0 to 1; None: nothing was."""
        return _share(self.online, self.online + self.lost + self.not_recorded)


@dataclass(frozen=True)
class CameraHealth:
    """A camera, what it sends now and how it did."""

    camera: CameraRow
    status: StatusRow | None
    state: CameraState
    today: Account
    days: Account
    """Of the last `DAYS` days."""
    strip: Stretch
    """The last 24 hours."""
    recorded: Sequence[Stretch]
    """Within the strip."""
    gaps: Sequence[Gap]
    """Within the strip."""


def all_health(session: Session, now: datetime, kept_days: int) -> list[CameraHealth]:
    """Every camera in service by room and name.

    Args:
        now: about the present.
        kept_days: for which footage is kept unless the camera has its own; older time cannot be judged.
    """
    statuses, known = cameras.statuses(session), cameras.all_cameras(session)
    due = recording_times.due(session, known, now)
    return [
        _health(
            session,
            row,
            statuses.get(row.id),
            state=state_of(row, statuses.get(row.id), now, due[row.id]),
            now=now,
            days=min(DAYS, row.online_days or kept_days),
        )
        for row in known
    ]


def states(session: Session, now: datetime) -> dict[int, CameraState]:
    """What is to be said of every camera in service at `now`, by id."""
    told, known = cameras.statuses(session), cameras.all_cameras(session)
    due = recording_times.due(session, known, now)
    return {row.id: state_of(row, told.get(row.id), now, due[row.id]) for row in known}


def _health(
    session: Session,
    camera: CameraRow,
    status: StatusRow | None,
    *,
    state: CameraState,
    now: datetime,
    days: int,
) -> CameraHealth:
    month, strip = Stretch(now - timedelta(days=days), now), Stretch(now - timedelta(days=1), now)
    service = Stretch(camera.added_at, camera.removed_at or now)
    gaps = footage_gaps.gaps_between(session, camera.id, month.start, month.end)
    shown = [Gap(*_clipped(gap, strip), gap.cause, gap.detail) for gap in gaps if gap.end > strip.start]
    return CameraHealth(
        camera=camera,
        status=status,
        state=state,
        today=account(Stretch(midnight(day_of(now)), now), service, gaps),
        days=account(month, service, gaps),
        strip=strip,
        recorded=footage.runs_between(session, camera.id, strip.start, strip.end),
        gaps=shown,
    )


def state_of(camera: CameraRow, status: StatusRow | None, now: datetime, due: Due = ALWAYS) -> CameraState:
    """What is to be said of the camera at `now`."""
    if not camera.enabled:
        return CameraState.OFF
    if status is None or now - status.updated_at > STATUS_FRESH:
        return CameraState.UNREPORTED
    if due.resting and not status.recording:
        return CameraState.RESTING
    if is_lost(camera, status, now, due):
        return CameraState.LOST
    if status.recording:
        return CameraState.RECORDING
    connected = status.stream.connected_since is not None
    return CameraState.NOT_RECORDING if connected else CameraState.CONNECTING


def is_lost(camera: CameraRow, status: StatusRow, now: datetime, due: Due = ALWAYS) -> bool:
    """Whether no frame has come for `LOST_AFTER` though one should have."""
    return not due.resting and now - expected_since(camera, status, due) > LOST_AFTER


def expected_since(camera: CameraRow, status: StatusRow, due: Due = ALWAYS) -> datetime:
    """Since when a frame is waited for: the last one, the camera's addition, the time that it is recorded."""
    moments = (camera.added_at, status.last_frame_at, due.since)
    return max(moment for moment in moments if moment is not None)


def account(window: Stretch, service: Stretch, gaps: Sequence[Gap]) -> Account:
    """What became of the window.

    Args:
        window: the time asked about; its end is not in the future.
        service: from the camera's addition until now or its removal.
        gaps: without overlap, by time; whatever they leave of the time in service was recorded.
    """
    whole = max(_NOTHING, window.end - window.start)
    start, end = max(window.start, service.start), min(window.end, service.end)
    inside = [Gap(*_clipped(gap, Stretch(start, end)), gap.cause, gap.detail) for gap in gaps]
    inside = [gap for gap in inside if gap.start < gap.end]
    scheduled = Stretch(start, max(start, end))
    online = _length(uncovered(scheduled, [Stretch(gap.start, gap.end) for gap in inside]))
    lost = _length(gap for gap in inside if gap.cause in CAMERAS_FAULT)
    unseen = _length(gap for gap in inside if gap.cause in {GapCause.RECORDER, GapCause.DISK})
    return Account(
        online=online,
        lost=lost,
        unscheduled=whole - online - lost,
        not_recorded=unseen,
        reconnections=sum(window.start <= back < end for back in _returns(gaps)),
    )


def _returns(gaps: Sequence[Gap]) -> list[datetime]:
    """When the camera was back after each loss that was its own or the network's."""
    backs: list[datetime] = []
    at_fault = False
    for gap, following in pairwise([*gaps, None]):
        if gap is None:
            break
        at_fault = at_fault or gap.cause in CAMERAS_FAULT
        if following is None or following.start - gap.end > _TOUCH:
            backs += [gap.end] if at_fault else []
            at_fault = False
    return backs


def _clipped(gap: Gap, within: Stretch) -> tuple[datetime, datetime]:
    return max(gap.start, within.start), min(gap.end, within.end)


def _length(pieces: Iterable[Stretch | Gap]) -> timedelta:
    return sum((piece.end - piece.start for piece in pieces), _NOTHING)


def _share(part: timedelta, whole: timedelta) -> float | None:
    return part / whole if whole else None
