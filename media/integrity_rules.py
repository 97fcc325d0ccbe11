"""What is wrong with footage, judged from rows, seals and files; nothing is read here.

Each rule accuses one thing: a row that contradicts its file is told from a file that contradicts its row by
the seal of the day, or else by the hash that the next segment's row remembers.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from data_access.footage_integrity import SegmentRow, start_of_day
from domain.footage_chain import NO_SEAL_BEFORE, Seal, SegmentFacts, chain_of, leaf, start_of, statement
from domain.vocabulary import FootageFault
from media.read_back import Content
from media.segment_names import camera_of, start_in_name
from media.signing import is_signed

# By which a recovered segment's end, or a run's, may differ from what was followed of a camera's drift.
TOUCH = timedelta(milliseconds=100)


@dataclass(frozen=True)
class Fault:
    """Something found: of which camera, the start of which segment, which file, and what it is."""

    kind: FootageFault
    camera_id: int | None
    started_at: datetime | None
    path: str  # relative to the footage folder
    zh: str
    en: str
    content: bytes = field(default=b"", compare=False)  # SHA-256 of what a changed file holds now
    quarantined_to: str = field(default="", compare=False)


@dataclass(frozen=True)
class Sealed:
    """A leaf that a valid seal holds."""

    leaf: bytes
    expired_at: datetime | None  # of the seal: since when a part of it is deleted by rule


def _of(facts: SegmentFacts, kind: FootageFault, zh: str, en: str, content: bytes = b"") -> Fault:
    return Fault(kind, facts.camera_id, facts.started_at, facts.path, zh, en, content)


def seal_faults(seals: Sequence[Seal], installation: str, pem: str) -> tuple[list[Fault], list[Seal]]:
    """What is wrong with a camera's seals, which come by day; and the seals that can be relied on."""
    found, valid = [], []
    before = {NO_SEAL_BEFORE}  # where the chain may stand; several where a seal is wrong
    for seal in seals:
        goes_on = {chain_of(chain, seal.leaves) for chain in before}
        wrong = _wrong_seal(seal, installation, pem, goes_on)
        if wrong:
            start = start_of_day(seal.day)
            found.append(Fault(FootageFault.SEAL_CHANGED, seal.camera_id, start, _place(seal), *wrong))
        elif seal.leaves:
            valid.append(seal)
        before = {seal.chain_sha256} if not wrong else before | goes_on | {seal.chain_sha256}
    return found, valid


def _wrong_seal(seal: Seal, installation: str, pem: str, goes_on: set[bytes]) -> tuple[str, str] | None:
    if not is_signed(statement(seal, installation), seal.signature, pem):
        return (
            "每日封存的签名不符：封存记录被改动，或签名密钥已更换",
            "the seal's signature does not fit: the seal was changed, or the signing key replaced",
        )
    if not seal.leaves and seal.expired_at is None:
        return "封存的明细被删除", "the leaves of the seal were removed"
    if seal.leaves and (seal.chain_sha256 not in goes_on or len(seal.leaves) != seal.segments):
        return (
            "封存链不连续：封存明细被改动，或前一封存被删除",
            "the chain of seals is broken: the leaves were changed, or the seal before was removed",
        )
    return None


def falsely_expired(seals: Sequence[Seal], starts: Collection[datetime]) -> list[Fault]:
    """Seals that say that a part of them is deleted by rule, although all of it is there.

    Args:
        starts: of the camera's segments.
    """
    why = (
        "封存记录称有录像按规定删除，而录像都在",
        "the seal says that a part was deleted by rule; all is there",
    )
    return [
        Fault(FootageFault.SEAL_CHANGED, seal.camera_id, start_of_day(seal.day), _place(seal), *why)
        for seal in seals
        if seal.expired_at is not None
        # One that holds late segments is marked with the day of any of them.
        and start_of(seal.leaves[0]) >= start_of_day(seal.day)
        and all(start_of(each) in starts for each in seal.leaves)
    ]


def _place(seal: Seal) -> str:
    return f"{seal.camera_id}/{seal.day:%Y/%m/%d}"


def leaves_of(seals: Sequence[Seal]) -> dict[datetime, Sealed]:
    """The leaves of valid seals by the start of their segment."""
    return {start_of(each): Sealed(each, seal.expired_at) for seal in seals for each in seal.leaves}


def row_fault(row: SegmentRow, sealed: Mapping[datetime, Sealed]) -> Fault | None:
    """What a row alone, its run and its seal say against it."""
    facts = row.facts
    whose, named = camera_of(facts.path), start_in_name(facts.path)
    if whose not in {None, facts.camera_id}:
        why = "记录的摄像头与文件位置不符", "the row's camera is not that of its file's place"
    elif named is not None and named != facts.started_at:
        why = "记录的开始时间与文件名不符", "the row's start is not the one in its file's name"
    elif facts.started_at in sealed and leaf(facts) != sealed[facts.started_at].leaf:
        why = "记录与当日封存不符", "the row is not as it was sealed"
    elif not _is_within_run(row):
        why = "记录不在所属连续时段之内", "the row lies outside of the run that it names"
    else:
        return None
    return _of(facts, FootageFault.ROW_CHANGED, *why)


