"""The enterprise library: stock and movement by month and by library, and the members."""

from datetime import date

import pandas as pd
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from data_access.figures import enterprise_movement
from data_access.models import Enterprise, LibraryMembership
from data_access.trading_figures import frame
from domain.periods import Period
from domain.vocabulary import Library

MOST_ROWS = 5000
NO_GRADE = ""


def monthly_movement(session: Session, period: Period) -> pd.DataFrame:
    """Enterprises month by month, each counted once over all libraries.

    Columns: month (date, its first day), opening, joined, left, closing (counts).
    """
    moves = [(month.start.replace(day=1), enterprise_movement(session, month)) for month in period.months()]
    return pd.DataFrame(
        [(month, move.opening, move.joined, move.left, move.closing) for month, move in moves],
        columns=["month", "opening", "joined", "left", "closing"],
    )


def movement_by_library(session: Session, period: Period) -> pd.DataFrame:
    """A row a library, in the order of `Library`; an enterprise may stand in several.

    Columns: library (code), opening, joined, left, closing (counts).
    """
    moves = [(library.value, enterprise_movement(session, period, library)) for library in Library]
    return pd.DataFrame(
        [(code, move.opening, move.joined, move.left, move.closing) for code, move in moves],
        columns=["library", "opening", "joined", "left", "closing"],
    )


def members_by_grade(session: Session, day: date) -> pd.DataFrame:
    """Memberships that hold at the start of `day`, by library and grade.

    Columns: library (code), grade (text; NO_GRADE when none is given), members (count of enterprises).
    """
    grade = func.coalesce(LibraryMembership.grade, NO_GRADE).label("grade")
    return frame(
        session,
        select(
            LibraryMembership.library,
            grade,
            func.count(LibraryMembership.enterprise_id.distinct()).label("members"),
        )
        .where(
            LibraryMembership.joined_on < day,
            or_(LibraryMembership.left_on.is_(None), LibraryMembership.left_on >= day),
        )
        .group_by(LibraryMembership.library, grade)
        .order_by(LibraryMembership.library, grade),
    )


def members_in(
    session: Session,
    period: Period,
    library: str | None = None,
    grade: str | None = None,
    search: str = "",
) -> pd.DataFrame:
    """The memberships that were in at the opening or joined in the period, newest first, at most MOST_ROWS.

    So whoever left in the period is among them, and the list agrees with the movement.

    Args:
        session: the database.
        period: the days.
        library: only this one (code).
        grade: only this one; NO_GRADE for those without.
        search: part of the name or of the credit code; empty for all.

    Returns:
        Columns: id (membership), name, uscc, local (bool), library (code), grade (or None), joined_on,
        left_on (date or None), leave_reason.
    """
    query = (
        select(
            LibraryMembership.id,
            Enterprise.name,
            Enterprise.uscc,
            Enterprise.local,
            LibraryMembership.library,
            LibraryMembership.grade,
            LibraryMembership.joined_on,
            LibraryMembership.left_on,
            LibraryMembership.leave_reason,
        )
        .join(Enterprise, Enterprise.id == LibraryMembership.enterprise_id)
        .where(
            LibraryMembership.joined_on < period.end,
            or_(LibraryMembership.left_on.is_(None), LibraryMembership.left_on >= period.start),
        )
        .order_by(LibraryMembership.joined_on.desc(), Enterprise.name, LibraryMembership.id)
        .limit(MOST_ROWS)
    )
    if library is not None:
        query = query.where(LibraryMembership.library == library)
    if grade is not None:
        query = query.where(func.coalesce(LibraryMembership.grade, NO_GRADE) == grade)
    if wanted := search.strip():
        query = query.where(
            or_(
                Enterprise.name.icontains(wanted, autoescape=True),
                Enterprise.uscc.icontains(wanted, autoescape=True),
            )
        )
    return frame(session, query)
