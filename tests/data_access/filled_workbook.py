"""Workbooks for tests: the template with rows filled in, as a person would."""

import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from openpyxl import load_workbook
from sqlalchemy.orm import Session

from data_access.workbook.importing import ImportReport, import_workbook
from data_access.workbook.reading import read
from data_access.workbook.template import empty_workbook
from data_access.workbook.words import State

Rows = Mapping[str, Iterable[Mapping[str, Any]]]

NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


_template = cache(empty_workbook)


def filled(sheets: Rows) -> bytes:
    """The template with these rows; a header that it does not have becomes a further column."""
    book = load_workbook(io.BytesIO(_template()))
    for name, rows in sheets.items():
        page = book[name]
        headers = [cell.value for cell in page[1]]
        for line, row in enumerate(rows, start=2):
            for header, value in row.items():
                if header not in headers:
                    headers.append(header)
                    page.cell(1, len(headers), header)
                page.cell(line, headers.index(header) + 1, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def imported(session: Session, sheets: Rows) -> ImportReport:
    """What importing these rows came to."""
    return imported_file(session, filled(sheets))


def imported_file(session: Session, data: bytes, file_name: str = "台账.xlsx") -> ImportReport:
    """What importing this file came to."""
    book = read(data, file_name)
    return import_workbook(session, book, sha256="0" * 64, actor="tester", now=NOW)


def counts(report: ImportReport) -> dict[str, int]:
    """Rows by what became of them, zeros left out."""
    return {state.value: report.count(state) for state in State if report.count(state)}


def reasons(report: ImportReport) -> list[tuple[str, int, str, str]]:
    """Sheet, row, column and Chinese reason of each problem."""
    return [(problem.sheet, problem.row, problem.column, problem.words.zh) for problem in report.problems]


def lot(code: str = "ZB-1-01", **more: Any) -> dict[str, Any]:
    """A row of 项目标段 with all that is required."""
    return {
        "项目编号": code.rpartition("-")[0],
        "项目名称": f"{code.rpartition('-')[0]} 号工程",
        "项目类别": "建设工程",
        "标段编号": code,
        "标段名称": "施工",
    } | more


def awarded(
    code: str, budget: Any, amount: Any, day: Any, *, unit: str = "万元", **more: Any
) -> dict[str, Any]:
    """A lot with budget and award."""
    return lot(code, 金额单位=unit, 预算价=budget, 成交价=amount, 中标日期=day, **more)


def opening(code: str, lots: str | None = None, **more: Any) -> dict[str, Any]:
    """A bid opening of 场次."""
    return {
        "场次编号": code,
        "场次类型": "开标",
        "标段编号": lots,
        "计划开始": "2023-02-28 09:30",
        "场次状态": "已结束" if "实际开始" in more else "待开始",
    } | more


def draw(expert: str, at: Any, lot_code: str | None = None, **more: Any) -> dict[str, Any]:
    """A row of 专家抽取."""
    return {
        "专家编号": expert,
        "专家姓名": f"{expert} 某",
        "标段编号": lot_code,
        "抽取时间": at,
        "应答": "接受",
    } | more


def penalty(document: str, expert: str, at: Any, **more: Any) -> dict[str, Any]:
    """A row of 专家处罚."""
    return {
        "处罚文号": document,
        "专家编号": expert,
        "专家姓名": f"{expert} 某",
        "处罚种类": "扣分",
        "违规行为": "擅离职守",
        "决定时间": at,
    } | more


def member(uscc: str, joined: Any, library: str = "施工单位", **more: Any) -> dict[str, Any]:
    """A row of 企业库."""
    return {"信用代码": uscc, "企业名称": f"{uscc[-4:]} 公司", "库类别": library, "入库日期": joined} | more


def complaint(code: str, received: Any, kind: str = "投诉", **more: Any) -> dict[str, Any]:
    """A row of 投诉信访."""
    return {"受理编号": code, "受理类型": kind, "事由": "评标结果", "受理时间": received} | more


def order(number: str, amount: Any, at: Any, *, unit: str = "元") -> dict[str, Any]:
    """A row of 商城订单."""
    return {"订单号": number, "金额单位": unit, "金额": amount, "下单时间": at}