def _is_within_run(row: SegmentRow) -> bool:
    begins, ends = row.run_started_at - TOUCH, row.run_ended_at + TOUCH
    inside = begins <= row.facts.started_at and row.facts.ended_at <= ends
    return inside and row.run_camera_id == row.facts.camera_id


def file_fault(
    row: SegmentRow, content: Content, *, following: SegmentRow | None, is_sealed: bool, same_index: bool
) -> Fault | None:
    """Whether a row and its file agree, and which of the two was changed.

    Args:
        following: the next row of the same run.
        is_sealed: the row is as it was sealed.
        same_index: the row's index is the one that the file tells of itself.
    """
    facts = row.facts
    if content.sha256 == facts.sha256:
        wrong = _wrong_beside_hash(facts, content, same_index=same_index)
        return _of(facts, FootageFault.ROW_CHANGED, *wrong) if wrong and not is_sealed else None
    remembered = following.facts.previous_sha256 if following else b""
    if not is_sealed and remembered == content.sha256:
        why = "记录的校验值被改动，文件完好", "the row's hash was changed; the file is whole"
        return _of(facts, FootageFault.ROW_CHANGED, *why)
    if content.size != facts.size:
        return _of(
            facts,
            FootageFault.CHANGED,
            f"文件大小应为 {facts.size} 字节，实为 {content.size} 字节",
            f"the file has {content.size} bytes instead of {facts.size}",
            content.sha256,
        )
    why = "文件内容与校验值不符", "the file's content does not have its hash"
    return _of(facts, FootageFault.CHANGED, *why, content.sha256)


def _wrong_beside_hash(facts: SegmentFacts, content: Content, *, same_index: bool) -> tuple[str, str] | None:
    if content.size != facts.size:
        return "记录的大小被改动，文件完好", "the row's size was changed; the file is whole"
    if not same_index:
        return "记录的样本索引被改动，文件完好", "the row's sample index was changed; the file is whole"
    if content.index is not None:
        length = timedelta(seconds=content.index.duration)
        if abs(facts.ended_at - facts.started_at - length) > TOUCH:
            return "记录的起止时间与文件时长不符", "the row's times are not as long as its file"
    return None


@dataclass(frozen=True)
class Break:
    """Where the rows of a run do not go on from each other."""

    before: SegmentRow | None  # None: the row is the first of its run
    row: SegmentRow | None  # None: the run goes on beyond its last row
    linked: bool  # the row remembers the hash of the one before


def breaks(rows: Sequence[SegmentRow]) -> Iterator[Break]:
    """Where runs are not whole; the rows come by start, of whole runs or of long stretches of them."""
    runs: dict[int, list[SegmentRow]] = {}
    for row in rows:
        runs.setdefault(row.run_id, []).append(row)
    known = {row.facts.sha256 for row in rows}
    for of_run in runs.values():
        first, last = of_run[0], of_run[-1]
        if first.facts.previous_sha256 not in known:
            yield Break(None, first, linked=False)
        for before, row in pairwise(of_run):
            linked = row.facts.previous_sha256 == before.facts.sha256
            if not linked or not touches(before, row):
                yield Break(before, row, linked)
        if last.facts.ended_at < last.run_ended_at - TOUCH:
            yield Break(last, None, linked=False)


def touches(before: SegmentRow, row: SegmentRow) -> bool:
    """Whether a row starts where the one before ends."""
    return abs(row.facts.started_at - before.facts.ended_at) <= TOUCH


def break_fault(found: Break) -> Fault:
    """What a break that nothing else explains is called."""
    before, row = found.before, found.row
    if before is not None and row is not None and touches(before, row):
        why = "记录中前一段的校验值被改动", "the row's hash of the segment before was changed"
        return _of(row.facts, FootageFault.ROW_CHANGED, *why)
    if before is not None and found.linked:
        why = "记录的结束时间被改动", "the row's end was changed"
        return _of(before.facts, FootageFault.ROW_CHANGED, *why)
    if before is not None:
        why = "其后的片段连同记录被删除", "the segment after it is gone, and its row too"
        return Fault(
            FootageFault.MISSING, before.facts.camera_id, before.facts.ended_at, before.facts.path, *why
        )
    assert row is not None
    why = (
        "前一段的校验值不属于任何片段：该值被改动，或前一段连同记录被删除",
        "no segment has the hash that it remembers: that was changed, or the segment before is gone",
    )
    return _of(row.facts, FootageFault.ROW_CHANGED, *why)
