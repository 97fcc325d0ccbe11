"""The demo's complaints and petitions, mall orders and inspections."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from data_access.demo import names
from data_access.demo.dice import dice
from data_access.demo.plan import Plan, Planned
from data_access.demo.quotas import PUBLISHED, Quota, proportional
from data_access.demo.workdays import at, in_office_hours, seasonal_days, shifted, workdays
from data_access.models import Award, Complaint, Inspection, Lot, MallOrder
from domain.periods import Period, midnight
from domain.vocabulary import ComplaintTrack, ComplaintType

_SUBJECTS = {
    ComplaintType.COMPLAINT: "对评标结果的投诉",
    ComplaintType.PETITION: "反映招标文件设置不合理条件",
    ComplaintType.OBJECTION: "对中标候选人公示的异议",
    ComplaintType.QUERY: "对采购文件的质疑",
    ComplaintType.LETTER: "来信反映投标保证金退还问题",
}
_RESULTS = (
    "投诉不成立，驳回",
    "部分成立，责令改正",
    "成立，责令重新评标",
    "已答复，对方无异议",
    "已答复并办结",
)
_SUPPLIERS = tuple(
    f"示范区{word}商贸有限公司" for word in ("百川", "千帆", "万木", "晨曦", "暮云", "秋实", "春和")
)


def receive_complaints(plan: Plan, half_year: Period, quota: Quota) -> None:
    """Complaints and petitions by quota, and some objections, queries and letters."""
    rng = dice(f"complaints {half_year.start}")
    counts = {
        ComplaintType.COMPLAINT: quota.complaints,
        ComplaintType.PETITION: quota.petitions,
        ComplaintType.OBJECTION: rng.randint(4, 9),
        ComplaintType.QUERY: rng.randint(2, 6),
        ComplaintType.LETTER: rng.randint(0, 3),
    }
    # Of a published half-year it is known that all were closed before its end.
    closing = half_year.end - timedelta(days=75 if half_year.start in PUBLISHED else 0)
    first = half_year.start + timedelta(days=12)
    days = workdays(Period(first, closing))
    lots = [row.key for row in plan.of(Lot) if row.at < midnight(first)][-60:]
    received = sorted((rng.choice(days), kind) for kind, count in counts.items() for _ in range(count))
    for number, (day, kind) in enumerate(received, start=1):
        _receive(plan, rng, day, kind, f"SL{day:%Y%m}{number:03d}", lot=rng.choice(lots))


def _receive(plan: Plan, rng: Random, day: date, kind: ComplaintType, code: str, *, lot: str) -> None:
    received = in_office_hours(rng, day)
    decided = in_office_hours(
        rng, shifted(day, rng.randint(8, 42 if kind is ComplaintType.COMPLAINT else 24))
    )
    track = ComplaintTrack.PROCUREMENT if "CG" in lot else ComplaintTrack.WORKS
    # Works: 3 working days to accept and 30 to decide; procurement: 30.
    due = shifted(day, 30 if track is ComplaintTrack.PROCUREMENT else 33)
    results = _RESULTS[:3] if kind is ComplaintType.COMPLAINT else _RESULTS[3:]
    plan.add(
        Planned(
            Complaint,
            code,
            received,
            {
                "code": code,
                "type": kind,
                "track": track,
                "subject": _SUBJECTS[kind],
                "received_at": received,
                "due_on": due,
                "decided_at": None,
                "result": None,
            },
            {"lot_id": (Lot, lot)},
            [(decided, {"decided_at": decided, "result": rng.choice(results)})],
        )
    )


def order_from_mall(plan: Plan, half_year: Period, quota: Quota) -> None:
    """Orders that add up to the quota's amount."""
    rng = dice(f"mall {half_year.start}")
    days = seasonal_days(rng, half_year, quota.orders)
    least = Decimal(800)
    weights = [rng.lognormvariate(0, 0.9) for _ in days]
    amounts = proportional(quota.order_amount - least * quota.orders, weights, Decimal("0.01"), least)
    for number, (day, amount) in enumerate(zip(days, amounts, strict=True), start=1):
        ordered = in_office_hours(rng, day)
        order_no = f"SC{day:%Y%m%d}{number:03d}"
        plan.add(
            Planned(
                MallOrder,
                order_no,
                ordered,
                {
                    "order_no": order_no,
                    "buyer": rng.choice(names.MALL_BUYERS),
                    "supplier": rng.choice(_SUPPLIERS),
                    "category": rng.choice(names.GOODS),
                    "amount": amount,
                    "ordered_at": ordered,
                },
            )
        )


def inspect(plan: Plan, half_year: Period, quota: Quota, awards: Sequence[Planned]) -> None:
    """标后履约检查 of lots awarded some weeks before."""
    rng = dice(f"inspections {half_year.start}")
    days = rng.sample(
        workdays(Period(half_year.start + timedelta(days=60), half_year.end)), quota.inspections
    )
    for number, day in enumerate(sorted(days), start=1):
        award = rng.choice([a for a in awards if a.at < midnight(day) - timedelta(days=14)])
        code = f"JC{day:%Y%m%d}{number:02d}"
        closed = shifted(day, rng.randint(5, 18))
        plan.add(
            Planned(
                Inspection,
                code,
                at(day, "10:00"),
                {
                    "code": code,
                    "enterprise_name": award.values["supplier_name"],
                    "inspected_on": day,
                    "result": rng.choice(("合格", "基本合格，限期整改", "合格")),
                    "closed_on": None,
                },
                {"lot_id": award.refs["lot_id"]},
                [(midnight(closed), {"closed_on": closed})],
            )
        )


def active_awards(plan: Plan) -> list[Planned]:
    """The awards that stand."""
    return [row for row in plan.of(Award) if row.values["status"] == "active"]
