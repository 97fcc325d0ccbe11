from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from data_access import cameras, footage, footage_calendar, footage_gaps
from data_access.engine import transaction
from data_access.footage import Segment, Stretch
from data_access.footage_gaps import Gap
from data_access.models import FootageGap, FootageRun
from domain.vocabulary import GapCause, RoomType

NOON = datetime(2024, 3, 5, 12, tzinfo=UTC)
ADDED = NOON - timedelta(days=1)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def camera_id(session: Session) -> int:
    return add_camera(session)


def add_camera(session: Session, name: str = "全景") -> int:
    room = cameras.room_named(session, "开标一室") or cameras.add_room(
        session, "开标一室", RoomType.BID_OPENING
    )
    return cameras.add(session, room_id=room.id, name=name, url="rtsp://camera", at=ADDED).id


def add_run(session: Session, camera_id: int, start: float, end: float) -> None:
    session.add(FootageRun(camera_id=camera_id, started_at=at(start), ended_at=at(end)))
    session.flush()


def publish(session: Session, camera_id: int, start: datetime, seconds: float = 60) -> Segment:
    run_id = footage.run_that_ends_at(session, camera_id, start)
    segment = Segment(
        camera_id=camera_id,
        started_at=start,
        ended_at=start + timedelta(seconds=seconds),
        run_id=run_id or footage.begin_run(session, camera_id, start),
        path=f"{camera_id}/{start:%Y%m%dT%H%M%S}.mp4",
        size=1,
        sha256=bytes([1]) * 32,
        previous_sha256=footage.NO_SEGMENT_BEFORE,
        index=b"index",
    )
    footage.publish(session, segment)
    return segment


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Each example of a property begins with the same rows."""
    savepoint = session.begin_nested()
    yield
    savepoint.rollback()


moments = st.integers(0, 1000)
stretches = st.lists(st.tuples(moments, moments).filter(lambda pair: pair[0] < pair[1]), max_size=6)
causes = st.sampled_from([cause for cause in GapCause if cause is not GapCause.UNKNOWN])


entries = st.lists(st.tuples(moments, moments, causes).filter(lambda entry: entry[0] < entry[1]), max_size=6)


@given(runs=stretches, ledger=entries, asked=stretches)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_runs_and_gaps_together_tile_the_asked_interval(
    session: Session,
    camera_id: int,
    runs: list[tuple[int, int]],
    ledger: list[tuple[int, int, GapCause]],
    asked: list[tuple[int, int]],
) -> None:
    start, end = (at(asked[0][0]), at(asked[0][1])) if asked else (at(-10), at(1010))
    with undone(session):
        for run in runs:
            add_run(session, camera_id, *run)
        for begin, finish, cause in ledger:
            footage_gaps.record_gap(session, camera_id, at(begin), at(finish), cause=cause)
        found_runs = footage.runs_between(session, camera_id, start, end)
        gaps = footage_gaps.gaps_between(session, camera_id, start, end)
    covered = {second for run in found_runs for second in seconds_of(run.start, run.end)}
    missing = [second for gap in gaps for second in seconds_of(gap.start, gap.end)]
    assert len(missing) == len(set(missing))
    assert not covered & set(missing)
    assert covered | set(missing) == set(seconds_of(start, end))
    assert gaps == sorted(gaps, key=lambda gap: gap.start)
    for gap in gaps:
        if gap.cause is GapCause.UNKNOWN:
            assert not any(at(begin) < gap.end and at(finish) > gap.start for begin, finish, _ in ledger)


def seconds_of(start: datetime, end: datetime) -> range:
    return range(round((start - NOON).total_seconds()), round((end - NOON).total_seconds()))


def test_an_uncovered_interval_without_a_ledger_row_has_an_unknown_cause(
    session: Session, camera_id: int
) -> None:
    add_run(session, camera_id, 0, 10)
    add_run(session, camera_id, 30, 40)
    footage_gaps.record_gap(session, camera_id, at(15), at(50), cause=GapCause.NETWORK, detail="silence")
    assert footage_gaps.gaps_between(session, camera_id, at(0), at(60)) == [
        Gap(at(10), at(15), GapCause.UNKNOWN, ""),
        Gap(at(15), at(30), GapCause.NETWORK, "silence"),
        Gap(at(40), at(50), GapCause.NETWORK, "silence"),
        Gap(at(50), at(60), GapCause.UNKNOWN, ""),
    ]


def test_time_before_the_camera_and_in_the_future_is_no_gap(session: Session, camera_id: int) -> None:
    (before,) = footage_gaps.gaps_between(
        session, camera_id, ADDED - timedelta(hours=1), ADDED + timedelta(hours=1)
    )
    assert before.start == ADDED
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert footage_gaps.gaps_between(session, camera_id, tomorrow, tomorrow + timedelta(hours=1)) == []


def test_what_is_being_recorded_is_no_gap(session: Session, camera_id: int) -> None:
    now = datetime.now(UTC)
    start = now - timedelta(minutes=1)
    footage.begin_run(session, camera_id, start)
    assert footage_gaps.gaps_between(session, camera_id, start, now) != []
    cameras.report_status(session, camera_id, recording=True, last_frame_at=now, message="", at=now)
    assert footage_gaps.gaps_between(session, camera_id, start, now) == []


def test_a_gap_grows_while_it_lasts(session: Session, camera_id: int) -> None:
    for end in (5, 7, 9):
        footage_gaps.record_gap(session, camera_id, at(0), at(end), cause=GapCause.CAMERA, detail="gone")
    footage_gaps.record_gap(session, camera_id, at(9), at(9), cause=GapCause.DISK)
    assert footage_gaps.gaps_between(session, camera_id, at(0), at(9)) == [
        Gap(at(0), at(9), GapCause.CAMERA, "gone")
    ]
    assert footage_gaps.accounted_until(session, camera_id) == at(9)


def test_no_entry_of_the_ledger_reaches_into_footage(session: Session, camera_id: int) -> None:
    footage_gaps.record_gap(session, camera_id, at(0), at(20), cause=GapCause.PLANNED)
    footage_gaps.record_gap(session, camera_id, at(10), at(24), cause=GapCause.CAMERA)
    footage_gaps.record_gap(session, camera_id, at(22), at(25), cause=GapCause.NETWORK)
    footage_gaps.end_gaps(session, camera_id, at(21))
    entries = select(FootageGap.started_at, FootageGap.ended_at).order_by(FootageGap.started_at)
    assert [tuple(entry) for entry in session.execute(entries)] == [(at(0), at(20)), (at(10), at(21))]


def test_segments_are_found_where_they_overlap(session: Session, camera_id: int) -> None:
    other = add_camera(session, "另一台")
    published = [publish(session, camera_id, at(60 * n)) for n in range(4)]
    publish(session, other, at(0))
    assert footage.segments_between(session, camera_id, at(60), at(120)) == [published[1]]
    assert footage.segments_between(session, camera_id, at(59.9), at(120.1)) == published[:3]
    assert footage.segments_between(session, camera_id, at(240), at(300)) == []
    assert footage.runs_between(session, camera_id, at(30), at(300)) == [Stretch(at(30), at(240))]
    assert footage.newest_sha256(session, camera_id, at(60)) == published[0].sha256
    assert footage.newest_sha256(session, camera_id, at(0)) == footage.NO_SEGMENT_BEFORE


def test_publishing_makes_the_day_and_the_next_one_ahead(session: Session, camera_id: int) -> None:
    publish(session, camera_id, datetime(2031, 12, 31, 23, 59, 30, tzinfo=UTC))
    days = text("SELECT to_regclass('footage_segment_20311231'), to_regclass('footage_segment_20320101')")
    assert None not in session.execute(days).one()
    publish(session, camera_id, datetime(2032, 1, 1, 0, 0, 30, tzinfo=UTC))


def test_many_workers_may_publish_the_first_segment_of_a_day_at_once(engine: Engine) -> None:
    with transaction(engine) as session:
        camera_ids = [add_camera(session, f"摄像头 {n}") for n in range(8)]

    def work(camera_id: int) -> None:
        for day in range(3):
            with transaction(engine) as session:
                footage.make_days(session, NOON + timedelta(days=day))
            with transaction(engine) as session:
                publish(session, camera_id, NOON + timedelta(days=day))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, camera_ids))
    with transaction(engine) as session:
        for camera_id in camera_ids:
            assert len(footage.segments_between(session, camera_id, NOON, NOON + timedelta(days=3))) == 3


def test_days_with_footage_are_days_in_shanghai(session: Session, camera_id: int) -> None:
    midnight = datetime(2024, 3, 9, 16, tzinfo=UTC)  # 10 March, 00:00 in Shanghai
    add_run(session, camera_id, (midnight - NOON).total_seconds() - 60, (midnight - NOON).total_seconds())
    publish(session, camera_id, datetime(2024, 3, 20, 15, 59, 30, tzinfo=UTC))
    publish(session, camera_id, datetime(2024, 4, 1, 3, tzinfo=UTC))
    noon = datetime(2024, 4, 1, 4, tzinfo=UTC)
    days = footage_calendar.calendar(session, [camera_id], date(2024, 3, 1), noon, room_types=())
    assert [f"{each.day:%m-%d}" for each in days if each.recorded] == ["03-09", "03-20", "03-21", "04-01"]


def test_a_gap_reaches_up_to_the_first_picture_after_it(session: Session, camera_id: int) -> None:
    add_run(session, camera_id, 0, 10)
    footage_gaps.record_gap(session, camera_id, at(10), at(29.9), cause=GapCause.RECORDER)
    publish(session, camera_id, at(30), 10)
    assert footage_gaps.gaps_between(session, camera_id, at(0), at(40)) == [
        Gap(at(10), at(30), GapCause.RECORDER, "")
    ]


def test_a_gap_before_earlier_footage_does_not_explain_a_later_one(session: Session, camera_id: int) -> None:
    footage_gaps.record_gap(session, camera_id, at(0), at(10), cause=GapCause.RECORDER)
    publish(session, camera_id, at(10), 2)
    publish(session, camera_id, at(13), 2)
    assert [gap.cause for gap in footage_gaps.gaps_between(session, camera_id, at(0), at(15))] == [
        GapCause.RECORDER,
        GapCause.UNKNOWN,
    ]
