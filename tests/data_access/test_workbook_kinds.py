import tomllib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from data_access.workbook import closed_lists, kinds
from data_access.workbook.kinds import Kind
from data_access.workbook.sheets import SHEETS, normal_header
from data_access.workbook.words import Unusable

TEXTS = Path(__file__).parents[2] / "dashboard" / "text" / "zh.toml"


@pytest.mark.parametrize(
    "written",
    [
        datetime(2023, 6, 30, 9, 30),  # noqa: DTZ001 - as spreadsheets give it
        datetime(2023, 6, 30, 9, 29, 59, 999997),  # noqa: DTZ001 - 09:30 in binary fractions of a day
        "2023-06-30 09:30",
        "2023-06-30T09:30:00",
        "2023/6/30 9:30",
        "2023.6.30 9:30",
        "2023年6月30日9时30分",
        "2023年6月30日 9点30分",
        "２０２３－０６－３０　０９：３０",
        "2023-06-30T09:30+08:00",
        "2023-06-30T01:30:00Z",
    ],
)
def test_an_instant_is_the_clock_in_shanghai_unless_a_zone_is_written(written: object) -> None:
    assert kinds.INSTANT.parse(written) == datetime(2023, 6, 30, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [date(2023, 6, 30), datetime(2023, 6, 30), "2023-06-30", "2023年6月30日", "20230630", 20230630],  # noqa: DTZ001
)
def test_a_day_without_time_is_midnight_in_shanghai(written: object) -> None:
    assert kinds.INSTANT.parse(written) == datetime(2023, 6, 29, 16, tzinfo=UTC)
    assert kinds.DAY.parse(written) == date(2023, 6, 30)


def test_the_last_day_of_a_suspension_becomes_the_first_day_without_it() -> None:
    assert kinds.LAST_DAY.parse("2023-12-31") == date(2024, 1, 1)


@pytest.mark.parametrize(
    "written",
    [
        "6月30日",
        "2023-13-01",
        "2023-02-30",
        "昨天",
        "2023-06-30 25:00",
        "2023-06-30 09:30 下午",
        "1923-06-30",
    ],
)
def test_what_is_no_date_is_refused(written: object) -> None:
    with pytest.raises(Unusable):
        kinds.INSTANT.parse(written)


@pytest.mark.parametrize(
    "written",
    [45107, 45107.5, True, time(9), timedelta(1), datetime(1899, 12, 31)],  # noqa: DTZ001
)
def test_a_number_or_a_time_is_no_date(written: object) -> None:
    with pytest.raises(Unusable):
        kinds.INSTANT.parse(written)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (0.1, "0.1"),
        (12, "12"),
        (17900.76, "17900.76"),
        ("1,234.56", "1234.56"),
        ("１，２３４．５６", "1234.56"),
        ("¥ 88", "88"),
        ("￥88", "88"),
        (0, "0"),
        (1e15, "1000000000000000"),
    ],
)
def test_a_number_is_read_exactly_as_written(written: object, number: str) -> None:
    assert kinds.MONEY.parse(written) == Decimal(number)


@pytest.mark.parametrize(
    "written", [-1, "-0.01", "500万元", "约 5", "", True, "nan", "1e999", 1e17, "1.2.3", "#N/A"]
)
def test_what_is_no_amount_is_refused(written: object) -> None:
    with pytest.raises(Unusable):
        kinds.MONEY.parse(written)


@pytest.mark.parametrize("written", [1.5, "3.2", -1, 10_000_000, "五"])
def test_a_count_is_a_whole_number(written: object) -> None:
    with pytest.raises(Unusable):
        kinds.COUNT.parse(written)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("ＺＢ－０１", "ZB-01"),
        ("  ZB 01\n", "ZB 01"),
        ("ZB\u200b-01", "ZB-01"),
        (2023, "2023"),
        (2023.0, "2023"),
    ],
)
def test_a_code_is_half_width_text(written: object, code: str) -> None:
    assert kinds.CODE.parse(written) == code


@pytest.mark.parametrize(
    "written",
    [9.144030012345679e17, 914403001234567890, "A,B", "A、B", "x" * 101, date(2023, 1, 1), True, "#REF!"],
)
def test_a_code_that_lost_its_end_or_is_several_is_refused(written: object) -> None:
    with pytest.raises(Unusable):
        kinds.CODE.parse(written)


def test_a_doubtful_credit_code_or_region_is_taken_with_a_warning() -> None:
    assert kinds.CREDIT_CODE.parse("91110000 600037341l") == "91110000600037341L"
    assert kinds.CREDIT_CODE.doubt("91110000600037341L") is None
    assert kinds.CREDIT_CODE.doubt("91110000600037341X") is not None
    assert kinds.REGION.doubt("440305") is None
    assert kinds.REGION.doubt("示范区") is not None


def test_names_carry_who_watched_from_afar() -> None:
    written = "张三、李四（远程）；王五(远程)，张三\n赵六"
    assert kinds.NAMES.parse(written) == {"张三": False, "李四": True, "王五": True, "赵六": False}


def test_a_cell_may_hold_several_codes() -> None:
    assert kinds.CODES.parse("A-1、A-2；A-3, A-1，A-4") == ("A-1", "A-2", "A-3", "A-4")
    assert kinds.CODES.parse(7) == ("7",)


def test_text_keeps_its_own_punctuation_and_loses_control_characters() -> None:
    assert kinds.TEXT.parse("  评标（一期），\u200b完成\n归档\x07 ") == "评标（一期），完成 归档"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("建设工程", "works"),
        ("01", "works"),
        (1, "works"),
        (" 政府 采购 ", "procurement"),
        ("03", "land"),
        ("land", "land"),
    ],
)
def test_a_class_is_read_by_word_number_or_code(written: object, code: str) -> None:
    assert closed_lists.PROJECT_CLASS.parse(written) == code


def test_a_word_outside_the_list_is_refused_with_the_list() -> None:
    with pytest.raises(Unusable, match="公开招标"):
        closed_lists.METHOD.parse("公开招")


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("project_class", closed_lists.PROJECT_CLASS),
        ("lot_status", closed_lists.LOT_STATUS),
        ("session_type", closed_lists.SESSION_TYPE),
        ("session_status", closed_lists.SESSION_STATUS),
        ("penalty_kind", closed_lists.PENALTY_KIND),
        ("behaviour", closed_lists.BEHAVIOUR),
        ("library", closed_lists.LIBRARY),
    ],
)
def test_the_words_that_pages_show_can_be_imported(section: str, kind: Kind) -> None:
    words = tomllib.loads(TEXTS.read_text(encoding="utf-8"))[section]
    assert {code: kind.parse(word) for code, word in words.items() if code != "unknown"} == {
        code: code for code in words if code != "unknown"
    }


def test_no_header_means_two_columns_of_a_sheet() -> None:
    for sheet in SHEETS:
        headers = [normal_header(name) for column in sheet.columns for name in (column.header, *column.also)]
        assert len(headers) == len(set(headers)), sheet.name


def test_the_example_of_every_column_can_be_read() -> None:
    for sheet in SHEETS:
        for column in sheet.columns:
            if column.example:
                column.kind.parse(column.example)
