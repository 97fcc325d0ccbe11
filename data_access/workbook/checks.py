"""What must hold within one row. Rejected is only what the figures could not use; the rest is a warning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from data_access.workbook.sheets import (
    COMPLAINTS,
    ENTERPRISES,
    INSPECTIONS,
    LOTS,
    PENALTIES,
    SESSIONS,
    Sheet,
)
from data_access.workbook.words import Problem, Severity, Words
from domain.vocabulary import CLASSES_WITHOUT_SAVING, PenaltyKind, SessionStatus

Values = Mapping[str, object]
Found = Iterator[tuple[str, Words, Severity]]
"""Field, sentence, severity."""


def of_row(sheet: Sheet, number: int, values: Values) -> list[Problem]:
    """The problems of a row whose cells can all be read."""
    return [
        Problem(sheet.name, number, sheet.header(field), words, severity)
        for check in _CHECKS.get(sheet.name, ())
        for field, words, severity in check(values)
    ]


def _award_is_whole(values: Values) -> Found:
    filled = {field for field in values if field.startswith("award.") and values[field] is not None}
    needed = ("award.amount", "award.decided_at")
    for field in needed if filled else ():
        if field not in filled:
            words = Words(
                "填了中标信息的行，成交价和中标日期都要填", "an award needs its amount and its date"
            )
            yield field, words, Severity.REJECTED


def _award_can_be_judged(values: Values) -> Found:
    award, budget, start = (values.get(f) for f in ("award.amount", "lot.budget", "lot.starting_price"))
    if award is None:
        return
    sold = values["project.project_class"] in CLASSES_WITHOUT_SAVING
    if sold and start is None:
        words = Words("没有起始价，溢价无法计算", "without a starting price no premium can be worked out")
        yield "lot.starting_price", words, Severity.WARNING
    if not sold and budget is None:
        words = Words("没有预算价，节约额无法计算", "without a budget no saving can be worked out")
        yield "lot.budget", words, Severity.WARNING
    if not sold and budget is not None and award > budget:  # type: ignore[operator]
        words = Words(
            "成交价高于预算价，请核对金额和单位", "the award is above the budget: check amount and unit"
        )
        yield "award.amount", words, Severity.WARNING


def _counts_in_a_period(values: Values) -> Found:
    if values["session.status"] == SessionStatus.DONE and values.get("session.actual_start") is None:
        words = Words(
            "已结束的场次没有实际开始时间，不会计入任何统计期",
            "a session that is done without an actual start counts in no period",
        )
        yield "session.actual_start", words, Severity.WARNING


def _suspension_has_days(values: Values) -> Found:
    if values["penalty.kind"] != PenaltyKind.SUSPENSION:
        return
    for field in ("penalty.suspended_from", "penalty.suspended_to"):
        if values.get(field) is None:
            words = Words("暂停评标没有填起止日期", "a suspension without its days")
            yield field, words, Severity.WARNING


def _in_order(first: str, last: str, *, severity: Severity = Severity.REJECTED) -> Callable[[Values], Found]:
    def check(values: Values) -> Found:
        start, end = values.get(first), values.get(last)
        if isinstance(start, date) and isinstance(end, date) and end < start:
            yield last, Words("早于开始的时间", "earlier than its beginning"), severity

    return check


_CHECKS: dict[str, tuple[Callable[[Values], Found], ...]] = {
    LOTS.name: (
        _award_is_whole,
        _award_can_be_judged,
        _in_order("lot.published_at", "lot.bid_deadline", severity=Severity.WARNING),
    ),
    SESSIONS.name: (
        _counts_in_a_period,
        _in_order("session.planned_start", "session.planned_end"),
        _in_order("session.actual_start", "session.actual_end"),
    ),
    PENALTIES.name: (_suspension_has_days, _in_order("penalty.suspended_from", "penalty.suspended_to")),
    ENTERPRISES.name: (_in_order("membership.joined_on", "membership.left_on"),),
    COMPLAINTS.name: (_in_order("complaint.received_at", "complaint.decided_at"),),
    INSPECTIONS.name: (_in_order("inspection.inspected_on", "inspection.closed_on"),),
}
