"""The enterprise library's tables agree with its movement."""

from datetime import date

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from data_access.enterprises import (
    NO_GRADE,
    members_by_grade,
    members_in,
    monthly_movement,
    movement_by_library,
)
from data_access.figures import enterprise_movement
from data_access.models import Enterprise, LibraryMembership
from domain.periods import Period
from domain.vocabulary import Library
from tests.data_access.small_cases import SmallCases

FIRST_HALF = Period(date(2023, 1, 1), date(2023, 7, 1))


@pytest.fixture
def cases(session: Session) -> SmallCases:
    made = SmallCases(session)
    made.enterprise((Library.CONTRACTOR, date(2022, 5, 1), None))
    made.enterprise((Library.CONTRACTOR, date(2022, 5, 1), date(2023, 2, 1)))
    made.enterprise((Library.AGENCY, date(2023, 1, 31), None), (Library.SUPPLIER, date(2023, 3, 1), None))
    made.enterprise((Library.SUPPLIER, date(2021, 1, 1), date(2023, 1, 1)))
    made.enterprise((Library.SUPPLIER, date(2023, 7, 1), None))
    return made


def test_months_follow_on_each_other_and_end_at_the_closing(session: Session, cases: SmallCases) -> None:
    months, total = monthly_movement(session, FIRST_HALF), enterprise_movement(session, FIRST_HALF)
    assert months["opening"].tolist()[1:] == months["closing"].tolist()[:-1]
    assert (months["opening"].iloc[0], months["closing"].iloc[-1]) == (total.opening, total.closing)
    assert (months["joined"].sum(), months["left"].sum()) == (total.joined, total.left)


def test_every_library_has_a_row_and_balances(session: Session, cases: SmallCases) -> None:
    table = movement_by_library(session, FIRST_HALF)
    assert table["library"].tolist() == list(Library)
    assert (table["opening"] + table["joined"] - table["left"] == table["closing"]).all()
    contractors = table[table["library"] == "contractor"]
    assert contractors[["opening", "joined", "left", "closing"]].to_numpy().tolist() == [[2, 0, 1, 1]]


def test_grades_count_who_is_in_at_the_end(session: Session, cases: SmallCases) -> None:
    session.execute(
        update(LibraryMembership).where(LibraryMembership.library == Library.CONTRACTOR).values(grade="A")
    )
    table = members_by_grade(session, FIRST_HALF.end)
    assert table.values.tolist() == [
        ["agency", NO_GRADE, 1],
        ["contractor", "A", 1],
        ["supplier", NO_GRADE, 1],
    ]


def test_members_are_the_opening_stock_and_who_joined(session: Session, cases: SmallCases) -> None:
    found, total = members_in(session, FIRST_HALF), enterprise_movement(session, FIRST_HALF)
    assert found["uscc"].nunique() == total.opening + total.joined == 4
    assert found["joined_on"].tolist() == sorted(found["joined_on"], reverse=True)


def test_everybody_who_left_is_among_the_members(session: Session, cases: SmallCases) -> None:
    left = members_in(session, FIRST_HALF)["left_on"].dropna().tolist()
    assert len(left) == enterprise_movement(session, FIRST_HALF).left


def test_members_are_found_by_library_grade_name_and_code(session: Session, cases: SmallCases) -> None:
    session.execute(update(Enterprise).where(Enterprise.uscc == "U0").values(name="百分之100%_公司"))
    assert len(members_in(session, FIRST_HALF, library="contractor")) == 2
    assert len(members_in(session, FIRST_HALF, grade=NO_GRADE)) == 5
    assert members_in(session, FIRST_HALF, grade="A").empty
    assert members_in(session, FIRST_HALF, search=" u0 ")["name"].tolist() == ["百分之100%_公司"]
    assert len(members_in(session, FIRST_HALF, search="%_公")) == 1
    assert members_in(session, FIRST_HALF, search="没有这家").empty
