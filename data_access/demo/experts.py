"""The demo's experts: drawn for panels, penalised now and then, and not drawn while suspended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from data_access.demo import names
from data_access.demo.dice import dice
from data_access.demo.plan import Plan, Planned, PlannedSession
from data_access.demo.quotas import FIRST_DAY, Quota
from data_access.demo.season import Panel
from data_access.demo.workdays import in_office_hours, workdays
from data_access.models import Expert, ExpertDrawMember, ExpertPenalty, Lot, TradingSession
from domain.periods import Period, add_months, day_of, midnight
from domain.vocabulary import DrawResponse, PenaltyBehaviour, PenaltyKind

_EXPERTS = 260
_REFUSED = 0.13  # of those asked
_BY_BEHAVIOUR = {
    PenaltyBehaviour.LEAVING_POST: "评标期间擅自离开评标室约 20 分钟，影响评标进度",
    PenaltyBehaviour.NOT_FOLLOWING_CRITERIA: "客观分评分错误，未按招标文件规定的评标标准和方法评审",
    PenaltyBehaviour.NOT_RECUSING: "与投标人存在利害关系，应当回避而未主动回避",
    PenaltyBehaviour.NOT_REJECTING: "对依法应当否决的投标未提出否决意见",
    PenaltyBehaviour.INDUCING_CLARIFICATION: "暗示投标人作出澄清说明",
    PenaltyBehaviour.PRIVATE_CONTACT: "评标前与投标人私下联系",
    PenaltyBehaviour.OTHER: "接受抽取后无故迟到超过 30 分钟",
}
_BEHAVIOURS = tuple(_BY_BEHAVIOUR)
_BEHAVIOUR_WEIGHTS = (5, 8, 2, 3, 1, 1, 6)
_KINDS = (PenaltyKind.REMINDER, PenaltyKind.WARNING, PenaltyKind.POINT_DEDUCTION, PenaltyKind.SUSPENSION)
_KIND_WEIGHTS = (3, 3, 7, 3)
_GRAVE = frozenset(
    {PenaltyBehaviour.NOT_RECUSING, PenaltyBehaviour.PRIVATE_CONTACT, PenaltyBehaviour.INDUCING_CLARIFICATION}
)
_REGULATION = "《招标投标法实施条例》第七十一条"
_RULES = "《评标专家和评标专家库管理办法》"


@dataclass(frozen=True)
class _Drawn:
    expert: str
    session: PlannedSession


@dataclass
class ExpertPool:
    """Draws and penalises in the order of time."""

    plan: Plan
    out_until: dict[str, date] = field(default_factory=dict)
    recent: list[_Drawn] = field(default_factory=list)

    def found(self) -> None:
        """The experts there are."""
        rng = dice("experts")
        for number in range(1, _EXPERTS + 1):
            code = f"ZJ{number:04d}"
            self.plan.add(
                Planned(
                    Expert,
                    code,
                    midnight(FIRST_DAY) - timedelta(days=400),
                    {
                        "code": code,
                        "name": names.person(rng),
                        "employer": rng.choice(names.EMPLOYERS),
                        "speciality": rng.choice(names.SPECIALITIES),
                    },
                )
            )

    def advance(self, half_year: Period, quota: Quota, panels: Sequence[Panel]) -> None:
        """Draws the panels of a half-year and decides its penalties."""
        rng = dice(f"experts {half_year.start}")
        # Not in the first weeks: a penalty needs a session to have gone before.
        late_enough = Period(half_year.start + timedelta(days=24), half_year.end)
        days = workdays(late_enough)
        part = len(days) / quota.penalties
        decisions = [days[int(part * (n + rng.random()))] for n in range(quota.penalties)]
        repeated = quota.penalties - quota.penalised
        punished: list[_Drawn] = []
        waiting = sorted(panels, key=lambda panel: panel.drawn_at)
        for number, day in enumerate(decisions):
            while waiting and waiting[0].drawn_at < midnight(day):
                self._draw(rng, waiting.pop(0))
            again = number >= quota.penalties - repeated
            punished.append(self._penalise(rng, day, number, punished, again=again))
        for panel in waiting:
            self._draw(rng, panel)

    def _draw(self, rng: Random, panel: Panel) -> None:
        day = day_of(panel.drawn_at)
        able = [
            f"ZJ{n:04d}" for n in range(1, _EXPERTS + 1) if self.out_until.get(f"ZJ{n:04d}", date.min) <= day
        ]
        asked = iter(rng.sample(able, panel.size * 4))
        at, turn, substitute = panel.drawn_at, 0, False
        accepted = 0
        while accepted < panel.size:
            expert, turn = next(asked), turn + 1
            refused = rng.random() < _REFUSED and turn < panel.size * 3
            response = DrawResponse.ACCEPTED
            if refused:
                response = rng.choice((DrawResponse.DECLINED, DrawResponse.NO_ANSWER))
            self._write_draw(panel, turn, expert, at, response=response, substitute=substitute)
            if not refused:
                self.recent.append(_Drawn(expert, panel.session))
                accepted += 1
            at, substitute = at + timedelta(seconds=20), refused

    def _write_draw(
        self, panel: Panel, turn: int, expert: str, at: datetime, *, response: DrawResponse, substitute: bool
    ) -> None:
        self.plan.add(
            Planned(
                ExpertDrawMember,
                f"{panel.lot}-draw-{turn:02d}",
                at,
                {"drawn_at": at, "response": response, "replacement": substitute},
                {"lot_id": (Lot, panel.lot), "expert_id": (Expert, expert)},
            )
        )

    def _penalise(
        self, rng: Random, day: date, number: int, punished: list[_Drawn], *, again: bool
    ) -> _Drawn:
        """Penalises somebody who sat on a panel in the weeks before: a new person, or one once more."""
        self.recent = [d for d in self.recent if day_of(d.session.at) >= day - timedelta(days=120)]
        sat = [d for d in self.recent if day_of(d.session.at) < day - timedelta(days=2)]
        known = {d.expert for d in punished}
        if again:
            case = rng.choice([d for d in sat if d.expert in known and d not in punished] or punished[:1])
        else:
            case = rng.choice([d for d in sat if d.expert not in known and d.expert not in self.out_until])
        self._write_penalty(rng, case, day, number)
        return case

    def _write_penalty(self, rng: Random, case: _Drawn, day: date, number: int) -> None:
        behaviour = rng.choices(_BEHAVIOURS, _BEHAVIOUR_WEIGHTS)[0]
        kind = PenaltyKind.SUSPENSION if behaviour in _GRAVE else rng.choices(_KINDS, _KIND_WEIGHTS)[0]
        points = {PenaltyKind.POINT_DEDUCTION: rng.choice((2, 3, 5)), PenaltyKind.SUSPENSION: 10}.get(kind)
        by_the_regulation = behaviour is not PenaltyBehaviour.OTHER
        decided_at = in_office_hours(rng, day)
        start, end = _suspension(rng, kind, day)
        if end:
            self.out_until[case.expert] = end
        self.plan.add(
            Planned(
                ExpertPenalty,
                f"penalty-{day}-{number}",
                decided_at,
                {
                    "kind": kind,
                    "behaviour": behaviour,
                    "points": None if points is None else Decimal(points),
                    "suspended_from": start,
                    "suspended_to": end,
                    "decided_at": decided_at,
                    "decided_by": names.OFFICE,
                    "document_no": f"示公资监〔{day.year}〕{day.month * 4 + number}号",
                    "legal_basis": _REGULATION if by_the_regulation else _RULES,
                    "facts": _BY_BEHAVIOUR[behaviour],
                },
                {"expert_id": (Expert, case.expert), "session_id": (TradingSession, case.session.key)},
            )
        )


def _suspension(rng: Random, kind: PenaltyKind, day: date) -> tuple[date | None, date | None]:
    """Three, six or twelve months from the day after the decision."""
    if kind is not PenaltyKind.SUSPENSION:
        return None, None
    start = day + timedelta(days=1)
    months = rng.choice((3, 6, 6, 12))
    return start, add_months(start, months).replace(day=min(start.day, 28))
