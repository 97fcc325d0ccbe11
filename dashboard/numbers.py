"""How numbers are written: 万元 with two decimals, percentages with two decimals, counts as integers.

Rounding is half-up on exact decimals, and only here. "-" stands for not applicable, "0" for zero.
"""

from decimal import ROUND_HALF_UP, Decimal

NOT_APPLICABLE = "-"
YUAN_PER_WAN = Decimal(10_000)
_CENT = Decimal("0.01")

Number = Decimal | int


def rounded(value: Decimal) -> Decimal:
    """Two decimals, half-up (away from zero)."""
    return value.quantize(_CENT, rounding=ROUND_HALF_UP)


def in_wan(yuan: Number) -> Decimal:
    """Yuan as 万元, two decimals."""
    return rounded(Decimal(yuan) / YUAN_PER_WAN)


def in_percent(fraction: Decimal) -> Decimal:
    """A fraction as percent, two decimals."""
    return rounded(fraction * 100)


def wan(yuan: Number | None) -> str:
    """Yuan in 万元: `906219100` is "90,621.91"."""
    return NOT_APPLICABLE if yuan is None else f"{in_wan(yuan):,}"


def percent(fraction: Number | None) -> str:
    """A fraction in percent: `0.13623` is "13.62%"."""
    return NOT_APPLICABLE if fraction is None else f"{in_percent(Decimal(fraction)):,}%"


def whole(count: Number | None) -> str:
    """A count: `1234` is "1,234"."""
    return NOT_APPLICABLE if count is None else f"{int(count):,}"


def signed(text: str, difference: Number) -> str:
    """The text with the sign of the difference: a true minus or a plus, nothing for zero."""
    bare = text.lstrip("-")
    if not difference:
        return bare
    return f"+{bare}" if difference > 0 else f"−{bare}"
