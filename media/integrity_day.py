"""Checks one camera's day: its rows against each other, their seals and their files."""

import hashlib
import zlib
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data_access import footage_integrity
from data_access.engine import transaction
from data_access.footage import LONGEST_SEGMENT
from data_access.footage_integrity import DAY, SegmentRow, start_of_day
from domain.vocabulary import FootageFault
from media.footage_files import FootageFiles
from media.footage_folder import QUARANTINE
from media.integrity_rules import (
    TOUCH,
    Break,
    Fault,
    Sealed,
    break_fault,
    breaks,
    file_fault,
    row_fault,
    touches,
)
from media.read_back import Content, Pace, read_back
from media.sample_index import inflated
from media.segment_names import paths_at


@dataclass
class CheckedCamera:
    """What is known of a camera before its days are looked at."""

    id: int
    seals: int
    sealed: Mapping[datetime, Sealed]  # by start, of its valid seals
    sealed_to: datetime | None  # the end of its newest sealed day
    kept_since: datetime  # what is older may have been deleted by rule
    sealed_starts: list[datetime] = field(init=False)  # in order

    def __post_init__(self) -> None:
        self.sealed_starts = sorted(self.sealed)

    def sealed_between(self, start: datetime, end: datetime) -> list[datetime]:
        """The starts of its sealed segments within [start, end)."""
        starts = self.sealed_starts
        return starts[bisect_left(starts, start) : bisect_left(starts, end)]


