"""`kpi --from DAY --to DAY [--json]`: the supervisors' figures of a period."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from unicodedata import east_asian_width

from domain.kpi import Figures, Trading
from domain.periods import EmptyPeriod, Period
from domain.vocabulary import ProcurementMethod, ProjectClass

_YEARS = range(1900, 2200)
_CLASSES = {
    ProjectClass.WORKS: "建设工程",
    ProjectClass.PROCUREMENT: "政府采购",
    ProjectClass.LAND: "土地使用权",
    ProjectClass.MINING: "矿业权",
    ProjectClass.PROPERTY: "国有产权",
    ProjectClass.OTHER: "其他",
}
_METHODS = {
    ProcurementMethod.OPEN: "公开",
    ProcurementMethod.SELECTIVE: "邀请",
    ProcurementMethod.LIMITED: "竞争性谈判等",
    ProcurementMethod.DIRECT: "直接发包",
    None: "方式未登记",
}


def register(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """Adds the command."""
    parser = commands.add_parser("kpi", help="统计指标 / the figures of a period")
    for flag, name, meaning in (
        ("--from", "start", "首日，北京时间 / first day, Asia/Shanghai"),
        ("--to", "end", "末日的次日，不含 / the day after the last, not included"),
    ):
        parser.add_argument(flag, dest=name, type=day, required=True, metavar="YYYY-MM-DD", help=meaning)
    parser.add_argument(
        "--json", action="store_true", help="输出 JSON，金额单位为元 / print JSON, amounts in yuan"
    )
    parser.set_defaults(run=run)


def day(text: str) -> date:
    """A day written YYYY-MM-DD; otherwise argparse prints the message and ends with status 2."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise ArgumentTypeError(f"日期无效 / not a day: {text!r}，请写成 / write it like 2023-01-01")
    return found


def run(args: Namespace) -> int:
    """Prints the figures; 2 when the period is empty."""
    # pandas and SQLAlchemy come with these: only this command pays for them.
    from data_access.engine import transaction
    from data_access.figures import figures

    try:
        period = Period(args.start, args.end)
    except EmptyPeriod as empty:
        print(empty, file=sys.stderr)
        return 2
    with transaction() as session:
        found = figures(session, period)
    print(json.dumps(found.as_json()) if args.json else as_table(found))
    return 0


def as_table(found: Figures) -> str:
    """The figures as lines of text in Chinese; amounts in 万元."""
    head = ["类别", "成交数（标段）", "预算（万元）", "成交额（万元）", "节省（万元）", "节约率"]
    trading = [("合计", found.total), *((_CLASSES[code], of) for code, of in found.by_class.items())]
    rows = [head, *([name, *_trading_cells(of)] for name, of in trading)]
    period = found.period
    return "\n".join(
        [
            f"统计期 {period.start} 至 {period.last_day}（北京时间，共 {period.days} 天）",
            "",
            *_aligned(rows),
            "",
            *(f"{label}：{value}" for label, value in _other_lines(found)),
        ]
    )


def _trading_cells(of: Trading) -> list[str]:
    rate = "-" if of.saving_rate is None else f"{_rounded(of.saving_rate * 100)} %"
    return [str(of.transactions), _wan(of.budget), _wan(of.award), _wan(of.saving), rate]


def _other_lines(found: Figures) -> list[tuple[str, str]]:
    openings, library, total = found.openings, found.enterprises, found.total
    methods = "、".join(f"{_METHODS[code]} {n}" for code, n in openings.by_method.items() if n)
    lines = [
        ("土地溢价（万元）", _wan(found.land.premium)),
        ("进场场次（场）", str(found.floor_sessions)),
        (
            "开标监管（场）",
            f"{openings.supervised}，共开标 {openings.held}" + (f"；{methods}" if methods else ""),
        ),
        ("简易程序发包（标段）", str(found.simplified)),
        ("抽取专家（人次）", str(found.expert_draws)),
        ("专家处罚", f"{found.penalties.person_times} 人次，{found.penalties.persons} 人"),
        ("投诉（件）", f"收到 {found.complaints.received}，期末未办结 {found.complaints.open}"),
        ("信访（件）", f"收到 {found.petitions.received}，期末未办结 {found.petitions.open}"),
        (
            "企业库（家）",
            f"期初 {library.opening}，入库 {library.joined}，出库 {library.left}，期末 {library.closing}",
        ),
        ("网上商城", f"{found.mall.orders} 单，{_wan(found.mall.amount)} 万元"),
        ("标后履约检查（次）", str(found.inspections)),
    ]
    if total.without_budget:
        lines.append(("未计入节省", f"{total.without_budget} 个标段未登记预算"))
    if total.other_currency:
        lines.append(("未计入金额", f"{total.other_currency} 个标段以外币计价"))
    return lines


def _wan(yuan: Decimal | None) -> str:
    return "-" if yuan is None else f"{_rounded(yuan / 10_000):,}"


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns of equal width on a terminal, where a Chinese character takes two places; numbers right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        row[0]
        + " " * (widths[0] - _width(row[0]))
        + "".join(
            " " * (2 + width - _width(cell)) + cell for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
