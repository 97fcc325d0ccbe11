"""What is wrong with cameras, recording, disk and the coming sessions; and when that is worth an alert."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data_access.alerts import AlertRow, Subject
from data_access.camera_health import LOST_AFTER, STATUS_FRESH, expected_since, is_lost
from data_access.cameras import CameraRow, StatusRow
from data_access.footage_checks import FaultRow
from data_access.recording_times import ALWAYS, Due
from data_access.schedule_view import ScheduledSession
from domain.periods import SHANGHAI
from domain.vocabulary import AlertKind, GapCause
from media.footage_folder import WrongFolder

SESSION_AHEAD = timedelta(minutes=15)
NOT_RECORDED_AFTER = timedelta(seconds=60)
RECORDER_SILENT_AFTER = timedelta(seconds=30)
# What comes and goes must be well for as long before it counts as over.
CALM = timedelta(seconds=10)
_STEADY = timedelta(seconds=5)  # a camera whose last frame is older is not yet back
_SESSION_PATIENCE = timedelta(seconds=15)
_DISK_MARGIN = 0.5  # days above the limit at which the disk counts as well again
_FORECAST_PATIENCE = timedelta(minutes=10)  # a forecast of a month may swing for a moment
_AT_ONCE = timedelta()
_OURS = frozenset({GapCause.RECORDER, GapCause.DISK})  # then nothing can be said of the camera


@dataclass(frozen=True)
class Facts:
    """What the alerter has read."""

    now: datetime
    cameras: Sequence[tuple[CameraRow, StatusRow | None]]  # the enabled ones
    recorder_seen_at: datetime | None
    sessions: Sequence[ScheduledSession]  # on now, or about to begin
    disk_days: float | None  # None: enough for as long as footage is kept
    disk_limit: float
    disk_tight: bool = False  # with half a day's footage more on it, the disk would be full some day
    disk_full: bool = False  # less is free than the reserve
    kept_days: int = 30  # that are promised
    causes: Mapping[int, GapCause] = field(default_factory=dict)  # of gaps that last, by camera id
    due: Mapping[int, Due] = field(default_factory=dict)  # of cameras that are not recorded always, by id
    faults: int = 0  # that integrity checks found, and that last
    newest_fault: FaultRow | None = None
    wrong_folder: WrongFolder | None = None  # why footage can be neither written nor read


@dataclass(frozen=True)
class Judgement:
    """Whether something is wrong with a subject; None: it cannot be said now, all stays as it is."""

    subject: Subject
    wrong: bool | None
    zh: str = ""
    en: str = ""
    since: datetime | None = None  # None: since it was first seen
    patience: timedelta = _AT_ONCE  # how long it must be wrong before it is an alert
    settling: timedelta = _AT_ONCE  # how long the subject must have been looked at before


def judge(facts: Facts) -> Iterator[Judgement]:
    """Judges every subject that there is; one that is not judged any more is over."""
    silent = _recorder_is_silent(facts)
    yield _recorder(facts, silent=silent)
    for camera, status in facts.cameras:
        due = facts.due.get(camera.id, ALWAYS)
        if due.resting:
            continue  # nothing is wrong with it, and what was is over
        fresh = status if status and facts.now - status.updated_at <= STATUS_FRESH else None
        held_up = facts.causes.get(camera.id) in _OURS
        yield _lost(facts, camera, None if held_up else fresh, due)
        yield _behind(camera, fresh, silent=silent, held_up=held_up)
    for held in facts.sessions:
        yield _session(facts, held, silent=silent)
    yield _disk(facts)
    yield _retention(facts)
    yield _faults(facts)
    yield _folder(facts)


def _recorder_is_silent(facts: Facts) -> bool:
    seen = facts.recorder_seen_at
    return seen is None or facts.now - seen > STATUS_FRESH


def _recorder(facts: Facts, *, silent: bool) -> Judgement:
    return Judgement(
        Subject(AlertKind.RECORDING_BEHIND, "recorder"),
        silent,
        "录像服务没有回报，可能所有摄像头都未在录像；请检查录像服务进程和服务器",
        "The recorder does not report, perhaps no camera is recorded; check its process and the server",
        since=facts.recorder_seen_at,
        patience=RECORDER_SILENT_AFTER - STATUS_FRESH,
    )


def _lost(facts: Facts, camera: CameraRow, fresh: StatusRow | None, due: Due) -> Judgement:
    subject = Subject(AlertKind.CAMERA_LOST, f"camera:{camera.id}", camera.id)
    if fresh is None:
        return Judgement(subject, None)
    if not is_lost(camera, fresh, facts.now, due):
        back = fresh.last_frame_at is not None and facts.now - fresh.last_frame_at <= _STEADY
        return Judgement(subject, False if back else None)
    zh, en = _reason(fresh)
    return Judgement(
        subject,
        True,
        f"摄像头“{camera.name}”（{camera.room_name}）信号中断：{zh}",
        f"Camera {camera.name} ({camera.room_name}) is lost: {en}",
        since=expected_since(camera, fresh, due),
        # A camera that has just been enabled gets the time to come up.
        settling=LOST_AFTER,
    )


def _behind(camera: CameraRow, fresh: StatusRow | None, *, silent: bool, held_up: bool) -> Judgement:
    subject = Subject(AlertKind.RECORDING_BEHIND, f"camera:{camera.id}", camera.id)
    if silent:
        return Judgement(subject, None)  # told once, of the recorder
    if fresh is None:
        why = "录像服务没有回报这一路", "the recorder does not report on it"
    elif not fresh.recording and (held_up or fresh.stream.connected_since is not None):
        why = _reason(fresh)
    else:
        return Judgement(subject, False)
    return Judgement(
        subject,
        True,
        f"摄像头“{camera.name}”（{camera.room_name}）未能录像：{why[0]}",
        f"Camera {camera.name} ({camera.room_name}) is not recorded: {why[1]}",
        patience=NOT_RECORDED_AFTER,
    )


def _session(facts: Facts, held: ScheduledSession, *, silent: bool) -> Judgement:
    subject = Subject(AlertKind.SESSION_WITHOUT_CAMERA, f"session:{held.id}", session_id=held.id)
    in_room = [status for camera, status in facts.cameras if camera.room_id == held.room_id]
    if silent and in_room:
        return Judgement(subject, None)
    start = held.planned_start.astimezone(SHANGHAI)
    room_zh, room_en = (held.room_name, held.room_name) if held.room_name else ("未排房间", "no room")
    return Judgement(
        subject,
        not any(_is_online(status, facts.now) for status in in_room),
        f"场次 {held.code}（{room_zh}，{start:%H:%M}）没有在线的摄像头；请检查设备，场外开评标请打开拍摄页面",
        f"Session {held.code} ({room_en}, {start:%H:%M}) has no camera online; check the devices, "
        "off site open the camera page",
        patience=_SESSION_PATIENCE,
    )


def _is_online(status: StatusRow | None, now: datetime) -> bool:
    seen = status.last_frame_at if status else None
    return seen is not None and now - seen <= LOST_AFTER


def _disk(facts: Facts) -> Judgement:
    subject = Subject(AlertKind.DISK_LOW, "disk")
    days, limit = facts.disk_days, facts.disk_limit
    if facts.disk_full:
        return Judgement(
            subject,
            wrong=True,
            zh="录像磁盘已满：保存期内和已保全的录像不会删除，没有可删的录像时停止录像；请扩容",
            en="The footage disk is full: nothing promised or held is deleted, recording stops when nothing "
            "else is left; add space",
        )
    if days is None or days >= limit + _DISK_MARGIN:
        return Judgement(subject, wrong=False)
    return Judgement(
        subject,
        True if days < limit else None,
        f"录像磁盘约 {days:.1f} 天后写满（限值 {limit:g} 天）；请扩容，或缩短保存天数",
        f"The footage disk will be full in about {days:.1f} days (limit {limit:g}); "
        "add space or keep footage for fewer days",
    )


def _faults(facts: Facts) -> Judgement:
    subject = Subject(AlertKind.FOOTAGE_FAULT, "footage")
    newest = facts.newest_fault
    if newest is None:
        return Judgement(subject, wrong=False)
    zh, _, en = newest.detail.partition(" / ")
    which = " ".join(part for part in (newest.camera_name, newest.path) if part)
    return Judgement(
        subject,
        True,
        f"录像完整性校验发现 {facts.faults} 处异常，最近一处：{which}：{zh}；请在健康页面查看并处理",
        f"The integrity check found {facts.faults} faults, the latest: {which}: {en}; see the health page",
        since=newest.found_at,
    )


def _folder(facts: Facts) -> Judgement:
    subject = Subject(AlertKind.FOOTAGE_FAULT, "folder")
    wrong = facts.wrong_folder
    return Judgement(subject, False) if wrong is None else Judgement(subject, True, wrong.zh, wrong.en)


def _retention(facts: Facts) -> Judgement:
    """The disk is full before its footage has been there for the promised days; told long before it is."""
    subject = Subject(AlertKind.RETENTION_AT_RISK, "disk")
    if facts.disk_days is None:
        return Judgement(subject, None if facts.disk_tight else False)
    return Judgement(
        subject,
        wrong=True,
        zh=f"录像预计约 {facts.disk_days:.0f} 天后写满磁盘，达不到 {facts.kept_days} 天保存期；"
        "请扩容、降低码率，或解除不再需要的保全",
        en=f"Footage will fill the disk in about {facts.disk_days:.0f} days and cannot be kept for "
        f"{facts.kept_days}; add space, lower bit rates, or release holds that are not needed",
        patience=_FORECAST_PATIENCE,
    )


def _reason(status: StatusRow) -> tuple[str, str]:
    """The recorder's words, which are Chinese and English with a stroke between."""
    zh, stroke, en = status.message.partition(" / ")
    if not zh:
        return "没有画面，请检查摄像头和网络", "no pictures come; check the camera and the network"
    return zh, en if stroke else zh


