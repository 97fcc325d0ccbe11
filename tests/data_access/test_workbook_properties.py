"""Whatever valid rows a workbook holds: importing it again changes nothing, and their order says nothing."""

import random
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from data_access.models import Base
from data_access.workbook import closed_lists as lists
from data_access.workbook.kinds import Kind
from tests.data_access.filled_workbook import (
    awarded,
    complaint,
    counts,
    draw,
    filled,
    imported,
    imported_file,
    lot,
    member,
    opening,
    order,
    penalty,
)

NATURAL_KEYS = {"region": "code", "project": "code", "lot": "section_code", "room": "name", "expert": "code",
                "trading_session": "code", "enterprise": "uscc", "import_batch": "file_name"}  # fmt: skip
FILLED_TABLES = (
    "region", "project", "lot", "award", "room", "trading_session", "session_lot", "session_participant",
    "expert", "expert_draw_member", "expert_penalty", "enterprise", "library_membership", "complaint",
    "mall_order", "inspection",
)  # fmt: skip

LOTS = [f"P{project}-{number}" for project in range(3) for number in range(3)]
EXPERTS = [f"E{number}" for number in range(4)]
SESSIONS = [f"K{number}" for number in range(4)]
ENTERPRISES = [f"9111000060003734{number}L" for number in range(3)]

days = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 1, 1))
amounts = st.decimals(0, 10**6, places=4).map(float) | st.integers(0, 10**9)
blank = st.none()


def some(names: list[str], row: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the names, each with a row."""
    return st.dictionaries(st.sampled_from(names), row, max_size=len(names))


def word(kind: Kind) -> st.SearchStrategy[str]:
    """One of the words that the template offers."""
    return st.sampled_from(kind.choices)


def columns(**cells: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Cells by header."""
    return st.fixed_dictionaries(cells)


LOT_CELLS = columns(
    招标方式=blank | word(lists.METHOD),
    是否简易程序=blank | word(lists.YES_NO),
    标段状态=blank | word(lists.LOT_STATUS),
    投标截止时间=blank | days,
)
AWARD = st.tuples(amounts, amounts, days, word(lists.UNIT))
SESSION_CELLS = columns(
    场次类型=word(lists.SESSION_TYPE),
    场所=blank | st.sampled_from(["一室", "二室"]),
    招标方式=blank | word(lists.METHOD),
    实际开始=days,
    监督人员=blank | st.sampled_from(["赵某", "赵某、钱某（远程）", "钱某"]),
    监标人=blank | st.just("王某"),
    投标人数=blank | st.integers(0, 50),
)


@st.composite
def books(generate: Any) -> dict[str, list[dict[str, Any]]]:
    """A workbook's rows, all of them valid, in any number."""
    lots = generate(some(LOTS, st.tuples(LOT_CELLS, st.none() | AWARD)))
    codes = sorted(lots)
    a_lot = st.none() | st.sampled_from(codes) if codes else st.none()
    several = st.lists(st.sampled_from(codes), max_size=3).map("、".join) if codes else st.none()
    sessions = generate(some(SESSIONS, st.tuples(several, SESSION_CELLS)))
    held = sorted(sessions)
    a_session = st.none() | st.sampled_from(held) if held else st.none()
    experts, people = st.sampled_from(EXPERTS), st.sampled_from(ENTERPRISES)
    draws = generate(st.lists(st.tuples(experts, days, a_lot), max_size=6, unique=True))
    penalties = generate(
        some([f"W{n}" for n in range(4)], st.tuples(experts, days, a_session, word(lists.BEHAVIOUR)))
    )
    members = generate(st.lists(st.tuples(people, days, word(lists.LIBRARY)), max_size=6, unique=True))
    complaints = generate(some(["T1", "T2", "T3"], st.tuples(days, word(lists.COMPLAINT_TYPE), a_lot)))
    orders = generate(some(["S1", "S2", "S3"], st.tuples(amounts, days)))
    inspections = generate(some(["J1", "J2"], st.tuples(days, a_lot)))
    return {
        "项目标段": [
            lot(code, **cells) if award is None else awarded(code, *award[:3], unit=award[3], **cells)
            for code, (cells, award) in lots.items()
        ],
        "场次": [opening(code, listed, **cells) for code, (listed, cells) in sessions.items()],
        "专家抽取": [draw(*one) for one in draws],
        "专家处罚": [
            penalty(code, expert, day, 场次编号=held_in, 违规行为=behaviour)
            for code, (expert, day, held_in, behaviour) in penalties.items()
        ],
        "企业库": [member(*one) for one in members],
        "投诉信访": [complaint(code, day, kind, 标段编号=of) for code, (day, kind, of) in complaints.items()],
        "商城订单": [order(code, amount, day) for code, (amount, day) in orders.items()],
        "标后检查": [
            {"检查编号": code, "检查日期": day, "标段编号": of} for code, (day, of) in inspections.items()
        ],
    }


def contents(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables that an import fills, with natural keys in the place of ids."""
    return {name: _rows(session, Base.metadata.tables[name]) for name in FILLED_TABLES}


def _rows(session: Session, table: Table) -> list[tuple[Any, ...]]:
    query = select(table)
    shown = []
    for column in table.columns:
        target = next((key.column.table for key in column.foreign_keys), None)
        if column.name == "id":
            continue
        if target is None:
            shown.append(column)
            continue
        other = target.alias()
        query = query.outerjoin(other, other.c[next(iter(target.primary_key)).name] == column)
        shown.append(other.c[NATURAL_KEYS[target.name]])
    return sorted((tuple(row) for row in session.execute(query.with_only_columns(*shown))), key=repr)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(book=books(), seed=st.integers(0, 1000))
def test_a_workbook_means_the_same_again_and_in_any_order(session: Session, book: Any, seed: int) -> None:
    rows = sum(len(one) for one in book.values())
    file = filled(book)
    with session.begin_nested() as attempt:
        assert counts(imported_file(session, file)) == ({"new": rows} if rows else {})
        once = contents(session)
        assert counts(imported_file(session, file)) == ({"unchanged": rows} if rows else {})
        assert contents(session) == once
        attempt.rollback()
    shuffled = {name: random.Random(seed).sample(one, len(one)) for name, one in book.items()}
    with session.begin_nested() as attempt:
        imported(session, shuffled)
        assert contents(session) == once
        attempt.rollback()
