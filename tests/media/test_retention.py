"""Footage goes with its day when that is beyond the camera's days; what is held stays, and is told of."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from data_access import cameras, footage, footage_doomed, footage_expiry, footage_gaps, footage_holds
from data_access.engine import transaction
from data_access.footage import Segment, Stretch
from data_access.footage_after_expiry import EXPIRED
from data_access.footage_gaps import Gap
from data_access.models import Camera, FootageDay, FootageRun
from domain.vocabulary import GapCause
from media import retention
from media.footage_folder import claim
from tests.installation import until
from tests.media.kept_footage import DAY, FIRST, KEPT_DAYS, MINUTE, Stock, paths_of

SECOND = timedelta(seconds=1)
NOON = FIRST + DAY / 2
BEYOND = FIRST + (KEPT_DAYS + 1) * DAY + timedelta(hours=1)  # then the whole first day is beyond its days


@pytest.fixture
def stock(engine: Engine, tmp_path: Path) -> Stock:
    return Stock(engine, tmp_path)


def expire(stock: Stock, now: datetime = BEYOND) -> int:
    return retention.expire(stock.engine, stock.folder, now, KEPT_DAYS)


def days(stock: Stock) -> list[date]:
    with transaction(stock.engine) as session:
        return footage_expiry.days_with_rows(session, BEYOND)


def nothing_is_doomed(stock: Stock) -> bool:
    with transaction(stock.engine) as session:
        return not footage_doomed.some_doomed(session) and not footage_doomed.days_apart(session)


def test_a_day_goes_when_all_of_it_is_beyond_its_days(stock: Stock) -> None:
    stock.record(NOON, 3)
    stays = stock.record(NOON + DAY, 2)
    assert expire(stock, BEYOND - SECOND) == 0
    assert expire(stock) == 3
    assert stock.files() == stock.rows() == paths_of(stays)
    assert days(stock)[0] == (FIRST + DAY).date()
    assert not (stock.folder / f"{stock.camera_id}/2024/03/01").exists()
    assert stock.runs(FIRST, FIRST + 2 * DAY) == [Stretch(NOON + DAY, NOON + DAY + 2 * MINUTE)]
    assert nothing_is_doomed(stock)
    assert expire(stock) == 0


def test_a_camera_that_is_kept_longer_keeps_its_own_footage(stock: Stock) -> None:
    longer = stock.add_camera("近景")
    with transaction(stock.engine) as session:
        session.execute(update(Camera).where(Camera.id == longer).values(online_days=60))
    stock.record(NOON, 2)
    stays = stock.record(NOON, 2, camera_id=longer)
    assert expire(stock) == 2
    assert stock.files() == stock.rows() == paths_of(stays)


def test_a_removed_cameras_footage_goes_too(stock: Stock) -> None:
    stock.record(NOON, 2)
    with transaction(stock.engine) as session:
        cameras.remove(session, "全景", NOON + DAY)
    assert expire(stock) == 2
    assert stock.files() == []


def test_a_segment_over_midnight_goes_with_the_day_it_began_on(stock: Stock) -> None:
    last, _first = stock.record(FIRST + DAY - MINUTE / 2, 2)
    assert expire(stock) == 1
    assert stock.runs(FIRST, FIRST + 2 * DAY) == [Stretch(last.ended_at, last.ended_at + MINUTE)]


@pytest.mark.parametrize("other_stays", [False, True], ids=["whole day", "by rows"])
def test_what_overlaps_a_hold_by_any_bit_stays_and_its_run_is_cut(stock: Stock, *, other_stays: bool) -> None:
    if other_stays:
        stock.record(NOON, 1, camera_id=stock.add_camera("近景"))
    made = stock.record(NOON, 6)
    # From a microsecond before the end of the second to a microsecond into the fourth.
    bit = timedelta(microseconds=1)
    stock.hold(made[1].ended_at - bit, made[3].started_at + bit)
    assert expire(stock) == 3 + other_stays
    assert stock.files() == stock.rows() == paths_of(made[1:4])
    assert stock.runs(FIRST, FIRST + DAY) == [Stretch(made[1].started_at, made[3].ended_at)]
    told = stock.gaps(FIRST, FIRST + DAY)
    assert [(gap.start, gap.end, gap.detail) for gap in told] == [
        (FIRST, made[1].started_at, EXPIRED),
        (made[3].ended_at, FIRST + DAY, EXPIRED),
    ]
    assert expire(stock) == 0
    assert stock.gaps(FIRST, FIRST + DAY) == told


def test_what_only_touches_a_hold_goes(stock: Stock) -> None:
    made = stock.record(NOON, 3)
    stock.hold(made[1].started_at, made[1].ended_at)
    assert expire(stock) == 2
    assert stock.files() == paths_of(made[1:2])


def test_two_holds_make_two_runs_and_a_growing_run_keeps_its_id(stock: Stock) -> None:
    made = stock.record(FIRST + DAY - 8 * MINUTE, 12)  # into the next day, which stays
    for held in (made[1], made[4]):
        stock.hold(held.started_at, held.ended_at)
    assert expire(stock) == 6
    assert stock.runs(FIRST, FIRST + 2 * DAY) == [
        Stretch(made[1].started_at, made[1].ended_at),
        Stretch(made[4].started_at, made[4].ended_at),
        Stretch(made[8].started_at, made[11].ended_at),
    ]
    with transaction(stock.engine) as session:
        found = footage.segments_between(session, stock.camera_id, FIRST, FIRST + 2 * DAY)
        runs = {run.id: Stretch(run.started_at, run.ended_at) for run in session.scalars(select(FootageRun))}
    assert all(
        runs[segment.run_id].start <= segment.started_at and segment.ended_at <= runs[segment.run_id].end
        for segment in found
    )
    assert found[-1].run_id == made[-1].run_id
    assert len(runs) == 3


def test_gaps_within_a_hold_stay_and_what_is_released_goes_without_a_trace(stock: Stock) -> None:
    made = stock.record(NOON, 2)
    later = stock.record(NOON + 10 * MINUTE, 2)
    with transaction(stock.engine) as session:
        for start, end in (
            (made[1].ended_at, later[0].started_at),
            (later[1].ended_at, FIRST + DAY + MINUTE),
        ):
            footage_gaps.record_gap(
                session, stock.camera_id, start, end, cause=GapCause.NETWORK, detail="网断"
            )
    hold_id = stock.hold(made[1].started_at, later[0].ended_at)
    expire(stock)
    assert stock.gaps(made[1].started_at, later[0].ended_at) == [
        Gap(made[1].ended_at, later[0].started_at, GapCause.NETWORK, "网断")
    ]
    # Of an entry that reaches into the next day, that part stays.
    assert stock.gaps(FIRST + DAY - MINUTE, FIRST + DAY + MINUTE) == [
        Gap(FIRST + DAY - MINUTE, FIRST + DAY, GapCause.PLANNED, EXPIRED),
        Gap(FIRST + DAY, FIRST + DAY + MINUTE, GapCause.NETWORK, "网断"),
    ]
    stock.release(hold_id)
    expire(stock)
    assert stock.files() == []
    assert stock.gaps(FIRST, FIRST + DAY) == [Gap(FIRST, FIRST + DAY, GapCause.PLANNED, EXPIRED)]
    assert stock.runs(FIRST, FIRST + DAY) == []


def test_a_hold_that_comes_too_late_does_not_make_the_ledger_forget(stock: Stock) -> None:
    stock.record(NOON, 2)
    expire(stock)
    stock.hold(FIRST, FIRST + DAY)
    expire(stock, BEYOND + DAY)
    assert stock.gaps(FIRST, FIRST + 2 * DAY) == [Gap(FIRST, FIRST + 2 * DAY, GapCause.PLANNED, EXPIRED)]


def test_a_sealed_day_is_told_before_a_part_of_it_goes(stock: Stock) -> None:
    made = stock.record(NOON, 3)
    leaf = int(made[0].started_at.timestamp() * 1_000_000).to_bytes(8, "big") + bytes(32)
    with transaction(stock.engine) as session:
        for day in (FIRST.date(), (FIRST + DAY).date()):
            session.add(
                FootageDay(
                    camera_id=stock.camera_id,
                    day=day,
                    segments=3,
                    size=30,
                    chain_sha256=bytes(32),
                    signature=b"",
                    leaves=leaf if day == FIRST.date() else None,
                    sealed_at=BEYOND,
                )
            )
    stock.hold(made[1].started_at, made[1].ended_at)
    expire(stock)
    with transaction(stock.engine) as session:
        told = session.scalars(select(FootageDay.expired_at).order_by(FootageDay.day)).all()
    assert [at is not None for at in told] == [True, False]


@contextmanager
def in_thread(stock: Stock) -> Iterator[threading.Thread]:
    """The expiry, beside the test."""
    thread = threading.Thread(target=expire, args=(stock,))
    thread.start()
    yield thread
    thread.join(20)
    assert not thread.is_alive()


def waits_for_a_lock(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


@pytest.mark.parametrize("other_stays", [False, True], ids=["whole day", "by rows"])
def test_a_hold_that_is_being_made_wins_over_the_deletion(stock: Stock, *, other_stays: bool) -> None:
    made = stock.record(NOON, 3)
    if other_stays:
        stock.record(NOON, 1, camera_id=stock.add_camera("近景"))
        stock.hold(NOON, NOON + MINUTE, stock.camera_ids[1])
    with Session(stock.engine) as holder:
        footage_holds.hold(
            holder,
            camera_id=stock.camera_id,
            start=made[0].started_at,
            end=made[2].ended_at,
            reason="投诉",
            case_no="",
            made_by=stock.account_id,
            at=NOON,
        )
        with in_thread(stock):
            until(lambda: waits_for_a_lock(stock.engine), 10, "the deletion waits for the holder")
            holder.commit()
    assert stock.files() == stock.rows()
    assert set(paths_of(made)) <= set(stock.files())


def test_who_holds_while_something_is_deleted_waits_and_then_finds_it_gone(stock: Stock) -> None:
    stock.record(NOON, 2)
    with Session(stock.engine) as deleter:
        assert footage_expiry.expire_rows(deleter, FIRST.date(), {stock.camera_id: BEYOND}, BEYOND)
        holder = threading.Thread(target=stock.hold, args=(NOON, NOON + MINUTE))
        holder.start()
        until(lambda: waits_for_a_lock(stock.engine), 10, "the holder waits for the deletion")
        deleter.commit()
    holder.join(20)
    retention.delete_doomed(stock.engine, stock.folder)
    assert stock.rows() == stock.files() == []


def test_a_reader_who_then_holds_is_never_the_victim(stock: Stock) -> None:
    """He reads footage and wants to hold; the deletion has locked holds and waits for him to be done."""
    made = stock.record(NOON, 3)
    with Session(stock.engine) as reader:
        assert footage.segments_between(reader, stock.camera_id, FIRST, FIRST + DAY)
        with in_thread(stock):
            until(lambda: waits_for_a_lock(stock.engine), 10, "the deletion waits for the reader")
            footage_holds.hold(
                reader,
                camera_id=stock.camera_id,
                start=NOON,
                end=NOON + MINUTE,
                reason="投诉",
                case_no="",
                made_by=stock.account_id,
                at=NOON,
            )
            reader.commit()
    assert stock.files() == stock.rows() == paths_of(made)
    assert expire(stock) == 2


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("held", [False, True], ids=["whole day", "by rows"])
@pytest.mark.parametrize("step", ["_delete_files", "_settle_folder", "are_gone", "drop_day", "settle_ledger"])
def test_a_round_that_is_killed_at_any_step_is_completed_by_the_next(
    stock: Stock, monkeypatch: pytest.MonkeyPatch, step: str, *, held: bool
) -> None:
    made = stock.record(NOON, 4)
    if held:
        stock.hold(made[1].started_at, made[1].ended_at)
    where = footage_doomed if hasattr(footage_doomed, step) else retention
    with monkeypatch.context() as patched:
        patched.setattr(where, step, lambda *_: (_ for _ in ()).throw(Killed))
        try:
            expire(stock)
        except Killed:
            told = stock.rows()
            assert set(told) <= set(stock.files()), "no row tells of a file that is gone"
            # A hold that comes now holds what is there, and nothing that is not.
            assert [segment.path for segment in _segments(stock)] == told
    expire(stock)
    assert stock.files() == stock.rows() == (paths_of(made[1:2]) if held else [])
    assert nothing_is_doomed(stock)
    assert [gap.detail for gap in stock.gaps(FIRST, FIRST + DAY)] == [EXPIRED] * (1 + held)


def _segments(stock: Stock) -> list[Segment]:
    with transaction(stock.engine) as session:
        return footage.segments_between(session, stock.camera_id, FIRST, FIRST + DAY)


def test_a_file_that_cannot_be_deleted_is_tried_again(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stock.record(NOON, 2)
    stock.hold(made[1].started_at, made[1].ended_at)
    unlink = Path.unlink

    def refuse(file: Path, *, missing_ok: bool = False) -> None:
        if file.name == Path(made[0].path).name:
            raise PermissionError(1, "Operation not permitted")
        unlink(file, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        assert expire(stock) == 1
    with transaction(stock.engine) as session:
        assert footage_doomed.doomed(session, paths_of(made)) == {made[0].path}
    assert expire(stock) == 0
    assert stock.files() == paths_of(made[1:])


def test_a_folder_that_is_not_mounted_loses_no_row(stock: Stock) -> None:
    made = stock.record(NOON, 2)
    claim(stock.engine, stock.folder)
    (stock.folder / ".mingjing").unlink()
    assert expire(stock) == 0
    assert stock.rows() == paths_of(made)
