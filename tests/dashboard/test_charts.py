"""The charts show what the table says, in colours that all readers can tell apart on light and dark."""

import tomllib
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import charts

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text(encoding="utf-8"))[
    "theme"
]
MONTHS = [date(2023, month, 1) for month in range(1, 7)]
TABLE = pd.DataFrame({"month": MONTHS, "works": [1, 2, 3, 4, 5, 6], "land": [0, 0, 1, 0, 0, 0], "none": 0})

# Linear RGB as seen without the red or the green cones (Machado, Oliveira, Fernandes 2009, severity 1).
SIGHT = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def linear(colour: str) -> np.ndarray:
    """`#1257A8` as linear RGB (IEC 61966-2-1)."""
    values = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, sight: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as somebody sees it."""
    rgb = np.clip(sight @ linear(colour), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ rgb / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def bars(figure: go.Figure) -> dict[str, list[float]]:
    """The lengths of the bars by the name of their series."""
    return {
        bar.name: list(bar.x if bar.orientation == "h" else bar.y) for bar in figure.data if bar.type == "bar"
    }


def words(figure: go.Figure) -> str:
    """What is written around the plot."""
    return " ".join(note.text for note in figure.layout.annotations)


def test_months_inside_the_period_stand_out_and_the_rest_is_faded() -> None:
    figure = charts.monthly(TABLE, "works", name="工程", unit="标段", inside=2)
    assert list(figure.data[0].marker.opacity) == [0.35] * 4 + [1.0] * 2
    assert figure.data[0].marker.color == charts.ACCENT
    assert "工程" in words(figure)
    assert "标段" in words(figure)


def test_the_year_before_is_drawn_only_when_there_was_something() -> None:
    def drawn(before: pd.DataFrame) -> go.Figure:
        return charts.monthly(
            TABLE, "works", name="工程", unit="标段", inside=6, before=before, before_name="上年同期"
        )

    assert [trace.name for trace in drawn(TABLE).data] == ["工程", "上年同期", None]
    nothing = drawn(TABLE.assign(works=0))
    assert [trace.name for trace in nothing.data] == ["工程", None]
    assert "上年同期" not in words(nothing)


def test_numbers_stand_above_a_line_that_would_cross_them() -> None:
    before = TABLE.assign(works=[1.2, 9, 1, 4, 5, 6])
    figure = charts.monthly(
        TABLE, "works", name="工程", unit="标段", inside=6, before=before, before_name="上年同期"
    )
    assert list(figure.data[-1].y) == [1.2, 2, 3, 4, 5, 6]
    assert list(figure.data[-1].text) == ["1", "2", "3", "4", "5", "6"]


def test_a_figure_with_axes_only_is_known_as_empty() -> None:
    nothing = TABLE.assign(works=0, land=0)
    both = {"works": "工程", "land": "土地"}
    assert charts.is_empty(charts.monthly(nothing, "works", name="工程", unit="标段", inside=6))
    assert charts.is_empty(charts.monthly_stacked(nothing, both, unit="标段", inside=6))
    assert charts.is_empty(charts.compared(TABLE[:0], "none", "works", "land", names=("甲", "乙"), unit="%"))
    assert not charts.is_empty(charts.monthly_stacked(TABLE, both, unit="标段", inside=6))
    ranked = pd.DataFrame({"why": ["甲"], "times": [1]})
    assert not charts.is_empty(charts.ranked(ranked, "why", {"times": "次"}, unit="人次"))


def test_yuan_are_drawn_in_ten_thousands() -> None:
    table = TABLE.assign(award=[10_000.0, 20_000.0, 0, 0, 0, 0])
    figure = charts.monthly(table, "award", name="成交额", unit="万元", inside=6, per=10_000, decimals=2)
    assert bars(figure)["成交额"] == [1, 2, 0, 0, 0, 0]


def test_series_without_any_value_take_neither_a_colour_nor_a_place_in_the_key() -> None:
    figure = charts.monthly_stacked(
        TABLE, {"works": "工程", "none": "其他", "land": "土地"}, unit="标段", inside=6
    )
    assert list(bars(figure)) == ["工程", "土地"]
    assert "其他" not in words(figure)
    assert {trace.marker.color for trace in figure.data} <= set(charts.SERIES)


def test_the_longest_bar_stands_on_top_with_its_sum() -> None:
    table = pd.DataFrame({"why": ["甲", "乙", "丙"], "mild": [1, 5, 2], "hard": [1, 1, 0]})
    figure = charts.ranked(table, "why", {"mild": "轻", "hard": "重"}, unit="人次")
    assert list(figure.data[0].y) == ["甲", "丙", "乙"]  # drawn from the bottom up
    assert list(figure.data[-1].text) == [" 2", " 2", " 6"]


def test_a_row_without_a_rate_has_no_dot_and_no_key_when_nothing_is_compared() -> None:
    table = pd.DataFrame({"method": ["甲", "乙"], "now": [13.5, float("nan")], "then": [float("nan")] * 2})
    figure = charts.compared(table, "method", "now", "then", names=("本期", "上年同期"), unit="%")
    assert "上年同期" not in words(figure)
    assert np.isnan(figure.data[-1].x[0])


def test_what_left_points_down_and_is_told_as_a_positive_number() -> None:
    table = pd.DataFrame({"month": MONTHS[:2], "closing": [113, 115], "joined": [2, 3], "left": [0, 1]})
    figure = charts.stock_and_flow(table, stock="在库", joined="入库", left="出库", unit="家", inside=1)
    assert bars(figure)["出库"] == [0, -1]
    assert list(figure.data[-1].customdata) == [0, 1]


@pytest.mark.parametrize(
    "figure",
    [
        charts.monthly(TABLE, "works", name="工程", unit="标段", inside=6),
        charts.monthly_stacked(TABLE, {"works": "工程"}, unit="标段", inside=6),
    ],
)
def test_months_are_a_time_axis_with_short_unturned_labels(figure: go.Figure) -> None:
    axis = figure.layout.xaxis
    assert (axis.type, axis.tickformat) == ("date", "%Y-%m")
    assert figure.layout.template.layout.xaxis.tickangle == 0


def test_figures_hold_no_colour_of_their_own() -> None:
    figure = charts.monthly_stacked(TABLE, {"works": "工程", "land": "土地"}, unit="标段", inside=6)
    colours = {trace.marker.color for trace in figure.data}
    assert colours == {charts.SERIES[0], charts.SERIES[1]}
    assert figure.layout.paper_bgcolor is None


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_words_can_be_read_on_ground_and_panel(appearance: str) -> None:
    theme = THEME[appearance]
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        for ink in ("textColor", "grayTextColor", "linkColor", "dataframeHeaderTextColor"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_series_stand_out_from_the_ground(appearance: str) -> None:
    theme = THEME[appearance]
    for colour in theme["chartCategoricalColors"][: len(charts.SERIES)]:
        assert contrast(colour, theme["backgroundColor"]) >= 3, colour


@pytest.mark.parametrize("appearance", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_all_readers_can_tell_the_series_apart(appearance: str, sight: str) -> None:
    colours = THEME[appearance]["chartCategoricalColors"][: len(charts.SERIES)]
    distances = {
        pair: float(np.linalg.norm(lab(pair[0], SIGHT[sight]) - lab(pair[1], SIGHT[sight])))
        for pair in combinations(colours, 2)
    }
    assert min(distances.values()) >= 13, sorted(distances.items(), key=lambda item: item[1])[:3]


def test_the_axis_of_a_few_penalties_shows_no_halves() -> None:
    table = pd.DataFrame({"month": [date(2026, 1, 1), date(2026, 2, 1)], "penalties": [2, 0]})
    figure = charts.monthly(table, "penalties", name="处罚", unit="人次", inside=1)
    assert figure.layout.yaxis.dtick == 1
