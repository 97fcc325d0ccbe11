"""What is wrong becomes an alert in time, and nothing flaps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.alerts import AlertRow, Subject
from data_access.cameras import NOT_CONNECTED, CameraRow, StatusRow, StreamNow
from data_access.recording_times import Due
from data_access.schedule_view import ScheduledSession
from domain.vocabulary import AlertKind, GapCause, RoomType, SessionStatus, SessionType
from media.alert_rules import CALM, Facts, Judgement, Patience, judge

NOW = datetime(2025, 11, 20, 1, tzinfo=UTC)
TICK = 4.0

CAMERA = CameraRow(
    id=7,
    name="全景",
    room_id=1,
    room_name="开标一室",
    room_type=RoomType.BID_OPENING,
    url="rtsp://admin:sesame@camera/1",
    sub_url=None,
    enabled=True,
    online_days=None,
    codec="h264",
    width=1280,
    height=720,
    frame_rate=25,
    gop_seconds=2,
    has_b_frames=False,
    audio_codec=None,
    added_at=NOW - timedelta(days=1),
    removed_at=None,
)
LOST = Subject(AlertKind.CAMERA_LOST, "camera:7", 7)
BEHIND = Subject(AlertKind.RECORDING_BEHIND, "camera:7", 7)
RECORDER = Subject(AlertKind.RECORDING_BEHIND, "recorder")
HELD = ScheduledSession(
    id=3,
    code="KB2025112001",
    type=SessionType.OPENING,
    method=None,
    status=SessionStatus.SCHEDULED,
    off_site=False,
    room_id=1,
    room_name="开标一室",
    room_type=RoomType.BID_OPENING,
    planned_start=NOW + timedelta(minutes=10),
    planned_end=None,
    actual_start=None,
    actual_end=None,
    projects=("某道路工程",),
    lots=(),
)
SESSION = Subject(AlertKind.SESSION_WITHOUT_CAMERA, "session:3", session_id=3)
DISK = Subject(AlertKind.DISK_LOW, "disk")


def facts(
    seconds: float = 0,
    *,
    frame_at: float | None = 0,
    recording: bool = True,
    reported_at: float | None = None,
    recorder_at: float | None = None,
    message: str = "",
    held: ScheduledSession | None = None,
    disk_days: float | None = None,
) -> Facts:
    """What is seen so many seconds after NOW; the camera's last frame came at `frame_at`."""

    def at(when: float | None) -> datetime:
        return NOW + timedelta(seconds=seconds if when is None else when)

    connected = StreamNow(connected_since=NOW) if recording or not message else NOT_CONNECTED
    last = None if frame_at is None else at(frame_at)
    status = StatusRow(7, recording, last, message, at(reported_at), connected)
    return Facts(
        now=at(seconds),
        cameras=[(CAMERA, status)],
        recorder_seen_at=at(recorder_at),
        sessions=[held] if held else [],
        disk_days=disk_days,
        disk_limit=3,
    )


