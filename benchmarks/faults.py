"""The long fault suite: faults at random moments, as long as wanted; prints tables for docs/benchmarks.md.

    python -m benchmarks.faults [--minutes 30] [--seed N] [kills] [ranges] [boxes]

kills   kill -9 of the recorder, the database, both, and whichever of two recorders records, in turn, with two
        real cameras; after each turn everything that was recorded is decoded and the ledger is checked
ranges  random ranges compared, coded picture by coded picture, with their source
boxes   damaged files, headers and indices

A fault that costs more than is promised ends the run; the seed of its turn is told. The short suite is
tests/faults.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine

from data_access import schema
from tests.faults import kills
from tests.faults.damage import damaged_files, damaged_headers, damaged_indices
from tests.faults.ranges import compare, random_range, source_of
from tests.faults.recorded import recorded_footage
from tests.faults.scene import FRAME, DatabaseServer, Scene, database_server, scene
from tests.faults.truth import Account, account_of, assert_true_to_its_clock

_CAMERAS = 2
_TIMES = 4  # faults in a turn
_RANGES, _FILES = 500, 1000  # in a turn
Kill = Callable[[Scene, DatabaseServer, random.Random], list[float]]


@dataclass
class Toll:
    """What one kind of fault has cost."""

    faults: int = 0
    pictures: int = 0  # decoded, all whole and in their place
    lost: list[float] = field(default_factory=list)  # seconds before each fault without a picture
    gaps: list[float] = field(default_factory=list)  # seconds without footage after each fault

    def add(self, account: Account, moments: list[float]) -> None:
        """Adds what became of one camera."""
        self.faults += len(moments)
        self.pictures += len(account.pictures)
        for moment in moments:
            self.lost.append(account.lost_at(moment))
            after = min(picture.drawn for picture in account.pictures if picture.drawn > moment)
            self.gaps.append(after - moment + self.lost[-1] - FRAME)


_KILLS: dict[str, Kill] = {
    "recorder": lambda made, _, chance: kills.kill_recorder(made, chance, _TIMES),
    "recorder, another waits": lambda made, _, chance: kills.kill_whoever_records(made, chance, _TIMES),
    "database": lambda made, server, chance: kills.kill_database(made, server, chance, _TIMES),
    "recorder and database": lambda made, server, chance: kills.kill_both(made, server, chance, _TIMES),
}


def kill(until: float, seeds: Iterator[int]) -> None:
    """Prints what kills cost."""
    tolls = {name: Toll() for name in _KILLS}
    for name, how, seed in _in_turn(until, seeds):
        with (
            tempfile.TemporaryDirectory(prefix="mingjing-faults-") as home,
            database_server() as server,
            scene(Path(home), server.url, count=_CAMERAS) as made,
        ):
            moments = how(made, server, _chance(seed))
            made.stop_recorders()
            for camera_id in made.cameras.values():
                account = account_of(made.engine, made.folder, camera_id)
                assert_true_to_its_clock(account, FRAME)
                tolls[name].add(account, moments)
    print(f"\n### kill -9 at random moments, {_CAMERAS} cameras, a key picture every 0.4 s\n")
    print("| killed | times | pictures decoded | lost before it, longest, s | without footage, longest, s |")
    print("|---|--:|--:|--:|--:|")
    for name, toll in tolls.items():
        if toll.faults:
            told = (
                f"{toll.faults // _CAMERAS} | {toll.pictures} | {max(toll.lost):.2f} | {max(toll.gaps):.1f}"
            )
            print(f"| {name} | {told} |")


def _in_turn(until: float, seeds: Iterator[int]) -> Iterator[tuple[str, Kill, int]]:
    """Every kind of kill, again and again, once at least."""
    for turn in count():
        for name, how in _KILLS.items():
            if turn and time.monotonic() > until:
                return
            yield name, how, _told(next(seeds), name)


def ranges(until: float, seeds: Iterator[int]) -> None:
    """Prints how many random ranges were found true."""
    done = pictures = 0
    with _server() as engine_url, tempfile.TemporaryDirectory(prefix="mingjing-faults-") as folder:
        engine = create_engine(engine_url, connect_args={"options": "-c timezone=UTC"})
        source = source_of(Path(folder), recorded_footage(engine, Path(folder)))
        engine.dispose()
        while not done or time.monotonic() < until:
            chance = _chance(_told(next(seeds), "ranges"))
            for number in range(_RANGES):
                pictures += compare(source, *random_range(source, chance), decode=number % 50 == 0)
            done += _RANGES
    print("\n### Random ranges against their source\n")
    print(f"| ranges | pictures compared |\n|--:|--:|\n| {done} | {pictures} |")


@contextmanager
def _server() -> Iterator[str]:
    with database_server() as server:
        engine = create_engine(server.url)
        schema.migrate(engine)
        engine.dispose()
        yield server.url


def boxes(until: float, seeds: Iterator[int]) -> None:
    """Prints how many damaged files were read or named."""
    done = 0
    with tempfile.TemporaryDirectory(prefix="mingjing-faults-") as folder:
        while not done or time.monotonic() < until:
            seed = _told(next(seeds), "boxes")
            for damage in (damaged_files, damaged_headers, damaged_indices):
                damage(Path(folder), seed, _FILES)
                done += _FILES
    print(
        f"\n### Damaged files, headers and indices\n\n{done}: each was read as far as it is whole, or named."
    )


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 a moment is chosen, no secret


def _told(seed: int, what: str) -> int:
    print(f"{what}: seed {seed}", file=sys.stderr, flush=True)
    return seed


_PARTS = {"kills": kill, "ranges": ranges, "boxes": boxes}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[*_PARTS, []], help="all unless named")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 20))
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing that was started is left
    wanted = chosen.parts or list(_PARTS)
    seeds = count(chosen.seed)
    for name in wanted:
        _PARTS[name](time.monotonic() + 60 * chosen.minutes / len(wanted), seeds)


if __name__ == "__main__":
    main()
