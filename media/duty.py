"""Work that the keeper does again and again."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Duty:
    """Something to be done every so often. It does a piece at a time: the others wait for it."""

    name: str
    every_seconds: float  # from the end of one time to the beginning of the next
    run: Callable[[], object]
