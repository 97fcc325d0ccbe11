"""What is kept: explicit holds, whole sessions, open cases; each until it is over, with a reason."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from data_access import cameras, findings, footage_holds
from data_access.engine import transaction
from data_access.footage import Stretch
from data_access.footage_holds import WrongHold, kept_stretches, lasting_holds
from data_access.footage_policy import Policy, PolicyOrigin, expires_at, policy_of
from data_access.models import Camera, Finding, FootageMark, TradingSession
from domain.vocabulary import FindingSource, FindingStatus, MarkKind, RoomType, SessionStatus, SessionType
from tests.media.kept_footage import DAY, FIRST, MINUTE, Stock

HOUR = timedelta(hours=1)
BEGUN, ENDED = FIRST + 2 * HOUR, FIRST + 3 * HOUR
AROUND = Stretch(BEGUN - 15 * MINUTE, ENDED + 15 * MINUTE)
WHY = {"reason": "投诉调查", "case_no": "2024-7"}


@pytest.fixture
def stock(engine: Engine, tmp_path: Path) -> Stock:
    made = Stock(engine, tmp_path)
    made.record(BEGUN, 3)
    return made


def add_session(stock: Stock, *, over: bool = True) -> int:
    with transaction(stock.engine) as session:
        held = TradingSession(
            source_system="test",
            source_key="KB-1",
            code="KB-1",
            type=SessionType.OPENING,
            room_id=stock.room_id,
            planned_start=BEGUN,
            planned_end=ENDED,
            actual_start=BEGUN,
            actual_end=ENDED if over else None,
            status=SessionStatus.DONE if over else SessionStatus.OPEN,
        )
        session.add(held)
        session.flush()
        return held.id


def add_finding(stock: Stock, session_id: int | None) -> int:
    with transaction(stock.engine) as session:
        return findings.draft(
            session,
            source=FindingSource.FOOTAGE,
            session_id=session_id,
            subject="疑似违规",
            note="",
            raised_by=stock.account_id,
            raised_at=ENDED,
        )


def kept(stock: Stock, camera_id: int | None = None) -> list[Stretch]:
    with transaction(stock.engine) as session:
        return kept_stretches(session, camera_id or stock.camera_id, FIRST, FIRST + DAY)


def test_a_session_is_held_on_every_camera_of_its_room_that_recorded_it(stock: Stock) -> None:
    silent, session_id = stock.add_camera("近景"), add_session(stock)
    with transaction(stock.engine) as session:
        cameras.remove(session, "全景", ENDED)  # its footage is still there
        (hold_id,) = footage_holds.hold_session(
            session, session_id, made_by=stock.account_id, at=ENDED, **WHY
        )
        (row,) = lasting_holds(session, [stock.camera_id, silent], FIRST, FIRST + DAY)
    assert (row.id, row.session_code, row.case_no) == (hold_id, "KB-1", "2024-7")
    assert Stretch(row.start, row.end) == AROUND
    assert kept(stock) == [AROUND]
    assert kept(stock, silent) == []


def test_a_session_that_goes_on_longer_than_planned_is_held_whole(stock: Stock) -> None:
    session_id = add_session(stock, over=False)
    with transaction(stock.engine) as session:
        footage_holds.hold_session(session, session_id, made_by=stock.account_id, at=BEGUN, **WHY)
        session.execute(update(TradingSession).values(actual_end=ENDED + 2 * HOUR))
    assert kept(stock) == [Stretch(AROUND.start, AROUND.end + 2 * HOUR)]


@pytest.mark.parametrize("status", list(FindingStatus))
def test_an_open_case_holds_its_session_and_the_time_about_its_marks(
    stock: Stock, status: FindingStatus
) -> None:
    finding_id = add_finding(stock, add_session(stock))
    marked_at = FIRST + 10 * HOUR
    with transaction(stock.engine) as session:
        session.add(
            FootageMark(
                camera_id=stock.camera_id,
                finding_id=finding_id,
                at=marked_at,
                kind=MarkKind.OTHER,
                made_by=stock.account_id,
                made_at=marked_at,
            )
        )
        session.execute(update(Finding).values(status=status))
    is_open = status not in {FindingStatus.DRAFT, FindingStatus.CLOSED, FindingStatus.UNSUBSTANTIATED}
    about_mark = Stretch(marked_at - 10 * MINUTE, marked_at + 10 * MINUTE)
    assert kept(stock) == ([AROUND, about_mark] if is_open else [])


def test_an_open_case_of_another_room_holds_nothing_here(stock: Stock) -> None:
    add_finding(stock, add_session(stock))
    with transaction(stock.engine) as session:
        room = cameras.add_room(session, "开标二室", RoomType.BID_OPENING)
        session.execute(update(TradingSession).values(room_id=room.id))
        session.execute(update(Finding).values(status=FindingStatus.NEW))
    assert kept(stock) == []


def test_stretches_that_touch_are_one_and_cut_to_what_is_asked(stock: Stock) -> None:
    stock.hold(FIRST - DAY, FIRST + HOUR)
    stock.hold(FIRST + HOUR, FIRST + 2 * HOUR)
    stock.hold(FIRST + 3 * HOUR, FIRST + 2 * DAY)
    assert kept(stock) == [Stretch(FIRST, FIRST + 2 * HOUR), Stretch(FIRST + 3 * HOUR, FIRST + DAY)]


def test_a_hold_ends_once_with_a_reason_and_its_row_stays(stock: Stock) -> None:
    hold_id = stock.hold(BEGUN, ENDED)
    with transaction(stock.engine) as session:
        with pytest.raises(WrongHold, match="理由"):
            footage_holds.release(session, hold_id, by=stock.account_id, reason=" ", at=ENDED)
        footage_holds.release(session, hold_id, by=stock.account_id, reason="结案", at=ENDED)
        with pytest.raises(WrongHold, match="已解除"):
            footage_holds.release(session, hold_id, by=stock.account_id, reason="结案", at=ENDED)
        assert footage_holds.all_holds(session) == []
        (row,) = footage_holds.all_holds(session, released=True)
    assert (row.released_at, row.release_reason) == (ENDED, "结案")
    assert kept(stock) == []


def test_a_hold_needs_a_reason_a_length_and_a_session_with_footage(stock: Stock) -> None:
    session_id = add_session(stock)
    with pytest.raises(WrongHold, match="晚于"):
        stock.hold(ENDED, ENDED)
    with transaction(stock.engine) as session:
        session.execute(update(TradingSession).values(actual_start=FIRST + 9 * DAY, actual_end=None))
        with pytest.raises(WrongHold, match="理由"):
            footage_holds.hold(
                session,
                camera_id=stock.camera_id,
                start=BEGUN,
                end=ENDED,
                reason="",
                case_no="",
                made_by=stock.account_id,
                at=ENDED,
            )
        with pytest.raises(WrongHold, match="没有可保全的录像"):
            footage_holds.hold_session(session, session_id, made_by=stock.account_id, at=ENDED, **WHY)


def test_who_said_for_how_long_is_told_and_what_is_held_does_not_expire(stock: Stock) -> None:
    with transaction(stock.engine) as session:
        assert policy_of(session, stock.camera_id).origin is PolicyOrigin.INSTALLATION
        session.execute(update(Camera).values(online_days=45))
        assert policy_of(session, stock.camera_id) == Policy(45, PolicyOrigin.CAMERA)
        assert expires_at(session, stock.camera_id, BEGUN) == BEGUN + 45 * DAY
    stock.hold(BEGUN, ENDED)
    with transaction(stock.engine) as session:
        assert expires_at(session, stock.camera_id, BEGUN) is None
        assert expires_at(session, stock.camera_id, ENDED) == ENDED + 45 * DAY
