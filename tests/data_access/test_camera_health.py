"""Uptime, reconnections and coverage add up exactly, whatever the ledger holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from data_access import camera_health, cameras, footage_gaps
from data_access.camera_health import CAMERAS_FAULT, Account, CameraState, account, all_health
from data_access.cameras import CameraRow, StreamNow
from data_access.footage import Stretch
from data_access.footage_gaps import Gap
from data_access.models import TradingSession
from domain.vocabulary import GapCause, RecordingPolicy, RoomType, SessionStatus, SessionType

NOON = datetime(2025, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def gap(start: float, end: float, cause: GapCause) -> Gap:
    return Gap(at(start), at(end), cause, "")


hour = Stretch(at(0), at(60))


def test_an_hour_without_a_gap_is_online_from_end_to_end() -> None:
    told = account(hour, Stretch(at(-600), at(60)), [])
    assert told == Account(HOUR, timedelta(), timedelta(), timedelta(), 0)
    assert told.uptime == told.coverage == 1


def test_a_lost_camera_costs_uptime_and_coverage_and_its_return_is_a_reconnection() -> None:
    told = account(hour, hour, [gap(10, 25, GapCause.NETWORK), gap(25, 40, GapCause.CAMERA)])
    assert (told.uptime, told.coverage, told.reconnections) == (0.5, 0.5, 1)


def test_the_recorders_own_gap_costs_coverage_but_not_the_cameras_uptime() -> None:
    told = account(hour, hour, [gap(0, 15, GapCause.RECORDER), gap(20, 35, GapCause.DISK)])
    assert (told.uptime, told.coverage, told.reconnections) == (1, 0.5, 0)
    assert told.unscheduled == 30 * MINUTE


def test_a_planned_gap_and_the_time_before_the_camera_count_nowhere() -> None:
    told = account(hour, Stretch(at(30), at(60)), [gap(0, 45, GapCause.PLANNED)])
    assert (told.online, told.unscheduled) == (15 * MINUTE, 45 * MINUTE)
    assert told.uptime == told.coverage == 1


def test_a_camera_without_any_scheduled_time_has_no_uptime() -> None:
    told = account(hour, Stretch(at(60), at(60)), [])
    assert told.uptime is told.coverage is None


def test_a_loss_that_lasts_is_no_reconnection_yet_and_one_before_the_window_is_not_of_it() -> None:
    lasting = [gap(-20, -10, GapCause.CAMERA), gap(50, 60, GapCause.CAMERA)]
    assert account(hour, Stretch(at(-600), at(60)), lasting).reconnections == 0
    across = [gap(-20, 10, GapCause.CAMERA)]
    assert account(hour, Stretch(at(-600), at(60)), across).reconnections == 1


seconds = st.integers(-4000, 8000)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Gap]:
    """Gaps by time without overlap, some touching."""
    edges = sorted(draw(st.sets(seconds, max_size=16)))
    causes = draw(st.lists(st.sampled_from([*GapCause, None]), min_size=len(edges), max_size=len(edges)))
    pairs = zip(edges, edges[1:], causes, strict=False)
    return [gap(start / 60, end / 60, cause) for start, end, cause in pairs if cause is not None]


@given(ledgers(), seconds, seconds, seconds, seconds)
def test_online_lost_and_unscheduled_are_the_whole(
    gaps: list[Gap], start: int, length: int, added: int, removed: int
) -> None:
    window = Stretch(at(start / 60), at((start + abs(length)) / 60))
    service = Stretch(at(added / 60), at(removed / 60))
    told = account(window, service, gaps)
    assert told.online + told.lost + told.unscheduled == window.end - window.start
    assert min(told.online, told.lost, told.unscheduled, told.not_recorded) >= timedelta()
    assert told.not_recorded <= told.unscheduled
    for share in (told.uptime, told.coverage):
        assert share is None or 0 <= share <= 1
    assert 0 <= told.reconnections <= sum(each.cause in CAMERAS_FAULT for each in gaps)


@given(ledgers(), seconds)
def test_two_halves_are_the_whole(gaps: list[Gap], middle: int) -> None:
    service = Stretch(at(-50), at(100))
    parts = [Stretch(at(-60), at(middle / 60)), Stretch(at(middle / 60), at(140))]
    whole = account(Stretch(at(-60), at(140)), service, gaps)
    if not parts[0].start < parts[0].end < parts[1].end:
        return
    first, second = (account(part, service, gaps) for part in parts)
    for name in ("online", "lost", "unscheduled", "not_recorded", "reconnections"):
        assert getattr(first, name) + getattr(second, name) == getattr(whole, name)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def camera(session: Session, now: datetime) -> CameraRow:
    room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
    added_at = now - timedelta(days=3)
    return cameras.add(session, room_id=room.id, name="全景", url="rtsp://camera", at=added_at)


def record(session: Session, camera: CameraRow, start: datetime, end: datetime) -> None:
    from data_access.models import FootageRun

    session.add(FootageRun(camera_id=camera.id, started_at=start, ended_at=end))
    session.flush()


def test_health_is_told_from_the_runs_and_the_ledger(
    session: Session, camera: CameraRow, now: datetime
) -> None:
    lost_from, lost_to = now - timedelta(hours=30), now - timedelta(hours=6)
    record(session, camera, camera.added_at, lost_from)
    record(session, camera, lost_to, now)
    footage_gaps.record_gap(session, camera.id, lost_from, lost_to, cause=GapCause.NETWORK)
    (found,) = all_health(session, now, kept_days=30)
    assert found.days.online == timedelta(days=2)
    assert found.days.uptime == found.days.coverage == pytest.approx(2 / 3)
    assert found.days.reconnections == 1
    assert [(one.start, one.end) for one in found.recorded] == [(lost_to, now)]
    assert [(one.start, one.end, one.cause) for one in found.gaps] == [
        (found.strip.start, lost_to, GapCause.NETWORK)
    ]
    assert found.state is CameraState.UNREPORTED


def test_time_whose_footage_has_expired_is_not_judged(
    session: Session, camera: CameraRow, now: datetime
) -> None:
    record(session, camera, now - timedelta(days=1), now)
    (found,) = all_health(session, now, kept_days=1)
    assert found.days.uptime == 1


@pytest.mark.parametrize(
    ("recording", "frame_ago", "connected", "enabled", "state"),
    [
        (True, 1, True, True, CameraState.RECORDING),
        (False, 1, True, True, CameraState.NOT_RECORDING),
        (False, 12, False, True, CameraState.CONNECTING),
        (False, 16, False, True, CameraState.LOST),
        (True, 16, True, True, CameraState.LOST),
        (False, 16, False, False, CameraState.OFF),
    ],
)
def test_the_state_says_what_there_is(
    session: Session,
    camera: CameraRow,
    now: datetime,
    *,
    recording: bool,
    frame_ago: float,
    connected: bool,
    enabled: bool,
    state: CameraState,
) -> None:
    cameras.switch(session, camera.id, enabled=enabled)
    cameras.report_status(
        session,
        camera.id,
        recording=recording,
        last_frame_at=now - timedelta(seconds=frame_ago),
        message="",
        at=now,
        stream=StreamNow(connected_since=camera.added_at if connected else None, codec="h264"),
    )
    (row,) = cameras.all_cameras(session)
    assert camera_health.state_of(row, cameras.statuses(session)[row.id], now) is state


def test_a_camera_that_is_recorded_for_sessions_only_rests_between_them(
    session: Session, camera: CameraRow, now: datetime
) -> None:
    cameras.change_recording(session, camera.id, RecordingPolicy.SESSIONS)
    cameras.report_status(
        session, camera.id, recording=False, last_frame_at=now - timedelta(hours=2), message="", at=now
    )
    assert camera_health.states(session, now) == {camera.id: CameraState.RESTING}
    held = TradingSession(
        code="KB1",
        source_system="test",
        source_key="KB1",
        type=SessionType.OPENING,
        room_id=camera.room_id,
        planned_start=now + timedelta(minutes=15),
        status=SessionStatus.SCHEDULED,
    )
    session.add(held)
    session.flush()
    assert camera_health.states(session, now) == {camera.id: CameraState.CONNECTING}
    held.planned_start = now + timedelta(minutes=14)
    session.flush()
    assert camera_health.states(session, now) == {camera.id: CameraState.LOST}
    held.status, held.actual_start, held.actual_end = SessionStatus.DONE, now - 2 * HOUR, now - HOUR
    session.flush()
    assert camera_health.states(session, now) == {camera.id: CameraState.RESTING}
    held.actual_end = now - timedelta(minutes=14)
    session.flush()
    assert camera_health.states(session, now) == {camera.id: CameraState.LOST}
