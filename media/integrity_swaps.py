"""Tells files that were exchanged from files that were changed."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from data_access import footage_integrity
from data_access.engine import transaction
from domain.vocabulary import FootageFault
from media.integrity_rules import Fault
from media.read_back import Pace, read_back


def with_swaps(engine: Engine, folder: Path, faults: Iterable[Fault], pace: Pace) -> list[Fault]:
    """The faults; of a changed file it is told if it holds what belongs to another segment."""
    faults = list(faults)
    hashes = {fault.content for fault in faults if fault.content}
    if not hashes:
        return faults
    with transaction(engine) as session:
        owners = footage_integrity.with_hashes(session, hashes)
    return [_told(folder, fault, owners.get(fault.content), pace) for fault in faults]


def _told(folder: Path, fault: Fault, owner: str | None, pace: Pace) -> Fault:
    if owner is None:
        return fault
    zh, en = f"内容是 {owner} 的", f"it holds what belongs to {owner}"
    swapped = _content(folder / owner, pace) != fault.content
    kind = FootageFault.SWAPPED if swapped else fault.kind
    return replace(fault, kind=kind, zh=zh, en=en)


def _content(path: Path, pace: Pace) -> bytes:
    try:
        return read_back(path, pace).sha256
    except OSError:
        return b""
