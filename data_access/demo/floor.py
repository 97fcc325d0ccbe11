"""The sessions of the demo's history: rooms, times, who was there and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from data_access.demo.cases import Case
from data_access.demo.happenings import events_of, participants_of
from data_access.demo.plan import Plan, PlannedSession
from data_access.demo.rooms import ROOMS_FOR, Bookings
from data_access.demo.workdays import at, shifted
from data_access.models import Room, TradingSession
from domain.periods import SHANGHAI
from domain.vocabulary import ProcurementMethod, ProjectClass, SessionStatus, SessionType

_OPENING_CLOCKS = ("09:30", "10:00", "09:00", "14:30", "15:00", "10:30", "11:00", "14:00", "16:00")
_DRAW_CLOCKS = ("15:00", "15:40", "16:20", "14:20", "17:00", "13:40", "11:20", "10:40", "10:00", "09:20")
_POSTPONED = 0.025  # share of openings


@dataclass
class Floor:
    """Plans sessions; all of them are over when they are written."""

    plan: Plan
    bookings: Bookings
    sessions: list[PlannedSession] = field(default_factory=list)

    def opening(self, rng: Random, day: date, case: Case, lots: list[str]) -> PlannedSession:
        """开标: half an hour to an hour and a half."""
        clocks = rng.sample(_OPENING_CLOCKS, len(_OPENING_CLOCKS))
        if rng.random() < _POSTPONED:
            self._postponed(shifted(day, -3), case, lots)
        return self._session(
            rng,
            SessionType.OPENING,
            day,
            lots,
            clocks=clocks,
            minutes=rng.randint(35, 85),
            method=case.method,
            bidders=_bidders(rng, case),
            supervised=case.supervised,
        )

    def evaluation(
        self, rng: Random, day: date, case: Case, lots: list[str], *, after: PlannedSession
    ) -> PlannedSession:
        """评标: after the opening, on the same day when it ends early enough."""
        # Half an hour later, on a round ten minutes.
        ready = after.at.astimezone(SHANGHAI) + timedelta(minutes=after.minutes + 30)
        ready -= timedelta(minutes=ready.minute % 10)
        clocks = [(ready + timedelta(minutes=30 * n)).strftime("%H:%M") for n in range(5)]
        return self._session(
            rng,
            SessionType.EVALUATION,
            day,
            lots,
            clocks=[clock for clock in clocks if clock < "19:00"] or ["19:00"],
            minutes=rng.randint(100, 230),
            method=case.method,
            bidders=after.bidders,
            supervised=case.supervised,
        )

    def negotiation(self, rng: Random, day: date, lots: list[str]) -> PlannedSession:
        """谈判: one to three hours."""
        return self._session(
            rng,
            SessionType.NEGOTIATION,
            day,
            lots,
            clocks=("09:30", "14:30", "16:30"),
            minutes=rng.randint(60, 110),
            method=ProcurementMethod.LIMITED,
            bidders=rng.randint(3, 5),
            supervised=rng.random() < 0.5,
        )

    def auction(self, rng: Random, day: date, lots: list[str]) -> PlannedSession:
        """土地拍卖."""
        return self._session(
            rng,
            SessionType.LAND_AUCTION,
            day,
            lots,
            clocks=("15:00", "10:00"),
            minutes=rng.randint(25, 90),
            method=ProcurementMethod.OPEN,
            bidders=rng.randint(1, 12),
            supervised=True,
        )

    def lottery(self, rng: Random, day: date, lots: list[str]) -> PlannedSession:
        """摇号: the week's small contracts together."""
        return self._session(
            rng,
            SessionType.LOTTERY,
            day,
            lots,
            clocks=("10:00", "15:00"),
            minutes=15 + 8 * len(lots),
            method=ProcurementMethod.LIMITED,
            bidders=rng.randint(14, 46),
            supervised=rng.random() < 0.8,
        )

    def expert_draw(self, rng: Random, day: date, evaluated_on: date, lots: list[str]) -> PlannedSession:
        """专家抽取: the afternoon before, else in the morning of the evaluation."""
        clocks = _DRAW_CLOCKS if day < evaluated_on else ("08:20", "08:00", "07:40")
        return self._session(
            rng,
            SessionType.EXPERT_DRAW,
            day,
            lots,
            clocks=clocks,
            minutes=15,
            method=None,
            bidders=0,
            supervised=False,
        )

    def _postponed(self, day: date, case: Case, lots: list[str]) -> None:
        """An opening that was cancelled and held some days later."""
        planned, code = at(day, "09:30"), self.bookings.number(SessionType.OPENING, day)
        self.plan.add(
            PlannedSession(
                TradingSession,
                f"history-{code}",
                planned,
                {
                    "code": code,
                    "type": SessionType.OPENING,
                    "method": case.method,
                    "room_id": None,
                    "off_site": False,
                    "planned_start": planned,
                    "planned_end": planned + timedelta(minutes=60),
                    "actual_start": None,
                    "actual_end": None,
                    "status": SessionStatus.CANCELLED,
                    "bidder_count": None,
                    "abnormal": False,
                },
                {"room_id": (Room, ROOMS_FOR[SessionType.OPENING][0])},
                lots=lots,
            )
        )

    def _session(
        self,
        rng: Random,
        kind: SessionType,
        day: date,
        lots: list[str],
        *,
        clocks: Sequence[str],
        minutes: int,
        method: ProcurementMethod | None,
        bidders: int,
        supervised: bool,
    ) -> PlannedSession:
        room, planned = self.bookings.book(kind, day, clocks, minutes)
        code = self.bookings.number(kind, day)
        # Nine of ten begin within five minutes of the plan.
        started = planned + timedelta(minutes=rng.choices((0, 1, 2, 3, 4, 8, 14), (5, 5, 4, 3, 2, 1, 1))[0])
        ended = started + timedelta(minutes=minutes, seconds=rng.randrange(60))
        events = events_of(rng, kind, started, ended, bidders)
        made = PlannedSession(
            TradingSession,
            f"history-{code}",
            started,
            {
                "code": code,
                "type": kind,
                "method": method,
                "room_id": None,
                "off_site": room is None,
                "planned_start": planned,
                "planned_end": planned + timedelta(minutes=-(-minutes // 30) * 30),
                "actual_start": started,
                "actual_end": ended,
                "status": SessionStatus.DONE,
                "bidder_count": bidders if kind is not SessionType.EXPERT_DRAW else None,
                "abnormal": any(event["kind"] in ("objection", "expert_left") for event in events),
            },
            {"room_id": (Room, room)} if room else {},
            lots=lots,
            participants=participants_of(rng, kind, supervised=supervised),
            events=events,
            minutes=minutes,
            bidders=bidders,
        )
        self.plan.add(made)
        self.sessions.append(made)
        return made


def _bidders(rng: Random, case: Case) -> int:
    """How many bid: under three fail; open works draw crowds now and then."""
    if case.failed:
        return rng.randint(0, 2)
    if case.project_class is ProjectClass.PROCUREMENT:
        return rng.randint(3, 9)
    if case.method is ProcurementMethod.SELECTIVE:
        return rng.randint(3, 12)
    return rng.randint(90, 160) if rng.random() < 0.06 else rng.randint(5, 48)
