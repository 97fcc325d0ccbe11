"""When a disk of footage will be full."""

from collections.abc import Sequence


def days_until_full(free: float, daily: float, expiring: Sequence[float]) -> float | None:
    """Days until nothing is free; None: never, as what expires makes room for what is recorded.

    Args:
        free: bytes that may still be written.
        daily: bytes that a day of recording takes.
        expiring: bytes that go on each day from today; the last is that of the newest footage, and from then
            on as much goes as comes.
    """
    left = free
    for day, freed in enumerate(expiring):
        growth = daily - freed
        if growth > 0 and left <= growth:
            return day + max(0.0, left) / growth
        left -= growth
    return None
