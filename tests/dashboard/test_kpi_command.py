"""`python -m dashboard kpi`: the published half-year to the last digit, the table, and wrong dates."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.__main__ import main
from dashboard.commands.kpi import as_table
from domain.kpi import Figures, LandPremium, Mall, Movement, Openings, Penalties, Received, Trading
from domain.periods import half_year_of
from domain.vocabulary import ProjectClass
from tests.demo_database import TODAY, filled_database

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo_url(server_url: str) -> Iterator[str]:
    with filled_database(server_url) as engine:
        yield engine.url.render_as_string(hide_password=False)


def _kpi(database_url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dashboard", "kpi", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_published_half_year_is_printed_as_json_to_the_last_digit(demo_url: str) -> None:
    done = _kpi(demo_url, "--from", "2023-01-01", "--to", "2023-07-01", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "total": {
            "transactions": 141,
            "budget": "906219100.00",
            "award": "782763800.00",
            "saving": "123455300.00",
            "saving_rate": pytest.approx(123455300 / 906219100, abs=1e-12),
        },
        "by_class": {
            "works": {
                "transactions": 111,
                "budget": "708988400.00",
                "award": "603756200.00",
                "saving": "105232200.00",
                "saving_rate": pytest.approx(105232200 / 708988400, abs=1e-12),
            },
            "procurement": {
                "transactions": 30,
                "budget": "197230700.00",
                "award": "179007600.00",
                "saving": "18223100.00",
                "saving_rate": pytest.approx(18223100 / 197230700, abs=1e-12),
            },
            "land": {
                "transactions": 0,
                "budget": "0.00",
                "award": "0.00",
                "saving": None,
                "saving_rate": None,
            },
        },
        "land": {"premium": "0.00"},
        "openings": {
            "supervised": 78,
            "by_method": {"open": 42, "selective": 36, "limited": 0, "direct": 0},
        },
        "simplified": 51,
        "expert_draws": 312,
        "expert_penalties": {"person_times": 9, "persons": 8},
        "complaints": {"received": 4, "open": 0},
        "petitions": {"received": 2, "open": 0},
        "enterprises": {"opening": 113, "joined": 15, "left": 3, "closing": 125},
        "mall": {"orders": 95, "amount": "6800000.00"},
        "inspections": 1,
    }


def test_without_json_it_is_a_table_in_chinese_in_wan_yuan(demo_url: str) -> None:
    done = _kpi(demo_url, "--from", "2023-01-01", "--to", "2023-07-01")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "统计期 2023-01-01 至 2023-06-30（北京时间，共 181 天）"
    assert [line.split() for line in lines[2:7]] == [
        ["类别", "成交数（标段）", "预算（万元）", "成交额（万元）", "节省（万元）", "节约率"],
        ["合计", "141", "90,621.91", "78,276.38", "12,345.53", "13.62", "%"],
        ["建设工程", "111", "70,898.84", "60,375.62", "10,523.22", "14.84", "%"],
        ["政府采购", "30", "19,723.07", "17,900.76", "1,822.31", "9.24", "%"],
        ["土地使用权", "0", "0.00", "0.00", "-", "-"],
    ]
    assert "开标监管（场）：78，共开标 82；公开 42、邀请 36" in lines
    assert "企业库（家）：期初 113，入库 15，出库 3，期末 125" in lines


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2023-13-01", "2023-07-01", "日期无效 / not a day: '2023-13-01'"),
        ("0001-01-01", "2023-07-01", "日期无效 / not a day: '0001-01-01'"),
        ("2023-01-01", "gestern", "日期无效 / not a day: 'gestern'"),
        ("2023-07-01", "2023-07-01", "期间为空：结束日期须晚于开始日期 / the period is empty"),
        ("2023-07-01", "2023-01-01", "期间为空：结束日期须晚于开始日期 / the period is empty"),
    ],
)
def test_wrong_dates_are_refused_with_the_mend(
    start: str, end: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["kpi", "--from", start, "--to", end])
    except SystemExit as ended:  # argparse ends by itself
        code = ended.code  # type: ignore[assignment]
    assert code == 2
    assert message in capsys.readouterr().err


def test_what_is_left_out_is_said() -> None:
    works = Trading(transactions=5, without_budget=2, other_currency=1)
    found = Figures(
        period=half_year_of(TODAY),
        by_class={ProjectClass.WORKS: works},
        land=LandPremium(),
        floor_sessions=0,
        openings=Openings(0, 0, {None: 0}),
        simplified=0,
        expert_draws=0,
        penalties=Penalties(0, 0),
        complaints=Received(0, 0),
        petitions=Received(0, 0),
        enterprises=Movement(0, 0, 0, 0),
        mall=Mall(0, works.award),
        inspections=0,
    )
    lines = as_table(found).splitlines()
    assert "未计入节省：2 个标段未登记预算" in lines
    assert "未计入金额：1 个标段以外币计价" in lines
