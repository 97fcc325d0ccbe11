"""How numbers are written on pages and in exports."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pandas as pd
import pytest
from openpyxl import load_workbook

from dashboard.exports import as_csv, as_xlsx
from dashboard.headline import amount, counted, rate
from dashboard.numbers import percent, wan, whole
from dashboard.tables import Column, presentable


@pytest.mark.parametrize(
    ("yuan", "shown"),
    [
        (Decimal("906219100.00"), "90,621.91"),
        (Decimal("10050.00"), "1.01"),  # half-up, where a float would say 1.00
        (Decimal("-10050.00"), "-1.01"),
        (Decimal("0"), "0.00"),
        (None, "-"),
    ],
)
def test_yuan_are_shown_in_ten_thousands_rounded_half_up(yuan: Decimal | None, shown: str) -> None:
    assert wan(yuan) == shown


def test_the_published_rate_rounds_to_9_24_percent() -> None:
    assert percent(Decimal("1822.31") / Decimal("19723.07")) == "9.24%"


def test_nothing_is_a_dash_and_zero_a_zero() -> None:
    assert (whole(None), whole(0), whole(1234)) == ("-", "0", "1,234")


def test_a_difference_says_from_what_to_what() -> None:
    assert counted(78, 72) == ("78", "+6", "72→78")
    assert counted(5, 9) == ("5", "−4", "9→5")
    assert amount(Decimal(20_000), Decimal(10_050)) == ("2.00", "+1.00", "1.01→2.00")
    assert counted(5, None) == ("5", "", "")


def test_a_rate_differs_by_the_points_that_are_shown() -> None:
    value, change, base = rate(Decimal("0.13625"), Decimal("0.1204"))
    assert (value, base) == ("13.63%", "12.04%→13.63%")
    assert "+1.59" in change
    assert rate(None, Decimal(1))[1:] == ("", "")


COLUMNS = {
    "decided_at": Column("决定时间", "time"),
    "on": Column("日期", "day"),
    "method": Column("方式", codes="method"),
    "kind": Column("事项", codes="event_kind"),
    "budget": Column("预算价", "wan"),
    "rate": Column("节约率", "percent"),
    "points": Column("扣分", "count"),
    "note": Column("说明"),
}
ROWS = pd.DataFrame(
    {
        "decided_at": [datetime(2022, 12, 31, 16, 0, tzinfo=UTC), datetime(2023, 1, 1, tzinfo=UTC)],
        "on": [date(2023, 1, 1), None],
        "method": ["open", None],
        "kind": ["check_in", "专家迟到"],
        "budget": [Decimal("10050.00"), None],
        "rate": [0.0924, float("nan")],
        "points": [Decimal(2), None],
        "note": ["=1+1", None],
    }
)
KINDS = {column.heading: column.kind for column in COLUMNS.values()}


def test_a_table_reads_in_local_time_words_and_ten_thousands() -> None:
    first, second = presentable(ROWS, COLUMNS).to_dict("records")
    assert first["决定时间"] == pd.Timestamp(2023, 1, 1)
    assert (first["方式"], second["方式"]) == ("公开招标", "未记载")
    assert (first["事项"], second["事项"]) == ("签到", "专家迟到")
    assert (first["预算价（万元）"], first["节约率（%）"], first["扣分"]) == (1.01, 9.24, 2)
    assert pd.isna(second["预算价（万元）"])
    assert second["说明"] == "-"


def test_the_csv_opens_in_excel_and_holds_no_formula() -> None:
    data = as_csv(presentable(ROWS, COLUMNS), KINDS)
    assert data.startswith(b"\xef\xbb\xbf")
    heading, first, second = data.decode("utf-8-sig").splitlines()
    assert heading.startswith("决定时间,日期,方式")
    assert first == "2023-01-01 00:00,2023-01-01,公开招标,签到,1.01,9.24,2,'=1+1"
    assert second == "2023-01-01 08:00,,未记载,专家迟到,,,,-"


def test_the_workbook_holds_numbers_as_numbers_and_text_as_text() -> None:
    sheet = load_workbook(BytesIO(as_xlsx(presentable(ROWS, COLUMNS), KINDS, title="penalties"))).worksheets[
        0
    ]
    row = {heading.value: cell for heading, cell in zip(sheet[1], sheet[2], strict=True)}
    assert row["预算价（万元）"].value == 1.01
    assert row["预算价（万元）"].number_format == "#,##0.00"
    assert (row["说明"].value, row["说明"].data_type) == ("=1+1", "s")
    assert row["日期"].number_format == "yyyy-mm-dd"
    assert sheet["E3"].value is None
    assert sheet.freeze_panes == "A2"
