"""What a cell may hold: how it is written, checked and turned into a value.

A parser gets what the file holds (text, number, bool, date) and returns the value for the database, or
raises `Unusable`. Blank cells never reach a parser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from openpyxl.cell.cell import ERROR_CODES
from stdnum.cn import uscc

from data_access.workbook.words import Unusable, Words
from domain.periods import SHANGHAI

LONGEST_TEXT = 4000
LONGEST_CODE = 100  # codes are indexed
LARGEST_AMOUNT = Decimal(10) ** 16  # NUMERIC(18,2)
MOST = 1_000_000  # of a count
FIRST_YEAR, LAST_YEAR = 1980, 2100
_EXACT_DIGITS = 15  # a number of Excel keeps no more; a longer code typed as a number has lost its end

_SEPARATORS = re.compile(r"[;,、|\n\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d{1,3})?", re.IGNORECASE)
_DATE = re.compile(
    r"(?P<year>\d{4})(?:[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?|(?P<compact>\d{4}))"
    r"(?:[T ]*(?P<hour>\d{1,2})[:时点](?:(?P<minute>\d{1,2})(?:分|:(?P<second>\d{1,2})(?:\.\d+)?)?)?"
    r"(?P<zone>Z|[+-]\d{2}:\d{2})?)?"
)
_REMOTE = re.compile(r"\((?:远程|remote)\)$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of cell; each is itself only, so that it can name a cache."""

    format: Words
    """What to write, for the explanation sheet."""
    parse: Callable[[object], object]
    number_format: str = "General"
    width: int = 16
    choices: tuple[str, ...] = ()
    """The closed list for the drop-down."""
    doubt: Callable[[object], Words | None] = lambda _value: None
    """What is odd about a parsed value that is taken nevertheless."""


def plain(text: str) -> str:
    """The text with full-width letters, digits and punctuation made half-width, spaces collapsed (NFKC)."""
    return _tidy(unicodedata.normalize("NFKC", text))


def _tidy(text: str) -> str:
    if not text.isprintable():
        # Line breaks and the like part words; zero-width signs come along with copied text.
        parted = (" " if unicodedata.category(sign) == "Cc" else sign for sign in text)
        text = "".join(sign for sign in parted if unicodedata.category(sign) != "Cf")
    return " ".join(text.split())


def _written(value: object) -> str:
    """A cell as the text a person sees; refuses what has no plain text."""
    if isinstance(value, bool):
        raise Unusable("应为文字，现为逻辑值", "should be text, is TRUE or FALSE")
    if isinstance(value, (datetime, date, time, timedelta)):
        raise Unusable(
            "应为文字，被表格软件当作日期；请将单元格格式设为“文本”后重新填写",
            "should be text, but was taken for a date: format the cell as text and type it again",
        )
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if text in ERROR_CODES:
        raise Unusable(f"公式出错：{text}", f"the formula gives an error: {text}")
    return text


def _text(value: object) -> str:
    text = _tidy(_written(value))
    if len(text) > LONGEST_TEXT:
        raise Unusable(f"超过 {LONGEST_TEXT} 字", f"longer than {LONGEST_TEXT} characters")
    return text


def _name(value: object) -> str:
    text = _text(value)
    if len(text) > LONGEST_CODE:
        raise Unusable(f"超过 {LONGEST_CODE} 字", f"longer than {LONGEST_CODE} characters")
    return text


def _code(value: object) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) >= 10**_EXACT_DIGITS:
        raise Unusable(
            "超过 15 位的编号被存成了数字，末位已丢失；请将单元格格式设为“文本”后重新填写",
            "a code of more than 15 digits was stored as a number and has lost its end: "
            "format the cell as text and type it again",
        )
    code = plain(_written(value))
    if len(code) > LONGEST_CODE:
        raise Unusable(
            f"编号超过 {LONGEST_CODE} 个字符", f"the code is longer than {LONGEST_CODE} characters"
        )
    if _SEPARATORS.search(code):
        raise Unusable(
            "此处只能填一个编号，不能含逗号、分号、顿号", "one code only, without commas or semicolons"
        )
    return code


