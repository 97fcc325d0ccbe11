"""The demo's enterprises: who is in which library from when until when, and who wins what."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from data_access.demo import names
from data_access.demo.dice import dice
from data_access.demo.plan import Plan, Planned
from data_access.demo.quotas import FIRST_DAY, LIBRARY_AT_FIRST_DAY, Quota
from data_access.models import Enterprise, LibraryMembership
from domain.periods import Period, midnight
from domain.vocabulary import Library, ProjectClass

_SHARES = {Library.CONTRACTOR: 48, Library.SUPPLIER: 30, Library.AGENCY: 12, Library.COST_CONSULTANT: 10}
_GRADES = ("A", "A", "B", "B", "B", "C", "D")
_REASONS = ("企业申请退出", "资质证书到期未延续", "履约评价不合格", "企业注销")
_FROM_ELSEWHERE = 40
_WINNING_LIBRARY = {ProjectClass.WORKS: Library.CONTRACTOR, ProjectClass.PROCUREMENT: Library.SUPPLIER}
_OUTSIDERS = (
    (ProjectClass.WORKS, "contractor"),
    (ProjectClass.PROCUREMENT, "supplier"),
    (ProjectClass.LAND, "developer"),
)


@dataclass
class Member:
    """An enterprise and the stay in its main library."""

    key: str
    name: str
    uscc: str
    library: Library
    since: date
    stay: Planned
    until: date | None = None


@dataclass
class EnterpriseLibrary:
    """Grows half-year by half-year; the count of distinct enterprises follows the quotas."""

    plan: Plan
    members: list[Member] = field(default_factory=list)
    outsiders: dict[ProjectClass, list[tuple[str, str]]] = field(default_factory=dict)
    _named: Counter[Library] = field(default_factory=Counter)

    def found(self) -> None:
        """The enterprises there were on the first day, and some that only come to bid."""
        rng = dice("library")
        for _ in range(LIBRARY_AT_FIRST_DAY):
            self._join(rng, FIRST_DAY - timedelta(days=rng.randint(30, 900)))
        for number in range(_FROM_ELSEWHERE):
            self._add_outsider(number)

    def advance(self, half_year: Period, quota: Quota) -> None:
        """Those who join, leave, change the library or enter a second one in the half-year."""
        rng = dice(f"library {half_year.start}")
        for _ in range(quota.joined):
            self._join(rng, _some_day(rng, half_year))
        settled = [m for m in self.members if m.until is None and m.since < half_year.start]
        chosen = rng.sample(settled, quota.left + 2)
        for member in chosen[: quota.left]:
            self._leave(member, _some_day(rng, half_year), rng.choice(_REASONS))
        self._change_library(chosen[-2], _some_day(rng, half_year))
        self._enter_second_library(chosen[-1], _some_day(rng, half_year))

    def winner(self, rng: Random, project_class: ProjectClass, day: date) -> tuple[str, str]:
        """Name and credit code of who wins a lot: mostly a member, early ones more often."""
        library = _WINNING_LIBRARY.get(project_class)
        here = [
            m
            for m in self.members
            if m.library == library and m.since <= day and (m.until is None or m.until > day)
        ]
        if not here or rng.random() < 0.2:
            return rng.choice(self.outsiders[project_class])
        member = here[int(len(here) * rng.random() ** 1.6)]
        return member.name, member.uscc

    def _join(self, rng: Random, day: date) -> None:
        number = len(self.members)
        library = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
        self._named[library] += 1
        key = f"enterprise-{number:04d}"
        name, uscc = names.enterprise(self._named[library] - 1, library), names.credit_code(number)
        self.plan.add(
            Planned(
                Enterprise,
                key,
                midnight(day),
                {"name": name, "uscc": uscc, "local": True, "region_code": names.REGION_CODE},
            )
        )
        stay = self._stay(key, library, day, rng.choice(_GRADES))
        self.members.append(Member(key, name, uscc, library, day, stay))

    def _stay(self, enterprise: str, library: Library, day: date, grade: str) -> Planned:
        return self.plan.add(
            Planned(
                LibraryMembership,
                f"member-{enterprise}-{library}-{day}",
                midnight(day),
                {"library": library, "grade": grade, "joined_on": day, "left_on": None, "leave_reason": None},
                {"enterprise_id": (Enterprise, enterprise)},
            )
        )

    def _leave(self, member: Member, day: date, reason: str) -> None:
        member.until = day
        member.stay.later.append((midnight(day), {"left_on": day, "leave_reason": reason}))

    def _change_library(self, member: Member, day: date) -> None:
        """Out of one and into another on the same day: the enterprise stays in the whole."""
        to = Library.SUPPLIER if member.library != Library.SUPPLIER else Library.CONTRACTOR
        self._leave(member, day, "转入其他库")
        member.library, member.since, member.until = to, day, None
        member.stay = self._stay(member.key, to, day, "B")

    def _enter_second_library(self, member: Member, day: date) -> None:
        other = Library.COST_CONSULTANT if member.library != Library.COST_CONSULTANT else Library.AGENCY
        second = self._stay(member.key, other, day, "C")
        second.later.append((midnight(day + timedelta(days=45)), {"left_on": day + timedelta(days=45)}))

    def _add_outsider(self, number: int) -> None:
        project_class, trade = _OUTSIDERS[number % len(_OUTSIDERS)]
        name = names.enterprise(number // len(_OUTSIDERS) + 3, trade, "邻江市")
        uscc = names.credit_code(5000 + number, "999800")
        self.plan.add(
            Planned(
                Enterprise,
                f"outsider-{number:03d}",
                midnight(FIRST_DAY),
                {"name": name, "uscc": uscc, "local": False, "region_code": None},
            )
        )
        self.outsiders.setdefault(project_class, []).append((name, uscc))


def _some_day(rng: Random, half_year: Period) -> date:
    return half_year.start + timedelta(days=rng.randrange(half_year.days))
