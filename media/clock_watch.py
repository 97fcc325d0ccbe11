"""This machine's clock beside one that nobody can set: so it is noticed when the first is set."""

import time
from collections.abc import Callable

# Less is what two readings one after the other may differ by on a busy machine, or a leap second smeared.
_NOTICED_SECONDS = 0.5


def steady_clock() -> Callable[[], float]:
    """A clock that agrees with `time.time` now and only ever goes on, through a sleep of the machine too."""
    ahead = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return lambda: ahead + time.clock_gettime(time.CLOCK_BOOTTIME)


class ClockWatch:
    """Compares the two; to be asked every few seconds.

    Args:
        clock: seconds since 1970, may be set.
        steady: seconds, only ever goes on.
    """

    def __init__(self, clock: Callable[[], float], steady: Callable[[], float]) -> None:
        self._clock = clock
        self._steady = steady
        self._known = self.offset()

    def offset(self) -> float:
        """What has to be added to the steady clock for the time as it is set now, in seconds."""
        return self._clock() - self._steady()

    def step(self) -> float:
        """Seconds by which the clock was set since the last time that it was asked; 0: it was not."""
        step = self.offset() - self._known
        if abs(step) < _NOTICED_SECONDS:
            return 0.0
        self._known += step
        return step
