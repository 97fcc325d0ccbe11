from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from data_access import audit
from data_access.figures import figures
from data_access.models import (
    AuditEntry,
    Award,
    Enterprise,
    Expert,
    ExpertPenalty,
    ImportBatch,
    Lot,
    Project,
    Region,
    Room,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.workbook.importing import imports, preview_workbook
from data_access.workbook.reading import read
from data_access.workbook.template import rejected_workbook
from domain.periods import Period
from domain.vocabulary import AwardStatus
from tests.data_access.filled_workbook import (
    Rows,
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
    reasons,
)

HALF_YEAR = Period(date(2023, 1, 1), date(2023, 7, 1))
A, B, C, D = (f"9111000060003734{end}" for end in ("1L", "2L", "3L", "4L"))

BOOK: Rows = {
    "项目标段": [
        awarded("GC-1", 1000, 900, "2023-03-10", 招标方式="公开招标"),
        awarded("GC-2", 500.5, 480.25, "2023-06-30 23:59", 招标方式="邀请招标"),
        awarded("GC-3", 400000, 390000, "2023-01-01", unit="元", 招标方式="直接发包", 是否简易程序="是"),
        awarded("GC-4", 200, 150, "2023-04-01", 招标方式="公开招标", 中标状态="作废"),
        lot("GC-5", 金额单位="万元", 预算价=77, 招标方式="公开招标"),
        awarded("CG-1", 100, 88.8888, "2023-05-05", 项目类别="政府采购", 招标方式="竞争性磋商"),
        awarded("CG-2", 100, 90, "2023-07-01", 项目类别="政府采购", 招标方式="公开招标"),
        awarded("TD-1", None, 9200, "2023-06-01", 项目类别="土地使用权", 起始价=8000, 招标方式="拍卖"),
        awarded("DT-1", None, 100, "2022-12-31 23:59:59", 项目类别="03", 起始价=80),
    ],
    "场次": [
        opening("K-1", "GC-1", 实际开始="2023-02-28 09:31", 监督人员="赵某、钱某（远程）", 监标人="王某"),
        opening("K-2", "GC-2", 实际开始="2023-06-30 10:00", 监督人员="钱某（远程）", 场所="开标二室"),
        opening("K-3", "GC-3", 实际开始="2023-03-01 10:00", 监标人="王某"),
        opening("K-4", "GC-4", 实际开始="2023-03-02 10:00", 监督人员="赵某", 场次状态="已取消"),
        opening("K-5", "GC-5", 实际开始="2023-07-01 00:00", 监督人员="赵某"),
        opening("P-1", "TD-1", 实际开始="2023-06-01 10:00", 监督人员="赵某", 场次类型="土地拍卖"),
    ],
    "专家抽取": [
        draw("E1", "2023-02-27 15:00", "GC-1"),
        draw("E2", "2023-02-27 15:00", "GC-1"),
        draw("E1", "2023-06-29 15:00", "GC-2"),
        draw("E3", "2023-06-29 15:00", "GC-2", 应答="拒绝"),
        draw("E3", "2023-07-01", "GC-2"),
    ],
    "专家处罚": [
        penalty("W-1", "E1", "2023-03-05", 场次编号="K-1", 扣分=5),
        penalty("W-1", "E1", "2023-03-05", 违规行为="诱导澄清说明"),
        penalty("W-1", "E2", "2023-03-05", 处罚种类="警告"),
        penalty("W-2", "E4", "2023-07-01"),
    ],
    "企业库": [
        member(A, "2022-01-01"),
        member(A, "2023-02-01", "代理机构"),
        member(B, "2023-03-01"),
        member(C, "2022-05-01", 出库日期="2023-05-31"),
        member(D, "2023-07-01"),
    ],
    "投诉信访": [
        complaint("T-1", "2023-01-10", 办结时间="2023-02-01", 标段编号="GC-1"),
        complaint("T-2", "2023-06-20", 办结时间="2023-07-05"),
        complaint("X-1", "2023-04-01", "信访", 办结时间="2023-04-20"),
        complaint("L-1", "2023-04-01", "来信"),
    ],
    "商城订单": [
        order("S-1", 7.2, "2023-01-01", unit="万元"),
        order("S-2", 1234.56, "2023-06-30 23:59"),
        order("S-3", "0.50", "2023-03-03"),
        order("S-4", 1, "2023-07-01"),
    ],
    "标后检查": [
        {"检查编号": "J-1", "标段编号": "GC-1", "检查日期": "2023-06-15"},
        {"检查编号": "J-2", "检查日期": "2023-07-01"},
    ],
}  # fmt: skip
ROWS = sum(len(list(rows)) for rows in BOOK.values())


def one(session: Session, query: Any) -> Any:
    return session.execute(query).scalar_one()


def test_an_imported_workbook_gives_the_figures_worked_out_by_hand(session: Session) -> None:
    report = imported(session, BOOK)
    assert (counts(report), report.complete) == ({"new": ROWS}, True)
    works = 1000_0000 + 500_5000 + 40_0000
    found = figures(session, HALF_YEAR).as_json()
    assert found["by_class"] == {
        "works": {
            "transactions": 3,
            "budget": f"{works}.00",
            "award": "14192500.00",
            "saving": "1212500.00",
            "saving_rate": pytest.approx(1212500 / works),
        },
        "procurement": {
            "transactions": 1,
            "budget": "1000000.00",
            "award": "888888.00",
            "saving": "111112.00",
            "saving_rate": pytest.approx(0.111112),
        },
        "land": {
            "transactions": 1,
            "budget": "0.00",
            "award": "92000000.00",
            "saving": None,
            "saving_rate": None,
        },
    }
    assert found["total"] == {
        "transactions": 5,
        "budget": "16405000.00",
        "award": "107081388.00",
        "saving": "1323612.00",
        "saving_rate": pytest.approx(1323612 / 16405000),
    }
    assert {name: value for name, value in found.items() if name not in {"total", "by_class"}} == {
        "land": {"premium": "12000000.00"},
        "openings": {"supervised": 2, "by_method": {"open": 1, "selective": 1, "limited": 0, "direct": 0}},
        "simplified": 1,
        "expert_draws": 3,
        "expert_penalties": {"person_times": 3, "persons": 2},
        "complaints": {"received": 2, "open": 1},
        "petitions": {"received": 1, "open": 0},
        "enterprises": {"opening": 2, "joined": 1, "left": 1, "closing": 2},
        "mall": {"orders": 3, "amount": "73235.06"},
        "inspections": 1,
    }


def test_the_same_workbook_again_changes_nothing(session: Session) -> None:
    imported(session, BOOK)
    before = session.execute(text("SELECT id, batch_id, xmin::text FROM lot ORDER BY id")).all()
    again = imported(session, BOOK)
    assert counts(again) == {"unchanged": ROWS}
    assert session.execute(text("SELECT id, batch_id, xmin::text FROM lot ORDER BY id")).all() == before


def test_only_what_changed_is_updated_and_remembers_its_batch(session: Session) -> None:
    first = imported(session, {"项目标段": [awarded("A-1", 10, 9, "2023-03-01"), lot("B-1")]})
    second = imported(session, {"项目标段": [awarded("A-1", 10, 8, "2023-03-01"), lot("B-1")]})
    assert counts(second) == {"changed": 1, "unchanged": 1}
    assert one(session, select(Award.amount)) == Decimal("80000.00")
    assert one(session, select(Award.batch_id)) == second.batch_id
    assert one(session, select(Lot.batch_id).where(Lot.section_code == "A-1")) == first.batch_id


def test_a_blank_cell_empties_the_value_and_a_missing_column_leaves_it(session: Session) -> None:
    rows = [lot("A-1", 招标方式="公开招标", 投标截止时间="2023-03-01")]
    imported(session, {"项目标段": rows})
    csv = "项目编号,项目名称,项目类别,标段编号,标段名称,招标方式\nA,A 号工程,建设工程,A-1,施工,\n"
    report = imported_csv(session, "项目标段", csv)
    assert counts(report) == {"changed": 1}
    kept = session.execute(select(Lot.method, Lot.bid_deadline)).one()
    assert kept.method is None
    assert kept.bid_deadline is not None


def imported_csv(session: Session, sheet: str, written: str) -> Any:
    return imported_file(session, written.encode(), f"{sheet}.csv")


def test_blank_cells_about_a_project_or_an_expert_leave_what_is_known(session: Session) -> None:
    imported(
        session,
        {
            "项目标段": [lot("A-1", 代理机构="某代理")],
            "专家抽取": [draw("E1", "2023-02-01", 工作单位="某院")],
        },
    )
    imported(session, {"项目标段": [lot("A-1")], "专家抽取": [draw("E1", "2023-02-02")]})
    assert one(session, select(Project.agency)) == "某代理"
    assert one(session, select(Expert.employer)) == "某院"


def test_an_award_taken_out_of_the_row_is_cancelled_and_one_put_back_counts_again(session: Session) -> None:
    imported(session, {"项目标段": [awarded("A-1", 10, 9, "2023-03-01")]})
    emptied = imported(session, {"项目标段": [lot("A-1", 金额单位="万元", 预算价=10)]})
    assert counts(emptied) == {"changed": 1}
    assert one(session, select(Award.status)) == AwardStatus.CANCELLED
    assert counts(imported(session, {"项目标段": [lot("A-1", 金额单位="万元", 预算价=10)]})) == {
        "unchanged": 1
    }
    imported(session, {"项目标段": [awarded("A-1", 10, 9, "2023-03-01")]})
    assert one(session, select(Award.status)) == AwardStatus.ACTIVE


def test_another_source_never_leaves_a_second_award_that_counts(session: Session) -> None:
    imported(session, {"项目标段": [awarded("A-1", 10, 9, "2023-03-01")]})
    session.execute(update(Award).values(source_system="elsewhere", source_key="7"))
    imported(session, {"项目标段": [awarded("A-1", 10, 8, "2023-03-01")]})
    awards = session.execute(select(Award.source_system, Award.status).order_by(Award.source_system)).all()
    assert awards == [("elsewhere", "cancelled"), ("workbook", "active")]


def test_rows_that_refer_to_something_unknown_are_rejected_and_the_others_go_in(session: Session) -> None:
    report = imported(
        session,
        {
            "项目标段": [lot("A-1"), lot("A-2", 预算价="?")],
            "场次": [opening("K-1", "A-1、A-2"), opening("K-2", "A-1")],
            "专家处罚": [
                penalty("W-1", "E1", "2023-02-01", 场次编号="K-1"),
                penalty("W-2", "E2", "2023-02-01"),
            ],
            "标后检查": [{"检查编号": "J-1", "检查日期": "2023-03-01", "标段编号": "Z-9"}],
        },
    )
    assert (counts(report), report.complete) == ({"new": 3, "rejected": 4}, False)
    assert [(sheet, row, column) for sheet, row, column, _ in reasons(report)] == [
        ("项目标段", 3, "预算价"),
        ("场次", 2, "标段编号"),
        ("专家处罚", 2, "场次编号"),
        ("标后检查", 2, "标段编号"),
    ]
    assert session.scalars(select(Expert.code)).all() == ["E2"]


def test_a_later_workbook_may_refer_to_what_an_earlier_one_brought(session: Session) -> None:
    imported(session, {"项目标段": [lot("A-1")]})
    assert counts(imported(session, {"场次": [opening("K-1", "A-1")]})) == {"new": 1}


def test_a_session_takes_the_method_that_its_lots_share(session: Session) -> None:
    rows = [lot("A-1", 招标方式="邀请招标"), lot("A-2", 招标方式="邀请招标"), lot("A-3", 招标方式="公开招标")]
    sessions = [
        opening("K-1", "A-1；A-2"),
        opening("K-2", "A-1，A-3"),
        opening("K-3", "A-1", 招标方式="询价"),
        opening("K-4"),
    ]
    imported(session, {"项目标段": rows, "场次": sessions})
    methods = session.scalars(select(TradingSession.method).order_by(TradingSession.code)).all()
    assert methods == ["selective", None, "limited", None]


def test_the_lots_and_people_of_a_session_become_those_of_the_row(session: Session) -> None:
    lots = [lot("A-1"), lot("A-2")]
    imported(
        session,
        {"项目标段": lots, "场次": [opening("K-1", "A-1", 监督人员="赵某、钱某（远程）", 监标人="王某")]},
    )
    second = imported(session, {"场次": [opening("K-1", "A-2、A-1", 监督人员="钱某", 监标人="王某")]})
    assert counts(second) == {"changed": 1}
    assert len(session.scalars(select(SessionLot.lot_id)).all()) == 2
    people = session.execute(
        select(SessionParticipant.role, SessionParticipant.name, SessionParticipant.remote)
    )
    assert sorted(tuple(row) for row in people) == [("monitor", "王某", False), ("supervisor", "钱某", False)]
    written = "场次编号,场次类型,计划开始,场次状态,监标人\nK-1,开标,2023-02-28 09:30,已结束,\n"
    assert counts(imported_csv(session, "场次", written)) == {"changed": 1}
    assert [row.name for row in session.scalars(select(SessionParticipant))] == ["钱某"]


def test_an_unknown_room_is_made_for_its_strictest_use_and_a_known_one_is_kept(session: Session) -> None:
    session.add(Room(name="多功能厅", type="supervision"))
    session.flush()
    imported(
        session,
        {
            "场次": [
                opening("K-1", 场所="一室"),
                opening("K-2", 场所="一室", 场次类型="评标"),
                opening("K-3", 场所="二室", 场次类型="摇号"),
                opening("K-4", 场所="多功能厅"),
                opening("K-5"),
            ]
        },
    )
    rooms = dict(session.execute(select(Room.name, Room.type)).all())
    assert rooms == {"一室": "evaluation", "二室": "lottery", "多功能厅": "supervision"}
    assert one(session, select(TradingSession.room_id).where(TradingSession.code == "K-5")) is None


def test_an_enterprise_may_stand_in_two_libraries_and_return(session: Session) -> None:
    rows = [
        member(A, "2022-01-01", 出库日期="2022-06-30", 区划代码="440305"),
        member(A, "2023-01-01", 区划代码="440305"),
        member(A, "2023-01-01", "供应商", 是否本地="否"),
    ]
    assert counts(imported(session, {"企业库": rows})) == {"new": 3}
    enterprise = session.scalars(select(Enterprise)).one()
    assert (enterprise.uscc, enterprise.local, enterprise.region_code) == (A, False, "440305")
    assert one(session, select(Region.name)) == "南山区"


def test_the_end_of_a_suspension_is_stored_half_open(session: Session) -> None:
    imported(
        session,
        {"专家处罚": [penalty("W-1", "E1", "2023-03-05", 暂停起始日="2023-04-01", 暂停截止日="2023-09-30")]},
    )
    assert one(session, select(ExpertPenalty.suspended_to)) == date(2023, 10, 1)


def test_a_preview_tells_the_same_and_writes_nothing(session: Session) -> None:
    book = read(filled(BOOK), "台账.xlsx")
    assert counts(preview_workbook(session, book)) == {"new": ROWS}
    for model in (Project, Lot, Award, Room, Expert, ImportBatch, AuditEntry):
        assert session.scalars(select(model)).all() == []


def test_an_import_leaves_a_batch_and_a_chained_audit_entry(session: Session) -> None:
    report = imported(session, {"项目标段": [lot("A-1"), lot("A-2", 预算价="?")]})
    batch = imports(session)[0]
    assert (batch.id, batch.file_name, batch.imported_by) == (report.batch_id, "台账.xlsx", "tester")
    assert (batch.added, batch.changed, batch.unchanged, batch.rejected) == (1, 0, 0, 1)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject, entry.detail["new"]) == ("import", "台账.xlsx", 1)
    assert audit.first_broken(session) is None


