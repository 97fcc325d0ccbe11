"""How footage fares beside its peers: recording, playing, and the index of a month.

    python -m benchmarks.footage [recorder] [player] [index]      nothing named: all of them

Each prints ratios against its peer, measured in the same run.
"""

from __future__ import annotations

import argparse
from importlib import import_module

SECTIONS = {
    "recorder": "benchmarks.footage_recorder",
    "player": "benchmarks.footage_player",
    "index": "benchmarks.footage_index",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", help="recorder, player, index")
    chosen = parser.parse_args().sections or list(SECTIONS)
    if unknown := set(chosen) - SECTIONS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    for name in chosen:
        print(f"== {name}", flush=True)
        import_module(SECTIONS[name]).main()


if __name__ == "__main__":
    main()