class Watch:
    """An alerter without database: feed it facts, see what is open."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.open: dict[Subject, AlertRow] = {}
        self.begun: list[tuple[Judgement, datetime]] = []
        self.cleared: list[tuple[Subject, datetime]] = []

    def see(self, seen: Facts) -> None:
        begun, over = self.patience.decide(list(judge(seen)), self.open, seen.now)
        self.begun += begun
        for judged, at in begun:
            row = AlertRow(1, judged.subject, judged.zh, judged.en, at, None, None, None, frozenset())
            self.open[judged.subject] = row
        for alert, at in over:
            self.cleared.append((alert.subject, at))
            del self.open[alert.subject]


def test_a_camera_that_waits_for_a_session_is_not_lost_and_gets_time_to_come_up() -> None:
    watch = Watch()
    for seconds in ticks(0, 400):
        due = Due(now=seconds >= 200, since=NOW + timedelta(seconds=200) if seconds >= 200 else None)
        seen = facts(seconds, frame_at=-3600, recording=False, message="无场次 / no session")
        watch.see(replace(seen, due={7: due}))
        assert (LOST in watch.open) == (seconds >= 200 + 16), (
            "and then it is lost since it was to be recorded"
        )
    ((judged, since),) = watch.begun
    assert judged.subject == LOST
    assert since == NOW + timedelta(seconds=200)


def test_what_was_wrong_with_a_camera_is_over_when_its_session_is() -> None:
    watch = Watch()
    for seconds in ticks(0, 60):
        watch.see(facts(seconds, frame_at=-60, recording=False, message="无应答 / no answer"))
    assert LOST in watch.open
    watch.see(
        replace(facts(64, frame_at=-60, recording=False, message="无场次 / none"), due={7: Due(now=False)})
    )
    assert watch.open == {}


def test_a_full_disk_is_not_told_as_lost_cameras() -> None:
    watch = Watch()
    for seconds in ticks(0, 120):
        seen = facts(seconds, frame_at=-60, recording=False, message="磁盘已满 / the disk is full")
        watch.see(replace(seen, causes={7: GapCause.DISK}))
    assert set(watch.open) == {BEHIND}
    assert "磁盘已满" in watch.open[BEHIND].message_zh


def ticks(start: float, end: float) -> list[float]:
    return [start + TICK * number for number in range(int((end - start) // TICK) + 1)]


def test_a_camera_without_a_frame_for_15_s_is_lost_since_its_last_frame() -> None:
    watch = Watch()
    for second in ticks(0, 60):
        watch.see(facts(second, frame_at=second))
    for second in ticks(64, 75):
        watch.see(facts(second, frame_at=60, recording=False, message="无应答 / no answer"))
    assert not watch.open
    watch.see(facts(76, frame_at=60, recording=False, message="无应答 / no answer"))
    ((judged, began),) = watch.begun
    assert (judged.subject, began) == (LOST, NOW + timedelta(seconds=60))
    assert (judged.zh, judged.en) == (
        "摄像头“全景”（开标一室）信号中断：无应答",
        "Camera 全景 (开标一室) is lost: no answer",
    )


def test_a_camera_that_comes_back_for_a_moment_stays_lost_and_one_that_stays_is_cleared() -> None:
    watch = Watch()
    for second in ticks(0, 20):
        watch.see(facts(second, frame_at=-30))
    for second in ticks(24, 240):  # a frame every 20 s
        watch.see(facts(second, frame_at=second // 20 * 20))
    assert [judged.subject for judged, _ in watch.begun] == [LOST]
    for second in ticks(244, 260):
        watch.see(facts(second, frame_at=second))
    assert [subject for subject, _ in watch.cleared] == [LOST]


def test_a_camera_that_has_just_been_enabled_gets_the_time_to_come_up() -> None:
    watch = Watch()
    without = replace(facts(0), cameras=[])
    watch.see(without)
    for second in ticks(4, 12):
        watch.see(facts(second, frame_at=-3600, recording=False))
    assert not watch.begun


def test_a_disabled_camera_has_no_alert_any_more() -> None:
    watch = Watch()
    for second in ticks(0, 20):
        watch.see(facts(second, frame_at=-30))
    watch.see(replace(facts(24), cameras=[]))
    assert [subject for subject, _ in watch.cleared] == [LOST]


def test_pictures_that_are_not_recorded_are_an_alert_after_a_minute() -> None:
    watch = Watch()
    for second in ticks(0, 56):
        watch.see(facts(second, frame_at=second, recording=False))
    assert not watch.begun
    watch.see(facts(60, frame_at=60, recording=False))
    ((judged, began),) = watch.begun
    assert (judged.subject, began) == (BEHIND, NOW)


def test_a_silent_recorder_is_one_alert_and_says_nothing_of_the_cameras() -> None:
    watch = Watch()
    for second in ticks(0, 300):
        watch.see(facts(second, reported_at=0, recorder_at=0))
    ((judged, began),) = watch.begun
    assert (judged.subject, began) == (RECORDER, NOW)
    for second in ticks(304, 340):
        watch.see(facts(second, frame_at=second))
    assert [subject for subject, _ in watch.cleared] == [RECORDER]


def test_a_session_about_to_begin_without_a_camera_is_an_alert_until_one_is_there() -> None:
    watch = Watch()
    for second in ticks(0, 20):
        watch.see(facts(second, frame_at=-60, message="无应答 / no answer", recording=False, held=HELD))
    assert {judged.subject for judged, _ in watch.begun} == {LOST, SESSION}
    (judged,) = (judged for judged, _ in watch.begun if judged.subject == SESSION)
    assert "某道路工程" not in judged.zh + judged.en
    for second in ticks(24, 60):
        watch.see(facts(second, frame_at=second, held=HELD))
    assert not watch.open


def test_a_session_without_a_room_or_with_an_empty_one_is_an_alert() -> None:
    for held in (replace(HELD, room_id=None, room_name=None), replace(HELD, room_id=9)):
        watch = Watch()
        for second in ticks(0, 20):
            watch.see(facts(second, frame_at=second, held=held))
        assert [judged.subject for judged, _ in watch.begun] == [SESSION]


@pytest.mark.parametrize(("days", "open_after"), [(2.9, True), (3.2, False), (None, False)])
def test_a_disk_below_the_limit_is_an_alert(days: float | None, *, open_after: bool) -> None:
    watch = Watch()
    watch.see(facts(disk_days=days))
    assert (DISK in watch.open) is open_after


def test_a_disk_about_the_limit_does_not_flap() -> None:
    watch = Watch()
    for second in ticks(0, 400):
        watch.see(facts(second, frame_at=second, disk_days=2.9 + second % 3 * 0.2))
    assert len(watch.begun) == 1
    for second in ticks(404, 420):
        watch.see(facts(second, frame_at=second, disk_days=3.5))
    assert [subject for subject, _ in watch.cleared] == [DISK]


def test_a_disk_that_cannot_keep_the_promise_is_told_long_before_it_is_low() -> None:
    watch = Watch()
    for second in ticks(0, 604):
        watch.see(facts(second, frame_at=second, disk_days=21.0))
    assert [judged.subject.kind for judged, _ in watch.begun] == [AlertKind.RETENTION_AT_RISK]
    for second in ticks(608, 700):
        watch.see(replace(facts(second, frame_at=second), disk_tight=True))
    assert watch.cleared == [], "it only just fits"
    for second in ticks(704, 720):
        watch.see(facts(second, frame_at=second))
    assert [subject.kind for subject, _ in watch.cleared] == [AlertKind.RETENTION_AT_RISK]


def test_a_full_disk_is_told_at_once_however_long_the_forecast_is() -> None:
    watch = Watch()
    watch.see(replace(facts(disk_days=None), disk_full=True))
    assert [judged.subject for judged, _ in watch.begun] == [DISK]
    assert "已满" in watch.begun[0][0].zh


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=40))
def test_between_two_beginnings_it_was_well_for_a_while(stretches: list[tuple[bool, int]]) -> None:
    watch, second = Watch(), 0.0
    last_frame = None
    for sending, length in stretches:
        for _ in range(length):
            second += TICK
            last_frame = second if sending else last_frame
            watch.see(facts(second, frame_at=last_frame))
    lost = [at for judged, at in watch.begun if judged.subject == LOST]
    over = [at for subject, at in watch.cleared if subject == LOST]
    assert len(over) in {len(lost), len(lost) - 1}
    for cleared, again in zip(over, lost[1:], strict=False):
        assert again >= cleared
    assert all(began + CALM <= NOW + timedelta(seconds=second) for began in lost[:-1])
