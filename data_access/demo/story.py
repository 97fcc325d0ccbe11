"""Tells the whole history half-year by half-year: the same story on every machine and every day."""

from datetime import date

from data_access.demo import matters
from data_access.demo.cases import cases_of
from data_access.demo.dice import dice
from data_access.demo.experts import ExpertPool
from data_access.demo.floor import Floor
from data_access.demo.happenings import add_finding
from data_access.demo.library import EnterpriseLibrary
from data_access.demo.names import Unique
from data_access.demo.plan import Plan, PlannedSession
from data_access.demo.quotas import FIRST_DAY, Quota, quota_of
from data_access.demo.rooms import Bookings
from data_access.demo.season import Season
from domain.periods import Period, half_year_of
from domain.vocabulary import SessionType


def tell(until: date, watched_from: date) -> Plan:
    """Everything that happens up to the end of the half-year of `until`, and what leads to the next.

    `watched_from`: the first day on which the rooms with a camera belong to the schedule.
    """
    plan = Plan()
    floor = Floor(plan, Bookings(watched_from))
    library, experts, unique = EnterpriseLibrary(plan), ExpertPool(plan), Unique()
    library.found()
    experts.found()
    half_year = half_year_of(FIRST_DAY)
    # One half-year more: its first openings are held in the weeks before it.
    last = half_year_of(half_year_of(until).end)
    while half_year.start <= last.start:
        quota = quota_of(half_year)
        library.advance(half_year, quota)
        season = Season(half_year, plan, floor, library, unique)
        season.play(cases_of(half_year, quota))
        experts.advance(half_year, quota, season.panels)
        _find(floor.sessions, half_year, quota)
        matters.receive_complaints(plan, half_year, quota)
        matters.order_from_mall(plan, half_year, quota)
        matters.inspect(plan, half_year, quota, matters.active_awards(plan))
        half_year = half_year_of(half_year.end)
    return plan


def _find(sessions: list[PlannedSession], half_year: Period, quota: Quota) -> None:
    """监标发现问题: in supervised openings of the half-year."""
    rng = dice(f"findings {half_year.start}")
    open_to_it = [
        session
        for session in sessions
        if session.values["type"] == SessionType.OPENING
        and half_year.start_at <= session.at < half_year.end_at
        and any(person["role"] == "supervisor" for person in session.participants)
    ]
    for session in rng.sample(open_to_it, quota.findings):
        add_finding(rng, session)