def test_rejected_rows_come_back_and_go_in_once_mended(session: Session, tmp_path: Any) -> None:
    sheets: Rows = {"项目标段": [lot("A-1", 标段名称="=HYPERLINK(1)", 预算价="?", 金额单位="元"), lot("A-2")]}
    book = load_workbook_from(filled(sheets), tmp_path)
    book["项目标段"]["I2"].data_type = "s"  # a text that looks like a formula
    book.save(tmp_path / "bad.xlsx")
    report = imported_file(session, (tmp_path / "bad.xlsx").read_bytes())
    returned = rejected_workbook(report)
    assert returned is not None
    page = load_workbook_from(returned, tmp_path)["项目标段"]
    cells = {header.value: cell for header, cell in zip(page[1], page[2], strict=True)}
    assert (cells["标段名称"].value, cells["标段名称"].data_type) == ("=HYPERLINK(1)", "s")
    assert (cells["原行号"].value, page.max_row) == (2, 2)
    assert "【预算价】不是数字" in cells["退回原因"].value
    cells["预算价"].value = 5
    page.parent.save(tmp_path / "mended.xlsx")
    mended = imported_file(session, (tmp_path / "mended.xlsx").read_bytes())
    assert (counts(mended), mended.sheets[0].ignored_columns) == ({"new": 1}, ())
    assert rejected_workbook(mended) is None


def load_workbook_from(data: bytes, folder: Any) -> Any:
    file = folder / "any.xlsx"
    file.write_bytes(data)
    return load_workbook(file)


def test_a_sheet_with_a_wrong_header_counts_its_rows_as_rejected(session: Session) -> None:
    report = imported_csv(session, "商城订单", "订单号,金额\nS-1,5\nS-2,6\n")
    assert (counts(report), report.complete) == ({"rejected": 2}, False)
    assert report.as_json()["sheets"] == [
        {
            "sheet": "商城订单",
            "new": 0,
            "changed": 0,
            "unchanged": 0,
            "rejected": 2,
            "error": report.sheets[0].error.as_json(),
            "ignored_columns": [],
        }
    ]