@dataclass
class Patience:
    """Remembers for how long things have been wrong or well, so that no alert flaps."""

    _known_since: dict[Subject, datetime] = field(default_factory=dict)
    _wrong_since: dict[Subject, datetime] = field(default_factory=dict)
    _well_since: dict[Subject, datetime] = field(default_factory=dict)

    def decide(
        self, judgements: Collection[Judgement], lasting: Mapping[Subject, AlertRow], now: datetime
    ) -> tuple[list[tuple[Judgement, datetime]], list[tuple[AlertRow, datetime]]]:
        """What to open and what to clear, each with its moment."""
        begun, over = [], []
        judged_now = {judged.subject for judged in judgements}
        for times in (self._known_since, self._wrong_since, self._well_since):
            for subject in times.keys() - judged_now:
                del times[subject]
        for judged in judgements:
            subject = judged.subject
            settled = now - self._known_since.setdefault(subject, now) >= judged.settling
            wrong_since = self._timed(self._wrong_since, subject, now, runs=judged.wrong is True)
            well_since = self._timed(self._well_since, subject, now, runs=judged.wrong is False)
            long_enough = wrong_since is not None and now - wrong_since >= judged.patience
            if subject not in lasting and settled and long_enough:
                begun.append((judged, min(now, judged.since or wrong_since or now)))
            if subject in lasting and well_since and now - well_since >= CALM:
                over.append((lasting[subject], well_since))
        over += [(alert, now) for subject, alert in lasting.items() if subject not in judged_now]
        return begun, over

    @staticmethod
    def _timed(
        times: dict[Subject, datetime], subject: Subject, now: datetime, *, runs: bool
    ) -> datetime | None:
        if not runs:
            times.pop(subject, None)
            return None
        return times.setdefault(subject, now)