def _credit_code(value: object) -> str:
    return _code(value).replace(" ", "").upper()


def _doubtful_credit_code(value: object) -> Words | None:
    if uscc.is_valid(str(value)):
        return None
    return Words(
        "统一社会信用代码不符合 GB 32100（18 位及校验位），已按原样导入",
        "not a credit code by GB 32100 (18 characters and check digit); taken as it is",
    )


def is_region_code(code: object) -> bool:
    """Six digits, GB/T 2260."""
    return isinstance(code, str) and re.fullmatch(r"[0-9]{6}", code) is not None


def _doubtful_region(value: object) -> Words | None:
    if is_region_code(value):
        return None
    return Words(
        "区划代码应为 6 位数字（GB/T 2260），该值未导入",
        "a region code has 6 digits (GB/T 2260); this value is left out",
    )


def _decimal(value: object) -> Decimal:
    """A number of at least 0, exactly as written: 0.1 in a spreadsheet is Decimal("0.1")."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise Unusable("应为数字", "should be a number")
    text = plain(_written(value)).replace(",", "").replace(" ", "").removeprefix("¥")
    if not _NUMBER.fullmatch(text):
        raise Unusable(
            f"不是数字：{text[:40]}。只写数字，不带单位",
            f"not a number: {text[:40]}; write digits only, without a unit",
        )
    try:
        number = Decimal(text)
    except InvalidOperation as error:  # pragma: no cover - the pattern leaves nothing else
        raise Unusable(f"不是数字：{text[:40]}", f"not a number: {text[:40]}") from error
    if number < 0:
        raise Unusable("不能为负数", "must not be negative")
    if number >= LARGEST_AMOUNT:
        raise Unusable("数字过大", "the number is too large")
    return number


def _points(value: object) -> Decimal:
    return _decimal(value).quantize(Decimal("0.01"))


def _count(value: object) -> int:
    number = _decimal(value)
    if number != number.to_integral_value() or number > MOST:
        raise Unusable("应为整数", "should be a whole number")
    return int(number)


def _instant(value: object) -> datetime:
    """An instant; without a zone it is the clock in Shanghai. Returned as UTC, whole seconds."""
    if isinstance(value, date):
        local = value if isinstance(value, datetime) else datetime.combine(value, time())
    else:
        local = _from_text(value)
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Unusable(
            f"年份不在 {FIRST_YEAR}—{LAST_YEAR} 之间：{local.year}",
            f"the year is not between {FIRST_YEAR} and {LAST_YEAR}: {local.year}",
        )
    # Spreadsheets count days in binary fractions: 09:30 may come as 09:29:59.999997.
    rounded = (local + timedelta(milliseconds=500)).replace(microsecond=0)
    return (rounded if rounded.tzinfo else rounded.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def _from_text(value: object) -> datetime:
    wrong = Unusable(
        f"不是日期：{str(value)[:40]}。请写成 2023-06-30 或 2023-06-30 09:30",
        f"not a date: {str(value)[:40]}; write 2023-06-30 or 2023-06-30 09:30",
    )
    written = plain(str(value)) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    found = _DATE.fullmatch(written)
    if not found:
        raise wrong
    month, day = found["month"] or found["compact"][:2], found["day"] or found["compact"][2:]
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{found['zone']}").tzinfo if found["zone"] else None
    try:
        return datetime(int(found["year"]), int(month), int(day), hour, minute, second, tzinfo=zone)
    except ValueError:
        raise wrong from None


def _day(value: object) -> date:
    return _instant(value).astimezone(SHANGHAI).date()


def _names(value: object) -> dict[str, bool]:
    """Names, each with whether the person watched from afar: 张三、李四(远程)."""
    names: dict[str, bool] = {}
    for part in _SEPARATORS.split(unicodedata.normalize("NFKC", _written(value))):
        name = plain(part)
        remote = _REMOTE.search(name) is not None
        name = _REMOTE.sub("", name).strip()
        if len(name) > LONGEST_CODE:
            raise Unusable(f"姓名超过 {LONGEST_CODE} 字", f"a name is longer than {LONGEST_CODE} characters")
        if name:
            names[name] = remote and names.get(name, True)
    return names


def _codes(value: object) -> tuple[str, ...]:
    """Several codes in one cell, in order, each once."""
    if not isinstance(value, str):
        return (_code(value),)
    parts = (plain(part) for part in _SEPARATORS.split(unicodedata.normalize("NFKC", value)))
    return tuple(dict.fromkeys(_code(part) for part in parts if part))


def chosen_from(words: Mapping[str, object], also: Mapping[str, object] | None = None) -> Kind:
    """One word of a closed list; `also` are spellings taken without being offered."""
    spellings = {_without_spaces(word): value for word, value in {**words, **(also or {})}.items()}
    spellings |= {value.value: value for value in words.values() if isinstance(value, StrEnum)}
    listed = "、".join(words)

    def parse(value: object) -> object:
        word = _without_spaces(_written(value)) if not isinstance(value, bool) else ("是" if value else "否")
        if word not in spellings:
            raise Unusable(
                f"“{word[:40]}”不在可选值中，请填：{listed}", f"“{word[:40]}” is not one of: {listed}"
            )
        return spellings[word]

    longest = max(len(word) for word in words)
    return Kind(
        Words(f"选填其一：{listed}", f"one of: {listed}"),
        parse,
        number_format="@",
        width=max(12, 2 * longest + 4),
        choices=tuple(words),
    )


def _without_spaces(word: str) -> str:
    return plain(word).replace(" ", "")


TEXT = Kind(Words("文字", "text"), _text, width=28)
NAME = Kind(Words("文字，不超过 100 字", "text of at most 100 characters"), _name, width=20)
CODE = Kind(Words("编号，按文本填写", "a code, kept as text"), _code, "@", 20)
CREDIT_CODE = Kind(
    Words("18 位统一社会信用代码，按文本填写", "unified social credit code of 18 characters, as text"),
    _credit_code,
    "@",
    23,
    doubt=_doubtful_credit_code,
)
REGION = Kind(
    Words("6 位区划代码（GB/T 2260），按文本填写", "region code of 6 digits (GB/T 2260), as text"),
    _code,
    "@",
    12,
    doubt=_doubtful_region,
)
MONEY = Kind(
    Words("非负数字，单位见“金额单位”列", "a number of at least 0, in the unit of column 金额单位"),
    _decimal,
    "#,##0.00####",
    16,
)
POINTS = Kind(Words("非负数字", "a number of at least 0"), _points, "0.##", 10)
COUNT = Kind(Words("整数", "a whole number"), _count, "0", 12)
INSTANT = Kind(
    Words(
        "日期或日期加时间，北京时间，如 2023-06-30 或 2023-06-30 09:30",
        "a day or a day with time, China time: 2023-06-30 or 2023-06-30 09:30",
    ),
    _instant,
    "yyyy-mm-dd hh:mm",
    19,
)
DAY = Kind(Words("日期，如 2023-06-30", "a day: 2023-06-30"), _day, "yyyy-mm-dd", 13)
LAST_DAY = Kind(
    Words("日期，含当日，如 2023-12-31", "the last day, included: 2023-12-31"),
    lambda value: _day(value) + timedelta(days=1),  # ranges are half-open in the database
    "yyyy-mm-dd",
    13,
)
NAMES = Kind(
    Words(
        "姓名，多人用顿号分隔，远程的加（远程）",
        "names, separated by 、; add (远程) to who watched from afar",
    ),
    _names,
    width=26,
)
CODES = Kind(Words("编号，多个用顿号或分号分隔", "codes, separated by 、 or a semicolon"), _codes, "@", 28)
