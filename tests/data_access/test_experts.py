"""Penalties of experts, whose names stay hidden until the award."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from data_access.experts import (
    monthly_penalised,
    penalties_by_behaviour,
    penalties_in,
    penalties_of_same_expert,
    penalty,
    suspended_on,
)
from data_access.models import ExpertPenalty, SessionLot
from domain.periods import Period
from domain.vocabulary import LotStatus, PenaltyBehaviour, PenaltyKind
from tests.data_access.small_cases import SmallCases

FIRST_HALF = Period(date(2023, 1, 1), date(2023, 7, 1))


@pytest.fixture
def cases(session: Session) -> SmallCases:
    return SmallCases(session)


def penalty_for_a_session(session: Session, cases: SmallCases, lot_id: int) -> int:
    """A penalty for a session with the lot; its id."""
    held = cases.held("2023-03-01 09:00")
    session.add(SessionLot(session_id=held.id, lot_id=lot_id))
    cases.penalised(cases.expert(), "2023-03-02 09:00")
    session.execute(update(ExpertPenalty).values(session_id=held.id))
    return int(penalties_in(session, FIRST_HALF)["id"].iloc[0])


def test_penalties_are_placed_by_the_day_of_decision_in_shanghai(session: Session, cases: SmallCases) -> None:
    expert = cases.expert()
    for when in ("2022-12-31 23:59", "2023-01-01 00:00", "2023-06-30 23:59", "2023-07-01 00:00"):
        cases.penalised(expert, when)
    found = penalties_in(session, FIRST_HALF)
    assert len(found) == 2
    assert found["decided_at"].is_monotonic_decreasing


def test_penalties_can_be_looked_for_by_kind_and_behaviour(session: Session, cases: SmallCases) -> None:
    cases.penalised(cases.expert(), "2023-03-02 09:00")
    assert len(penalties_in(session, FIRST_HALF, PenaltyKind.WARNING, PenaltyBehaviour.OTHER)) == 1
    assert penalties_in(session, FIRST_HALF, kind=PenaltyKind.REMOVAL).empty
    assert penalties_in(session, FIRST_HALF, behaviour=PenaltyBehaviour.LEAVING_POST).empty


def test_behaviours_are_counted_by_kind(session: Session, cases: SmallCases) -> None:
    for _ in range(2):
        cases.penalised(cases.expert(), "2023-03-02 09:00")
    table = penalties_by_behaviour(session, FIRST_HALF)
    assert list(table.columns) == ["behaviour", *PenaltyKind]
    assert table[["behaviour", "warning", "fine"]].values.tolist() == [["other", 2, 0]]
    assert penalties_by_behaviour(session, FIRST_HALF.previous()).empty


def test_an_expert_penalised_twice_in_a_month_is_one_person(session: Session, cases: SmallCases) -> None:
    expert = cases.expert()
    cases.penalised(expert, "2023-01-31 23:59")
    cases.penalised(expert, "2023-02-01 00:00")
    cases.penalised(expert, "2023-02-02 00:00")
    cases.penalised(cases.expert(), "2023-02-03 00:00")
    assert monthly_penalised(session, FIRST_HALF)["persons"].tolist() == [1, 2, 0, 0, 0, 0]


def test_a_suspension_ends_before_its_last_named_day(session: Session, cases: SmallCases) -> None:
    expert = cases.expert()
    cases.penalised(expert, "2022-01-01 09:00")
    cases.penalised(expert, "2022-01-02 09:00")
    session.execute(
        update(ExpertPenalty).values(suspended_from=date(2023, 2, 28), suspended_to=date(2023, 4, 30))
    )
    days = [date(2023, 2, 27), date(2023, 2, 28), date(2023, 4, 29), date(2023, 4, 30)]
    assert suspended_on(session, days) == [0, 1, 1, 0]
    assert monthly_penalised(session, FIRST_HALF)["suspended"].tolist() == [0, 1, 1, 0, 0, 0]


def test_a_name_is_hidden_until_the_award(session: Session, cases: SmallCases) -> None:
    awarded_later = cases.lot(awards={"2999-01-01 09:00": 90})
    found = penalty(session, penalty_for_a_session(session, cases, awarded_later.id))
    assert found is not None
    assert (found.confidential, found.expert_name, found.employer) == (True, None, None)
    assert penalties_in(session, FIRST_HALF)["expert_name"].tolist() == [None]


@pytest.mark.parametrize(
    ("awards", "status", "named"),
    [
        ({"2023-03-05 09:00": 90}, LotStatus.ACTIVE, True),
        ({}, LotStatus.UNSUCCESSFUL, True),
        ({}, LotStatus.CANCELLED, True),
        ({}, LotStatus.ACTIVE, False),
    ],
)
def test_a_name_is_shown_when_the_procedure_is_over(
    session: Session, cases: SmallCases, awards: dict[str, Decimal | int], status: LotStatus, *, named: bool
) -> None:
    lot = cases.lot(awards=awards)
    lot.status = status
    found = penalty(session, penalty_for_a_session(session, cases, lot.id))
    assert found is not None
    assert found.confidential is not named
    assert (found.expert_name == "专家") is named


def test_a_cancelled_award_reveals_nothing(session: Session, cases: SmallCases) -> None:
    lot = cases.lot(cancelled={"2023-03-05 09:00": 90})
    found = penalty(session, penalty_for_a_session(session, cases, lot.id))
    assert found is not None
    assert found.confidential


def test_a_penalty_without_a_session_names_the_expert(session: Session, cases: SmallCases) -> None:
    cases.penalised(cases.expert(), "2023-03-02 09:00")
    assert penalties_in(session, FIRST_HALF)["expert_name"].tolist() == ["专家"]


def test_other_penalties_of_the_expert_are_found(session: Session, cases: SmallCases) -> None:
    expert = cases.expert()
    cases.penalised(expert, "2023-03-02 09:00")
    cases.penalised(expert, "2022-03-02 09:00")
    cases.penalised(cases.expert(), "2023-03-03 09:00")
    this = int(penalties_in(session, FIRST_HALF).query("expert_code == @expert.code")["id"].iloc[0])
    others = penalties_of_same_expert(session, this)
    assert len(others) == 1
    assert this not in others["id"].tolist()


def test_there_is_no_detail_of_an_unknown_penalty(session: Session) -> None:
    assert penalty(session, 0) is None
    assert penalties_of_same_expert(session, 0).empty
