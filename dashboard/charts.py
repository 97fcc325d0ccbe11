"""The charts: pure functions from a table to a figure, in one template.

Colours are names, not values: Streamlit puts the colours of the reader's theme (`chartCategoricalColors` in
.streamlit/config.toml) in their place in the browser, so that one figure serves light and dark. The order is
safe for colour-blind readers; the accent is for what is asked about, grey for what it is compared with.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle

import pandas as pd
import plotly.graph_objects as go
import plotly.io as pio
from pandas.api.types import is_numeric_dtype

ACCENT = "#000001"
COMPARISON = "#000002"
SERIES = (ACCENT, "#000003", "#000004", "#000005", "#000006", COMPARISON)
# From the most to the least, for grades; the theme's `chartSequentialColors`.
ORDERED = ("#000019", "#000017", "#000015", "#000013", COMPARISON)
FONTS = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", sans-serif'
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
MONTH_FORMAT = "%Y-%m"

_HEIGHT = 290  # pixels
_AROUND = 64  # pixels above and below the plot
_PLACES = 5  # horizontal bars that fit into the height
_FEW = 4  # a single case does not fill the width
_BAR = 20  # pixels, of a horizontal bar
_LABEL = 0.1  # of the highest value: the room that a number above a bar takes
_FEW = 6  # counts up to this get a line each
_FADED = 0.35  # opacity of the months that are drawn for comparison only

pio.templates["mingjing"] = go.layout.Template(
    layout={
        "font": {"family": FONTS, "size": 12},
        "showlegend": False,
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "margin": {"l": 8, "r": 8, "t": 32, "b": 8},
        "bargap": 0.38,
        "barcornerradius": 2,
        "hovermode": "x unified",
        "dragmode": False,
        "separators": ".,",
        "xaxis": {"showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True, "tickangle": 0},
        "yaxis": {"rangemode": "tozero", "nticks": 6, "ticks": "", "fixedrange": True, "tickformat": ",~r"},
    }
)


def monthly(
    table: pd.DataFrame,
    value: str,
    *,
    name: str,
    unit: str,
    inside: int,
    before: pd.DataFrame | None = None,
    before_name: str = "",
    per: int = 1,
    decimals: int = 0,
) -> go.Figure:
    """Bars a month, those inside the period in the accent, and a thin line for the month a year before.

    Args:
        table: columns `month` (date, the first day) and `value`.
        value: the column of the bars.
        name: what the bars are.
        unit: of the axis.
        inside: how many of the last months lie inside the period.
        before: the table of the months a year before, row by row; None or all 0: no line.
        before_name: what the line is.
        per: what the values are divided by, 10 000 for yuan shown in 万元.
        decimals: of the numbers shown.
    """
    months, values = pd.to_datetime(table["month"]), table[value] / per
    figure = _figure(unit)
    figure.add_bar(
        x=months,
        y=values,
        name=name,
        marker={"color": ACCENT, "opacity": _opacities(len(table), inside)},
        hovertemplate=_hover(unit, decimals),
    )
    key, tops = [(ACCENT, "■", name)], values
    if before is not None and before[value].any():
        then = before[value] / per
        figure.add_scatter(
            x=months,
            y=then,
            name=before_name,
            mode="markers",
            # A thin line at each month; a line through all of them would cross bars and numbers.
            marker={"symbol": "line-ew", "size": 9, "line": {"color": COMPARISON, "width": 2}},
            hovertemplate=_hover(unit, decimals),
        )
        key.append((COMPARISON, "─", before_name))
        near = (then > values) & (then - values < _LABEL * max(values.max(), then.max()))
        tops = values.where(~near, then)
    if not decimals:
        figure.add_scatter(
            x=months,
            y=tops,
            mode="text",
            text=values.map("{:,.0f}".format),
            textposition="top center",
            cliponaxis=False,
            hoverinfo="skip",
        )
        _whole_steps(figure, tops.max())
    return _month_axis(_with_key(figure, key))


def monthly_stacked(
    table: pd.DataFrame,
    columns: Mapping[str, str],
    *,
    unit: str,
    inside: int,
    colours: Sequence[str] = SERIES,
) -> go.Figure:
    """Stacked bars a month, one colour a column.

    Args:
        table: column `month` (date) and the columns named.
        columns: at most six, from the bottom up, with what they are; columns without any value are left out.
        unit: of the axis.
        inside: how many of the last months lie inside the period.
        colours: of the columns; (ACCENT, COMPARISON) for a part and the rest.
    """
    months = pd.to_datetime(table["month"])
    opacities = _opacities(len(table), inside)
    figure = _figure(unit).update_layout(barmode="stack")
    key = []
    for (column, name), colour in zip(columns.items(), cycle(colours), strict=False):
        if table[column].any():
            figure.add_bar(
                x=months,
                y=table[column],
                name=name,
                marker={"color": colour, "opacity": opacities},
                hovertemplate=_hover(unit, 0),
            )
            key.append((colour, "■", name))
    _whole_steps(figure, table[list(columns)].sum(axis=1).max())
    return _month_axis(_with_key(figure, key))


def ranked(
    table: pd.DataFrame,
    label: str,
    columns: Mapping[str, str],
    *,
    unit: str,
    colours: Sequence[str] = SERIES,
) -> go.Figure:
    """Horizontal stacked bars, the longest on top, with the sum at the end.

    Args:
        table: one row a bar: column `label` (text) and the columns named (counts).
        label: the column that names the bars.
        columns: at most six, from the left, with what they are; columns without any value are left out.
        unit: said when hovering; the chart's title names it too.
        colours: of the columns; (ACCENT, COMPARISON) for a part and the rest.
    """
    sums = table[list(columns)].sum(axis=1)
    ordered = table.assign(_sum=sums).sort_values("_sum", kind="stable")
    figure = _figure("").update_layout(barmode="stack", hovermode="closest")
    key = []
    for (column, name), colour in zip(columns.items(), cycle(colours), strict=False):
        if table[column].any():
            figure.add_bar(
                y=ordered[label],
                x=ordered[column],
                name=name,
                orientation="h",
                marker={"color": colour},
                hovertemplate=f"%{{y}} {name}<br>%{{x:,.0f}} {unit}<extra></extra>",
            )
            key.append((colour, "■", name))
    figure.add_scatter(
        y=ordered[label],
        x=ordered["_sum"],
        mode="text",
        text=[f" {value:,.0f}" for value in ordered["_sum"]],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    places = max(len(table), _PLACES)
    height = _HEIGHT - _AROUND
    figure.update_layout(
        height=max(_HEIGHT, _AROUND + 34 * places), margin={"r": 56}, bargap=1 - _BAR * _PLACES / height
    )
    figure.update_xaxes(visible=False, range=[0, max(float(sums.max()) * 1.04, _FEW)])
    # From the top down: few bars leave room below instead of growing.
    top = len(table) - 0.5
    figure.update_yaxes(showgrid=False, automargin=True, tickformat=None, range=[top - places, top])
    return _with_key(figure, key if len(columns) > 1 else [])


def compared(
    table: pd.DataFrame, label: str, now: str, before: str, *, names: tuple[str, str], unit: str
) -> go.Figure:
    """Dots for two periods on one line a row: now in the accent with its number, before in grey.

    Args:
        table: one row a line, top first: column `label` (text), `now` and `before` (numbers, NaN: no dot).
        label: the column that names the lines.
        now: the column asked about.
        before: the column it is compared with.
        names: what `now` and `before` are.
        unit: of the numbers.
    """
    rows = table[::-1]
    key = [(ACCENT, "●", names[0])]
    if rows[before].notna().any():
        key.append((COMPARISON, "●", names[1]))
    figure = _figure(unit).update_layout(hovermode="closest", height=max(_HEIGHT, _AROUND + 44 * len(table)))
    for name, column, colour, size in ((names[1], before, COMPARISON, 9), (names[0], now, ACCENT, 11)):
        figure.add_scatter(
            y=rows[label],
            x=rows[column],
            name=name,
            mode="markers+text" if column == now else "markers",
            text=[f"{value:,.2f}" for value in rows[column]],
            textposition="top center",
            marker={"color": colour, "size": size},
            cliponaxis=False,
            hovertemplate=f"%{{y}} {name}<br>%{{x:,.2f}} {unit}<extra></extra>",
        )
    figure.update_xaxes(rangemode="tozero", showgrid=True, nticks=5)
    figure.update_yaxes(showgrid=True, automargin=True, tickformat=None)
    return _with_key(figure, key)


def stock_and_flow(
    table: pd.DataFrame, *, stock: str, joined: str, left: str, unit: str, inside: int
) -> go.Figure:
    """The stock at the end of each month as a line, what came and what went as bars up and down below it.

    Args:
        table: columns `month` (date), `closing`, `joined`, `left` (counts).
        stock: what the line is.
        joined: what the upward bars are.
        left: what the downward bars are.
        unit: of all numbers.
        inside: how many of the last months lie inside the period.
    """
    months = pd.to_datetime(table["month"])
    opacities = _opacities(len(table), inside)
    figure = _figure(unit).update_layout(barmode="relative")
    figure.add_scatter(
        x=months,
        y=table["closing"],
        name=stock,
        mode="lines+markers+text",
        line={"color": ACCENT, "width": 2},
        marker={"size": 5},
        text=[str(value) for value in table["closing"]],
        textposition="top center",
        cliponaxis=False,
        hovertemplate=_hover(unit, 0),
    )
    for column, name, colour, sign in (("joined", joined, SERIES[2], 1), ("left", left, SERIES[1], -1)):
        figure.add_bar(
            x=months,
            y=table[column] * sign,
            customdata=table[column],
            name=name,
            yaxis="y2",
            marker={"color": colour, "opacity": opacities},
            hovertemplate=f"%{{customdata}} {unit}",
        )
    low, high = table["closing"].min(), table["closing"].max()
    room = max((high - low) * 0.35, 2)
    figure.update_layout(
        yaxis={"domain": [0.38, 1], "range": [max(low - room, 0), high + room], "nticks": 4},
        yaxis2={"domain": [0, 0.28], "nticks": 3, "fixedrange": True, "zeroline": True, "ticks": ""},
    )
    figure.update_xaxes(anchor="y2")
    return _month_axis(
        _with_key(figure, [(ACCENT, "─", stock), (SERIES[2], "■", joined), (SERIES[1], "■", left)])
    )


def is_empty(figure: go.Figure) -> bool:
    """Whether the figure would show nothing but axes: no number other than 0 or missing."""
    drawn = [trace for trace in figure.data if trace.hoverinfo != "skip"]
    numbers = [pd.Series(values) for trace in drawn for values in (trace.x, trace.y)]
    return not any(is_numeric_dtype(series) and series.fillna(0).any() for series in numbers)


def _figure(unit: str) -> go.Figure:
    """An empty figure with the unit at the top of the axis, where it needs no room at the side."""
    figure = go.Figure(layout={"template": "mingjing", "height": _HEIGHT})
    figure.add_annotation(
        text=unit,
        x=1,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        yshift=12,
        showarrow=False,
    )
    return figure


def _with_key(figure: go.Figure, key: Sequence[tuple[str, str, str]]) -> go.Figure:
    """The names of the series in one line above the plot, each behind its sign in its colour."""
    text = "　".join(f"<span style='color:{colour}'>{sign}</span> {name}" for colour, sign, name in key)
    if text:
        figure.add_annotation(
            text=text,
            x=0,
            y=1,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=12,
            showarrow=False,
            align="left",
        )
    return figure


def _whole_steps(figure: go.Figure, highest: float) -> None:
    """Keeps the axis of small counts from showing halves of what cannot be halved."""
    if highest <= _FEW:
        figure.update_yaxes(dtick=1)


def _month_axis(figure: go.Figure) -> go.Figure:
    return figure.update_xaxes(type="date", tickformat=MONTH_FORMAT, hoverformat=MONTH_FORMAT)


def _hover(unit: str, decimals: int) -> str:
    return f"%{{y:,.{decimals}f}} {unit}"


def _opacities(months: int, inside: int) -> list[float]:
    return [1.0 if index >= months - inside else _FADED for index in range(months)]
