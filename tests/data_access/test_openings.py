"""Sessions on the floor: counted like the figures, and silent about bidders until the opening."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from data_access.figures import openings
from data_access.models import SessionEvent, SessionLot, TradingSession
from data_access.opening import opening
from data_access.openings import (
    by_method,
    monthly_openings,
    opening_quality,
    openings_in,
    sessions_on,
)
from domain.periods import Period
from domain.vocabulary import ParticipantRole, ProcurementMethod, SessionStatus, SessionType
from tests.data_access.small_cases import SmallCases, shanghai

FIRST_HALF = Period(date(2023, 1, 1), date(2023, 7, 1))
DAY = Period(date(2023, 3, 1), date(2023, 3, 2))


@pytest.fixture
def cases(session: Session) -> SmallCases:
    return SmallCases(session)


def late(held: TradingSession, minutes: int) -> TradingSession:
    """The session, begun so many minutes after its planned time."""
    assert held.actual_start is not None
    held.planned_start = held.actual_start - timedelta(minutes=minutes)
    return held


def test_months_add_up_to_the_figures(session: Session, cases: SmallCases) -> None:
    cases.held("2023-01-31 23:59")
    cases.held("2023-02-01 00:00", method=ProcurementMethod.SELECTIVE)
    cases.held("2023-02-02 09:00", present=())
    cases.held("2023-02-03 09:00", status=SessionStatus.CANCELLED)
    cases.held("2023-02-04 09:00", SessionType.EVALUATION)
    months, figure = monthly_openings(session, FIRST_HALF), openings(session, FIRST_HALF)
    assert months["held"].tolist() == [1, 2, 0, 0, 0, 0]
    assert months["supervised"].tolist() == [1, 1, 0, 0, 0, 0]
    assert months["others"].tolist() == [0, 1, 0, 0, 0, 0]
    assert (months["open"].sum(), months["selective"].sum()) == (1, 1)
    assert (months["held"].sum(), months["supervised"].sum()) == (figure.held, figure.supervised)


def test_methods_hold_what_was_supervised_and_what_not(session: Session, cases: SmallCases) -> None:
    cases.held("2023-01-10 09:00")
    cases.held("2023-01-11 09:00", present=(ParticipantRole.MONITOR,))
    cases.held("2023-01-12 09:00", method=None)
    table = by_method(session, FIRST_HALF)
    assert table[["supervised", "others"]].to_numpy().tolist() == [[1, 1], [1, 0]]
    assert table["method"].isna().tolist() == [False, True]


@pytest.mark.parametrize(("minutes", "punctual"), [(0, 1), (5, 1), (-5, 1), (6, 0), (-6, 0)])
def test_five_minutes_either_way_are_punctual(
    session: Session, cases: SmallCases, minutes: int, punctual: int
) -> None:
    late(cases.held("2023-01-10 09:00"), minutes)
    session.flush()
    assert opening_quality(session, FIRST_HALF).punctual == punctual
    assert monthly_openings(session, FIRST_HALF)["punctual"].sum() == punctual


def test_the_table_holds_what_was_held_and_what_is_still_to_come(session: Session, cases: SmallCases) -> None:
    held = cases.held("2023-03-01 09:00")
    coming = cases.held(None, status=SessionStatus.SCHEDULED)
    cases.held("2023-07-01 00:00")
    assert openings_in(session, FIRST_HALF)["id"].tolist() == [held.id, coming.id]


def test_the_table_says_how_a_session_was_supervised(session: Session, cases: SmallCases) -> None:
    cases.held("2023-03-03 09:00")
    cases.held("2023-03-02 09:00", remote=True)
    cases.held("2023-03-01 09:00", present=(ParticipantRole.MONITOR,))
    assert openings_in(session, FIRST_HALF)["supervision"].tolist() == ["on_site", "remote", "none"]
    assert len(openings_in(session, FIRST_HALF, supervised=True)) == 2
    assert len(openings_in(session, FIRST_HALF, supervised=False)) == 1
    assert openings_in(session, FIRST_HALF, method="selective").empty


def test_a_session_of_several_lots_is_one_row(session: Session, cases: SmallCases) -> None:
    held = cases.held("2023-03-01 09:00")
    for _ in range(3):
        session.add(SessionLot(session_id=held.id, lot_id=cases.lot().id))
    session.flush()
    assert openings_in(session, FIRST_HALF)[["lots", "project"]].values.tolist() == [[3, "项目"]]


@pytest.fixture
def with_bidders(session: Session, cases: SmallCases) -> TradingSession:
    """A session with bidders and a check-in, not begun."""
    made = cases.held(None, status=SessionStatus.SCHEDULED)
    made.bidder_count = 7
    session.add(
        SessionEvent(
            session_id=made.id,
            at=shanghai("2023-01-10 08:50"),
            kind="check_in",
            actor="某公司",
            note="第 7 家",
        )
    )
    session.flush()
    return made


def test_before_the_opening_nothing_tells_how_many_bidders_there_are(
    session: Session, with_bidders: TradingSession
) -> None:
    assert openings_in(session, FIRST_HALF)["bidders"].isna().all()
    assert sessions_on(session, Period(date(2023, 1, 10), date(2023, 1, 11)))["bidders"].isna().all()
    found = opening(session, with_bidders.id)
    assert found is not None
    assert (found.bidder_count, found.events) == (None, ())


def test_from_the_opening_on_bidders_and_events_are_shown(
    session: Session, with_bidders: TradingSession
) -> None:
    with_bidders.actual_start, with_bidders.status = shanghai("2023-01-10 09:00"), SessionStatus.OPEN
    session.flush()
    assert openings_in(session, FIRST_HALF)["bidders"].tolist() == [7]
    found = opening(session, with_bidders.id)
    assert found is not None
    assert found.bidder_count == 7
    assert [(event.kind, event.actor) for event in found.events] == [("check_in", "某公司")]


def test_a_start_that_lies_ahead_does_not_open_anything(
    session: Session, with_bidders: TradingSession
) -> None:
    with_bidders.actual_start, with_bidders.status = shanghai("2999-01-10 09:00"), SessionStatus.OPEN
    session.flush()
    found = opening(session, with_bidders.id)
    assert found is not None
    assert (found.bidder_count, found.events) == (None, ())


@pytest.mark.parametrize(
    ("kind", "event", "named"),
    [
        (SessionType.OPENING, "price_read", True),
        (SessionType.OPENING, "expert_left", False),
        (SessionType.EVALUATION, "price_read", False),
        (SessionType.NEGOTIATION, "check_in", False),
        (SessionType.EXPERT_DRAW, "check_in", False),
    ],
)
def test_experts_are_never_named(
    session: Session, cases: SmallCases, kind: SessionType, event: str, *, named: bool
) -> None:
    held = cases.held("2023-03-01 09:00", kind)
    session.add(SessionEvent(session_id=held.id, at=shanghai("2023-03-01 09:30"), kind=event, actor="孙启明"))
    session.flush()
    found = opening(session, held.id)
    assert found is not None
    assert [bool(event.actor) for event in found.events] == [named]


def test_the_detail_holds_lots_with_what_was_awarded(session: Session, cases: SmallCases) -> None:
    held = cases.held("2023-03-01 09:00", present=(ParticipantRole.MONITOR, ParticipantRole.SUPERVISOR))
    lots = (cases.lot(budget=100, awards={"2023-03-05 09:00": 90}), cases.lot(awards={"2999-01-01 09:00": 1}))
    session.add_all(SessionLot(session_id=held.id, lot_id=lot.id) for lot in lots)
    session.flush()
    found = opening(session, held.id)
    assert found is not None
    assert [lot.award for lot in found.lots] == [90, None]
    assert [who.role for who in found.participants] == ["monitor", "supervisor"]


def test_there_is_no_detail_of_an_unknown_session(session: Session) -> None:
    assert opening(session, 0) is None


def test_the_day_begins_with_what_is_on_now(session: Session, cases: SmallCases) -> None:
    def planned(at: datetime, status: SessionStatus) -> int:
        made = cases.held("2023-03-01 08:00", status=status)
        made.planned_start = at
        if status is SessionStatus.SCHEDULED:
            made.actual_start = None
        session.flush()
        return made.id

    done = planned(shanghai("2023-03-01 08:00"), SessionStatus.DONE)
    coming = planned(shanghai("2023-03-01 14:00"), SessionStatus.SCHEDULED)
    on = planned(shanghai("2023-03-01 10:00"), SessionStatus.OPEN)
    since_yesterday = planned(shanghai("2023-02-28 23:00"), SessionStatus.PAUSED)
    planned(shanghai("2023-03-02 00:00"), SessionStatus.SCHEDULED)
    assert sessions_on(session, DAY)["id"].tolist() == [since_yesterday, on, coming, done]
