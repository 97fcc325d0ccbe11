"""Turns the procedures of a half-year into projects, lots, sessions and awards."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from data_access.demo import names
from data_access.demo.cases import Case
from data_access.demo.dice import dice
from data_access.demo.floor import Floor
from data_access.demo.library import EnterpriseLibrary
from data_access.demo.paperwork import Paperwork
from data_access.demo.plan import Plan, PlannedSession
from data_access.demo.quotas import is_sealed
from data_access.demo.workdays import on_workday, shifted
from domain.periods import Period
from domain.vocabulary import ProcurementMethod, ProjectClass

_SUBJECTS = {
    ProjectClass.WORKS: names.WORKS,
    ProjectClass.PROCUREMENT: names.PROCUREMENT,
    ProjectClass.LAND: names.LAND,
}
_CODE_LETTERS = {ProjectClass.WORKS: "GC", ProjectClass.PROCUREMENT: "CG", ProjectClass.LAND: "TD"}


@dataclass(frozen=True)
class Panel:
    """Experts to be drawn for an evaluation or a negotiation."""

    lot: str
    session: PlannedSession
    drawn_at: datetime
    size: int


@dataclass
class Season:
    """One half-year; `play` fills the plan and notes the panels to be drawn."""

    half_year: Period
    plan: Plan
    floor: Floor
    library: EnterpriseLibrary
    unique: names.Unique
    panels: list[Panel] = field(default_factory=list)
    _count: int = 0
    _lotteries: dict[date, list[str]] = field(default_factory=dict)

    def play(self, cases: list[Case]) -> None:
        """Plays all procedures."""
        rng = dice(f"season {self.half_year.start}")
        for case in cases:
            self._count += 1
            if case.simplified:
                self._play_simplified(rng, case)
            elif case.project_class is ProjectClass.LAND:
                self._play_auction(rng, case)
            elif case.method is ProcurementMethod.LIMITED:
                self._play_negotiation(rng, case)
            else:
                self._play_tender(rng, case)
        for day, lots in sorted(self._lotteries.items()):
            self.floor.lottery(rng, day, lots)

    def _play_simplified(self, rng: Random, case: Case) -> None:
        if case.method is ProcurementMethod.DIRECT:
            self._write(rng, case, shifted(case.decided_on, -2), names.SMALL_WORKS)
            return
        # The weekly lottery: the Thursday before the week of the award, or the last working day before it.
        thursday = case.decided_on - timedelta(days=case.decided_on.weekday() + 4)
        day = self._not_before_start(shifted(thursday + timedelta(days=1), -1))
        self._lotteries.setdefault(day, []).extend(self._write(rng, case, day, names.SMALL_WORKS))

    def _play_auction(self, rng: Random, case: Case) -> None:
        lots = self._write(rng, case, case.decided_on, names.LAND)
        self.floor.auction(rng, case.decided_on, lots)

    def _play_negotiation(self, rng: Random, case: Case) -> None:
        day = self._not_before_start(shifted(case.decided_on, -rng.randint(2, 6)))
        lots = self._write(rng, case, day, names.PROCUREMENT)
        session = self.floor.negotiation(rng, day, lots)
        self._draw(rng, case, lots[0], session, day)

    def _play_tender(self, rng: Random, case: Case) -> None:
        day = self._not_before_start(shifted(case.decided_on, -rng.randint(5, 10)))
        lots = self._write(rng, case, day, _SUBJECTS[case.project_class])
        opening = self.floor.opening(rng, day, case, lots)
        if case.drawn_experts and not case.failed:
            evaluation = self.floor.evaluation(rng, day, case, lots, after=opening)
            self._draw(rng, case, lots[0], evaluation, day)

    def _draw(self, rng: Random, case: Case, lot: str, session: PlannedSession, day: date) -> None:
        the_day_before = self._not_before_start(shifted(day, -1))
        draw = self.floor.expert_draw(rng, the_day_before, day, [lot])
        drawn_at = draw.at + timedelta(minutes=rng.randint(2, 8))
        self.panels.append(Panel(lot, session, drawn_at, case.drawn_experts))

    def _not_before_start(self, day: date) -> date:
        """Keeps a procedure inside a published half-year, whose counts are exact."""
        return max(day, on_workday(self.half_year.start)) if is_sealed(self.half_year) else day

    def _write(self, rng: Random, case: Case, opened_on: date, subjects: names.Subjects) -> list[str]:
        """The project with its lots and awards; the keys of the lots."""
        half = 1 if self.half_year.start.month == 1 else 2
        code = f"SFQ{self.half_year.start.year}{_CODE_LETTERS[case.project_class]}{half}{self._count:03d}"
        name, buyer = self.unique.project(rng, subjects)
        return Paperwork(self.plan, self.library).project(rng, case, code, opened_on, name=name, buyer=buyer)