class DayCheck:
    """One camera's day. Looked at again, files that were well are not read a second time.

    Args:
        wanted: whether the file of the segment that started then is to be read; suspicious ones always are.
        progress: is told how many segments of the day have been looked at.
    """

    def __init__(
        self,
        engine: Engine,
        files: FootageFiles,
        day: date,
        *,
        pace: Pace,
        wanted: Callable[[datetime], bool],
        progress: Callable[[int], None],
    ) -> None:
        self._engine = engine
        self._files = files
        self._start, self._end = start_of_day(day), start_of_day(day) + DAY
        self._pace = pace
        self._wanted = wanted
        self._progress = progress
        self._contents: dict[str, Content] = {}
        self.misplaced: set[str] = set()  # where the files of changed rows lie
        self.segments = 0
        self.late = 0  # published after their day was sealed

    def look(self, camera: CheckedCamera, *, again: bool = False) -> list[Fault]:
        """What is wrong with the day.

        Args:
            again: waits for whoever is deleting some of it, and sees what they left.
        """
        self._camera = camera
        self._files.forget()
        around = self._start - LONGEST_SEGMENT, self._end + LONGEST_SEGMENT
        with transaction(self._engine) as session:
            rows = footage_integrity.rows_between(session, self._camera.id, *around, lock=again)
        own = [row for row in rows if self._start <= row.facts.started_at < self._end]
        broken = [each for each in breaks(rows) if self._is_own(each)]
        suspects = {row for each in broken for row in (each.before, each.row) if row is not None}
        self.segments, self.late = len(own), sum(map(self._is_late, own))
        faults: dict[datetime, Fault] = {}
        after = _following(rows)
        for number, row in enumerate(dict.fromkeys([*own, *suspects])):
            if not again:
                self._progress(min(number, self.segments))
            fault = self._row_fault(row) or self._file_fault(row, after.get(row), read=row in suspects)
            if fault is not None:
                faults[row.facts.started_at] = fault
        with transaction(self._engine) as session:
            gone = [*self._gone(session, own), *self._runs_without_rows(session, faults)]
            told = {fault.started_at for fault in gone if fault.started_at} | faults.keys()
            lost = [break_fault(each) for each in broken if not self._is_explained(session, each, told)]
        return [*faults.values(), *gone, *lost]

    def _is_own(self, broken: Break) -> bool:
        at = broken.row or broken.before
        return at is not None and self._start <= at.facts.started_at < self._end

    def _is_late(self, row: SegmentRow) -> bool:
        sealed_to, started_at = self._camera.sealed_to, row.facts.started_at
        return sealed_to is not None and started_at < sealed_to and started_at not in self._camera.sealed

    def _row_fault(self, row: SegmentRow) -> Fault | None:
        """What is said against a row without reading its file."""
        fault = row_fault(row, self._camera.sealed) or self._file_is_elsewhere(row)
        if fault is not None:
            self.misplaced.update(paths_at(row.facts.camera_id, row.facts.started_at))
        return fault

    def _file_is_elsewhere(self, row: SegmentRow) -> Fault | None:
        facts = row.facts
        if self._files.has(facts.path):
            return None
        for path in paths_at(facts.camera_id, facts.started_at):
            if self._files.has(path):
                why = (
                    f"记录的文件位置被改动，文件在 {path}",
                    f"the row's path was changed; the file is {path}",
                )
                return Fault(FootageFault.ROW_CHANGED, facts.camera_id, facts.started_at, facts.path, *why)
        return None

    def _missing(self, row: SegmentRow) -> Fault:
        facts = row.facts
        zh, en = "文件不存在", "the file is not there"
        if (self._files.root / QUARANTINE / facts.path).exists():
            zh, en = f"{zh}，但在 {QUARANTINE}/ 中", f"{en}, but in {QUARANTINE}/"
        return Fault(FootageFault.MISSING, facts.camera_id, facts.started_at, facts.path, zh, en)

    def _file_fault(self, row: SegmentRow, following: SegmentRow | None, *, read: bool) -> Fault | None:
        """What is said against a row's file, or by the file against the row; at least whether it is there."""
        facts = row.facts
        if not self._files.has(facts.path):
            return self._missing(row)
        if not read and not self._wanted(facts.started_at):
            return None
        try:
            content = self._contents.get(facts.path) or read_back(self._files.root / facts.path, self._pace)
        except FileNotFoundError:
            return self._missing(row)
        except OSError as error:
            why = f"文件无法读取：{error.strerror}", f"the file cannot be read: {error.strerror}"
            return Fault(FootageFault.CHANGED, facts.camera_id, facts.started_at, facts.path, *why)
        fault = file_fault(
            row,
            content,
            following=following,
            is_sealed=facts.started_at in self._camera.sealed,
            same_index=self._is_index_of(row, content),
        )
        if fault is None:
            self._contents[facts.path] = content
        return fault

    def _is_index_of(self, row: SegmentRow, content: Content) -> bool:
        """Whether the row's sample index says what the file says."""
        if content.index is None:
            return False
        packed = content.index.pack()
        if hashlib.sha256(packed).digest() == row.facts.index_sha256:
            return True
        with transaction(self._engine) as session:
            of_row = footage_integrity.sample_index(session, row.facts)
        try:  # packed by another version of the compression, it says the same
            return of_row is not None and inflated(of_row) == inflated(packed)
        except zlib.error:
            return False

    def _gone(self, session: Session, own: Sequence[SegmentRow]) -> Iterator[Fault]:
        """Sealed segments of the day whose rows are gone, though not by rule."""
        there = {row.facts.started_at for row in own}
        gone = [at for at in self._camera.sealed_between(self._start, self._end) if at not in there]
        holds = footage_integrity.holds_over(session, self._camera.id, self._start, self._end) if gone else []
        for at in gone:
            expired_at = self._camera.sealed[at].expired_at
            held = any(each.covers(at) and expired_at and each.made_at <= expired_at for each in holds)
            if expired_at and not held:
                continue
            paths = paths_at(self._camera.id, at)
            if footage_integrity.known_paths(session, paths) or any(map(self._files.has, paths)):
                continue  # it is named with its changed row, or as a file without one
            why = "已封存的片段，文件和记录均已不在", "it was sealed, and both its file and its row are gone"
            yield Fault(FootageFault.MISSING, self._camera.id, at, paths[0], *why)

    def _is_explained(self, session: Session, broken: Break, told: Collection[datetime]) -> bool:
        """Whether a break in a run follows from what is told already, or from a deletion by rule."""
        before, row = broken.before, broken.row
        if any(each.facts.started_at in told for each in (before, row) if each is not None):
            return True
        if row is not None and (broken.linked or (before is not None and touches(before, row))):
            return False
        if before is not None:
            start, end = before.facts.ended_at, row.facts.started_at if row else before.run_ended_at
        else:
            assert row is not None
            earlier = footage_integrity.last_before(session, row.facts)
            if earlier is None or footage_integrity.has_parent(session, row.facts):
                return True
            start, end = earlier[0], row.facts.started_at
            if earlier[1] > start + TOUCH or footage_integrity.runs_without_rows(
                session, self._camera.id, start, end
            ):
                return True  # what it remembers is missed where it was, perhaps another day
        return self._is_told(start, end, told)

    def _is_told(self, start: datetime, end: datetime, told: Collection[datetime]) -> bool:
        """Whether it is told already why the index has nothing of that stretch."""
        if start < self._camera.kept_since or self._camera.sealed_between(start, end):
            return True  # by rule; or what was there is known, and judged by itself
        accused = any(start <= at < end for at in told)
        return accused or any(self._files.segments_between(self._camera.id, start, end))

    def _runs_without_rows(self, session: Session, told: Collection[datetime]) -> Iterator[Fault]:
        runs = footage_integrity.runs_without_rows(session, self._camera.id, self._start, self._end)
        for start, end in runs:
            if not self._is_told(start, end, told):
                path = paths_at(self._camera.id, start)[0]
                why = "整段录像的文件和记录均已不在", "a whole run of footage is gone, files and rows"
                yield Fault(FootageFault.MISSING, self._camera.id, start, path, *why)


def _following(rows: Sequence[SegmentRow]) -> dict[SegmentRow, SegmentRow]:
    """The next row of the same run for each that has one."""
    runs: dict[int, list[SegmentRow]] = {}
    for row in rows:
        runs.setdefault(row.run_id, []).append(row)
    return {row: after for of_run in runs.values() for row, after in pairwise(of_run)}
