import io
import re
import time
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from data_access.workbook import files
from data_access.workbook.reading import read
from data_access.workbook.rows import ReadSheet
from data_access.workbook.sheets import EXPLANATION, LOTS, SHEETS
from data_access.workbook.template import empty_workbook
from data_access.workbook.words import Severity, UnreadableWorkbook
from tests.data_access.filled_workbook import awarded, draw, filled, lot, member, opening, order, penalty


def sheet(name: str, data: bytes, file_name: str = "台账.xlsx") -> ReadSheet:
    return next(found for found in read(data, file_name).sheets if found.sheet.name == name)


def lots(*rows: dict[str, Any]) -> ReadSheet:
    return sheet("项目标段", filled({"项目标段": rows}))


def rejections(found: ReadSheet) -> list[tuple[int, str]]:
    return [
        (problem.row, problem.column)
        for row in found.rows
        for problem in row.problems
        if problem.severity is Severity.REJECTED
    ]


def warnings(found: ReadSheet) -> list[tuple[int, str]]:
    return [
        (problem.row, problem.column)
        for row in found.rows
        for problem in row.problems
        if problem.severity is Severity.WARNING
    ]


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def edited(data: bytes, part: str, edit: Any) -> bytes:
    """The file with one part of its archive passed through `edit`."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, edit(content) if name == part else content)
    return file.getvalue()


def test_the_template_has_a_sheet_a_kind_and_reads_as_empty() -> None:
    book = load_workbook(io.BytesIO(empty_workbook()))
    assert book.sheetnames == [EXPLANATION, *(sheet.name for sheet in SHEETS)]
    found = read(empty_workbook(), "模板.xlsx")
    assert [(one.sheet, one.rows, one.error, one.ignored_columns) for one in found.sheets] == [
        (sheet, (), None, ()) for sheet in SHEETS
    ]
    assert found.ignored_sheets == ()


def test_the_template_offers_closed_lists_and_keeps_codes_as_text() -> None:
    page = load_workbook(io.BytesIO(empty_workbook()))["项目标段"]
    letters = {cell.value: get_column_letter(index) for index, cell in enumerate(page[1], start=1)}
    offered = {str(rule.sqref).split("2:")[0]: rule.formula1 for rule in page.data_validations.dataValidation}
    assert offered[letters["项目类别"]] == '"建设工程,政府采购,土地使用权,矿业权,国有产权,其他"'
    assert offered[letters["金额单位"]] == '"元,万元"'
    # Excel takes no longer list.
    assert max(len(formula) for formula in offered.values()) < 255
    formats = {header: page.column_dimensions[letter].number_format for header, letter in letters.items()}
    assert formats["标段编号"] == formats["中标人信用代码"] == "@"
    assert formats["中标日期"] == "yyyy-mm-dd hh:mm"
    assert page.freeze_panes == "A2"


def test_the_explanation_names_every_column_its_need_and_an_example() -> None:
    page = load_workbook(io.BytesIO(empty_workbook()))[EXPLANATION]
    explained = {(row[0], row[1]): row[2] for row in page.iter_rows(values_only=True)}
    for one in SHEETS:
        for column in one.columns:
            assert explained[one.name, column.header] == ("必填" if column.required else "选填")


def test_amounts_become_yuan_to_the_fen_half_up() -> None:
    found = lots(
        awarded("A-1", 17900.76, 0.1, "2023-03-01"),
        awarded("A-2", 0.00004, 0.00005, "2023-03-01"),
        awarded("A-3", 12.345, "1,234.5", "2023-03-01", unit="元"),
        awarded("A-4", 1.0000005, 1.00000049, "2023-03-01"),
    )
    assert [(row.values["lot.budget"], row.values["award.amount"]) for row in found.rows] == [
        (Decimal("179007600.00"), Decimal("1000.00")),
        (Decimal("0.40"), Decimal("0.50")),
        (Decimal("12.35"), Decimal("1234.50")),
        (Decimal("10000.01"), Decimal("10000.00")),
    ]


def test_an_amount_without_its_unit_is_rejected_and_a_row_without_amount_needs_none() -> None:
    found = lots(lot("A-1", 预算价=100), lot("A-2"), lot("A-3", 预算价=1, 成交价=1, 中标日期="2023-03-01"))
    assert rejections(found) == [(2, "金额单位"), (4, "金额单位")]
    assert "预算价、成交价" in found.rows[2].problems[0].words.zh


def test_a_header_may_declare_the_unit_and_must_not_contradict_the_row() -> None:
    rows = [
        lot("A-1", **{"预算价（万元）": 2}),
        lot("A-2", **{"预算价（万元）": 3}, 金额单位="万元"),
        lot("A-3", **{"预算价（万元）": 4}, 金额单位="元"),
    ]
    book = load_workbook(io.BytesIO(filled({"项目标段": rows})))
    page = book["项目标段"]
    next(cell for cell in page[1] if cell.value == "预算价").value = "备注"
    found = sheet("项目标段", saved(book))
    assert found.rows[0].values["lot.budget"] == Decimal("20000.00")
    assert rejections(found) == [(4, "预算价")]
    assert found.ignored_columns == ("备注",)


def test_headers_may_be_spaced_full_width_starred_and_in_any_order_below_a_title() -> None:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = " 项目标段 "
    page.append(["示范区 2023 年台账"])
    page.merge_cells("A1:F1")
    page.append([])
    page.append(["标 段\n编号*", "标段名称", "　项目编号", "项目名称＊", "招标人/采购人", "类别", "自编"])
    page.append(["A-1", "施工", "A", "工程", "教育局", "02", "x"])
    page.append([None] * 7)
    page.append(["A-2", "监理", "A", "工程", "教育局", "政府采购", None])
    found = sheet("项目标段", saved(book))
    assert [(row.number, row.key, row.values["project.project_class"]) for row in found.rows] == [
        (4, "A-1", "procurement"),
        (6, "A-2", "procurement"),
    ]
    assert found.ignored_columns == ("自编",)


def test_missing_required_and_doubled_columns_are_errors_of_the_sheet() -> None:
    book = load_workbook(io.BytesIO(filled({"商城订单": [order("S-1", 5, "2023-03-01")]})))
    page = book["商城订单"]
    page["A1"].value = "编号"
    found = sheet("商城订单", saved(book))
    assert found.error is not None
    assert "订单号" in found.error.zh
    assert found.rows_unread == 1
    page["A1"].value, page["B1"].value = "订单号", "订单编号"
    doubled = sheet("商城订单", saved(book)).error
    assert doubled is not None
    assert "两次" in doubled.zh


def test_every_problem_of_a_row_is_told_with_its_column() -> None:
    found = lots(lot("A-1", 项目类别="工程", 公告时间="下周", 金额单位="亿元", 预算价=-5, 标段名称=" "))
    assert sorted(column for _, column in rejections(found)) == [
        "公告时间",
        "标段名称",
        "金额单位",
        "项目类别",
        "预算价",
    ]


def test_an_award_needs_amount_and_date_and_a_blank_one_nothing() -> None:
    found = lots(
        lot("A-1", 中标人="某公司"),
        lot("A-2", 金额单位="元", 成交价=5),
        lot("A-3", 中标日期="2023-03-01", 中标状态="作废"),
        lot("A-4"),
    )
    assert rejections(found) == [(2, "成交价"), (2, "中标日期"), (3, "中标日期"), (4, "成交价")]


def test_what_figures_cannot_use_is_a_warning() -> None:
    found = lots(
        awarded("A-1", None, 5, "2023-03-01"),
        awarded("A-2", 5, 6, "2023-03-01"),
        awarded("B-1", None, 6, "2023-03-01", 项目类别="土地使用权"),
        awarded("B-2", None, 6, "2023-03-01", 项目类别="土地使用权", 起始价=5),
        lot("A-5", 中标人信用代码=None, 区划代码="宝安区"),
    )
    assert warnings(found) == [(2, "预算价"), (3, "成交价"), (4, "起始价"), (6, "区划代码")]
    assert rejections(found) == []
    assert found.rows[4].values["project.region_code"] is None


def test_times_must_follow_each_other() -> None:
    data = filled(
        {
            "场次": [opening("K-1", 实际开始="2023-02-28 10:00", 实际结束="2023-02-28 09:00")],
            "企业库": [member("91110000600037341L", "2023-02-01", 出库日期="2023-01-31")],
            "专家处罚": [
                penalty("W-1", "E1", "2023-02-01", 暂停起始日="2023-03-02", 暂停截止日="2023-02-27")
            ],
        }
    )
    assert rejections(sheet("场次", data)) == [(2, "实际结束")]
    assert rejections(sheet("企业库", data)) == [(2, "出库日期")]
    assert rejections(sheet("专家处罚", data)) == [(2, "暂停截止日")]


def test_a_row_said_twice_is_fine_and_one_said_differently_is_rejected_each_time() -> None:
    found = lots(lot("A-1"), lot("B-1"), lot("A-1"), lot("C-1", 标段名称="一"), lot("C-1", 标段名称="二"))
    assert rejections(found) == [(5, "标段编号"), (6, "标段编号")]
    assert "第 6 行" in found.rows[3].problems[0].words.zh


def test_of_contradicting_rows_of_a_project_the_majority_stands() -> None:
    found = lots(
        lot("A-1"), lot("A-2"), lot("A-3", 项目名称="A 号工程（改）"), lot("A-4", 项目类别="政府采购")
    )
    assert rejections(found) == [(4, "项目名称"), (5, "项目类别")]
    assert "建设工程" in found.rows[3].problems[0].words.zh


def test_without_a_majority_no_contradicting_row_goes_in() -> None:
    data = filled(
        {
            "专家抽取": [draw("E1", "2023-02-01")],
            "专家处罚": [penalty("W-1", "E1", "2023-02-01", 专家姓名="另一人")],
        }
    )
    assert rejections(sheet("专家抽取", data)) == [(2, "专家姓名")]
    assert rejections(sheet("专家处罚", data)) == [(2, "专家姓名")]


def test_cells_under_a_merged_one_are_told() -> None:
    book = load_workbook(io.BytesIO(filled({"项目标段": [lot("A-1"), lot("A-2")]})))
    book["项目标段"].merge_cells("B2:B3")
    found = sheet("项目标段", saved(book))
    assert rejections(found) == [(3, "项目名称")]
    assert "合并" in found.rows[1].problems[0].words.zh


def test_a_formula_that_was_never_calculated_is_told_and_its_row_is_not_lost() -> None:
    data = filled(
        {"商城订单": [order("S-1", "=1+1", "2023-03-01"), dict.fromkeys(["订单号", "金额"], "=A2")]}
    )
    found = sheet("商城订单", data)
    assert rejections(found)[0] == (2, "金额")
    assert "公式" in found.rows[0].problems[0].words.zh
    assert [row.number for row in found.rows] == [2, 3]


def test_a_formula_with_its_result_counts_by_the_result() -> None:
    data = filled({"商城订单": [order("S-1", "=1+1", "2023-03-01")]})
    part = next(name for name in zipfile.ZipFile(io.BytesIO(data)).namelist() if name.endswith("sheet8.xml"))
    calculated = edited(
        data, part, lambda xml: re.sub(rb"<f>1\+1</f><v\s*/>|<f>1\+1</f><v></v>", b"<f>1+1</f><v>2</v>", xml)
    )
    assert sheet("商城订单", calculated).rows[0].values["order.amount"] == Decimal("2.00")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_one_sheet_may_come_as_csv(encoding: str) -> None:
    text = (
        '订单号,金额（元）,下单时间,品类\r\n0012,"1,234.5",2023/3/1 10:00,"桌,椅"\r\n\r\n0013,x,2023/3/1,\r\n'
    )
    found = sheet("商城订单", text.encode(encoding), "商城订单.csv")
    first = found.rows[0]
    assert (first.key, first.values["order.amount"]) == ("0012", Decimal("1234.50"))
    assert first.values["order.ordered_at"] == datetime(2023, 3, 1, 2, tzinfo=UTC)
    assert rejections(found) == [(4, "金额")]


def _zip(content: bytes, name: str = "xl/workbook.xml") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def _spoilt(old: bytes, new: bytes) -> bytes:
    """The template with something replaced in the sheet 项目标段."""
    return edited(empty_workbook(), "xl/worksheets/sheet2.xml", lambda xml: xml.replace(old, new))


_END = b"</sheetData>"
_ENTITIES = b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
BROKEN = {
    "empty": b"",
    "no archive": b"PK\x03\x04 not really",
    "text": "项目标段".encode(),
    "old or locked": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000),
    "other archive": _zip(b"x", "hello.txt"),
    "cut off": empty_workbook()[:-300],
    "broken sheet": _spoilt(b"</row>", b""),
    "no known sheet": saved(Workbook()),
    "far row": _spoilt(_END, b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>' + _END),
    "merged": _spoilt(_END, _END + b'<mergeCells><mergeCell ref="A2:XFD1048576"/></mergeCells>'),
    "entity bomb": edited(
        empty_workbook(),
        "xl/worksheets/sheet2.xml",
        lambda xml: (
            b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            + _ENTITIES
            + b"]>"
            + re.sub(rb"<t>[^<]*</t>", b"<t>&i;</t>", xml, count=1)
        ),
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_read_is_one_sentence_and_soon(kind: str) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableWorkbook) as told:
        read(BROKEN[kind], "台账.xlsx")
    assert told.value.words.zh
    assert told.value.words.en
    assert time.process_time() - began < 10


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 2**20)
    with pytest.raises(UnreadableWorkbook, match="解压后超过 1 MB"):
        read(_zip(bytes(2**20 + 1)), "台账.xlsx")


def test_a_broken_csv_is_one_sentence() -> None:
    for data in (b"\xff\xfe\x00\x81", '订单号,"金额'.encode()):
        with pytest.raises(UnreadableWorkbook):
            read(data, "商城订单.csv")
    with pytest.raises(UnreadableWorkbook, match="商城订单"):
        read(b"a,b", "别的.csv")


def test_too_many_rows_are_refused_and_too_large_files(monkeypatch: pytest.MonkeyPatch) -> None:
    data = filled({"项目标段": [lot("A-1"), lot("A-2")]})
    monkeypatch.setattr(files, "MOST_ROWS", 2)
    with pytest.raises(UnreadableWorkbook, match="2 行"):
        read(data, "台账.xlsx")
    monkeypatch.setattr(files, "LARGEST_FILE", 100)
    with pytest.raises(UnreadableWorkbook, match="MB"):
        read(data, "台账.xlsx")


def test_unknown_sheets_are_left_aside_and_named() -> None:
    book = load_workbook(io.BytesIO(filled({"项目标段": [lot("A-1")]})))
    book.create_sheet("汇总").append(["x"])
    found = read(saved(book), "台账.xlsx")
    assert found.ignored_sheets == ("汇总",)
    assert found.sheets[0].sheet is LOTS
