"""The integrity check: is all footage there, as it was recorded, and nothing else?

A sample check judges all rows and seals, looks whether every file is there and reads some of them back; a
full check reads them all. What was found before is always looked at again. A fault is told only when it is
still there after a moment: footage is being published and deleted by rule while the check looks.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data_access import audit, footage_checks, footage_integrity
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.footage_checks import FaultRow
from data_access.footage_integrity import DAY, day_of, start_of_day
from data_access.footage_policy import policy_of
from domain import footage_chain
from domain.footage_chain import SegmentFacts, chain_of
from domain.vocabulary import FootageFault
from media import orphans
from media.camera_locks import CameraLocks
from media.footage_files import FootageFiles
from media.footage_folder import claim
from media.integrity_day import CheckedCamera, DayCheck
from media.integrity_rules import Fault, falsely_expired, leaves_of, seal_faults
from media.integrity_scope import EVER, Scope
from media.integrity_swaps import with_swaps
from media.read_back import Pace
from media.segment_names import camera_of, start_in_name
from media.signing import public_key_pem

__all__ = ["AlreadyChecking", "CheckReport", "Progress", "Scope", "chain_of", "check", "leaf_of"]

SAMPLE = 200  # files that a sample check reads, of all cameras together
SETTLE_SECONDS = 2.0
_CHECKS = 0x6D6A_0011  # one check at a time


class AlreadyChecking(Exception):
    """Another check is running; the message says so in Chinese and English."""

    def __init__(self) -> None:
        super().__init__("另一次录像校验正在进行，请稍后再试 / another check is running; try again later")


@dataclass(frozen=True)
class Progress:
    """How far a check has come."""

    camera_id: int
    day: date
    segments: int  # looked at so far
    of_segments: int
    read: int  # bytes so far


@dataclass(frozen=True)
class CheckReport:
    """What a check has found."""

    check_id: int
    full: bool
    segments: int  # looked at
    read: int  # bytes of files
    seals: int
    faults: tuple[Fault, ...]
    late: int  # segments that were published after their day was sealed: no fault, but worth knowing
    waiting: tuple[str, ...]  # files that the recorder will publish when it starts again


def leaf_of(segment: Segment) -> bytes:
    """The segment's link in its camera's chain; domain.footage_chain tells of what it is made."""
    return footage_chain.leaf(
        SegmentFacts(
            camera_id=segment.camera_id,
            started_at=segment.started_at,
            ended_at=segment.ended_at,
            path=segment.path,
            size=segment.size,
            sha256=segment.sha256,
            previous_sha256=segment.previous_sha256,
            index_sha256=hashlib.sha256(segment.index).digest(),
        )
    )


def check(
    engine: Engine,
    folder: Path,
    *,
    full: bool,
    now: datetime,
    progress: Callable[[Progress], None] = lambda _: None,
    scope: Scope | None = None,
    sample: int = SAMPLE,
    pace: Pace | None = None,
    actor: str = "keeper",
    settle: Callable[[], None] = lambda: time.sleep(SETTLE_SECONDS),
) -> CheckReport:
    """Checks the footage in scope, writes down what it finds, and sets orphans aside.

    Args:
        scope: all footage if it is not given.
        sample: how many files a check that is not full reads.
        settle: waits a moment before what was found is looked at again.

    Raises:
        WrongFolder: the footage folder is not this installation's, or not mounted.
        AlreadyChecking: another check is running.
    """
    claim(engine, folder)
    lock = CameraLocks(engine, _CHECKS)
    try:
        if not lock.take(1):
            raise AlreadyChecking
        work = _Check(engine, folder, full, now, scope or Scope(), pace or Pace(0), settle, progress)
        return work.run(actor, sample)
    finally:
        lock.close()


@dataclass
class _Check:
    """One run; what it finds is written down day by day."""

    engine: Engine
    folder: Path
    full: bool
    now: datetime
    scope: Scope
    pace: Pace
    settle: Callable[[], None]
    progress: Callable[[Progress], None]
    check_id: int = 0
    known: list[FaultRow] = field(default_factory=list)  # found before, and lasting
    faults: dict[int, Fault] = field(default_factory=dict)  # by the id of their row
    misplaced: set[str] = field(default_factory=set)  # where the files of changed rows lie
    waiting: list[str] = field(default_factory=list)
    segments: int = 0
    of_segments: int = 0
    seals: int = 0
    late: int = 0

    def __post_init__(self) -> None:
        self.files = FootageFiles(self.folder)

    def run(self, actor: str, sample: int) -> CheckReport:
        with transaction(self.engine) as session:
            self.check_id = footage_checks.begin(session, full=self.full, at=self.now)
            self._note(session, actor)
            self.known = [one for one in footage_checks.lasting_faults(session) if self.scope.covers(one)]
            ids = footage_integrity.cameras_with_rows(session)
            counts = {
                each: footage_integrity.count_between(session, each, *self.scope.times)
                for each in ids
                if self.scope.camera_id in {None, each}
            }
        self.of_segments = sum(counts.values())
        share = -(-sample // max(1, sum(count > 0 for count in counts.values())))
        for camera_id in counts:
            self._check_camera(camera_id, share)
        self._check_files()
        return self._end()

    def _note(self, session: Session, actor: str) -> None:
        wanted = {"camera_id": self.scope.camera_id, "from": self.scope.start, "to": self.scope.end}
        chosen = {name: str(value) for name, value in wanted.items() if value is not None}
        detail = {"check_id": self.check_id, **chosen}
        subject = "full" if self.full else "sample"
        audit.record(session, actor=actor, action="verify_footage", subject=subject, detail=detail)

    def _check_camera(self, camera_id: int, share: int) -> None:
        with transaction(self.engine) as session:
            camera, wrong = self._camera(session, camera_id)
            starts = footage_integrity.starts_between(session, camera_id, *self.scope.times)
            runs = footage_integrity.runs_without_rows(session, camera_id, *self.scope.times)
        self.seals += camera.seals
        self._tell(wrong)
        wanted = set(random.sample(starts, min(share, len(starts))))
        wanted |= {one.started_at for one in self.known if one.camera_id == camera_id and one.started_at}
        known = (*starts, *camera.sealed_between(*self.scope.times), *(begins for begins, _ in runs))
        for day in sorted({day_of(at) for at in known}):
            self._check_day(camera, day, wanted)

    def _camera(self, session: Session, camera_id: int) -> tuple[CheckedCamera, list[Fault]]:
        """What is known of a camera by its seals, and what is wrong with these."""
        seals = footage_integrity.seals(session, camera_id)
        wrong, valid = seal_faults(seals, footage_integrity.installation(session), public_key_pem())
        if any(seal.expired_at for seal in valid):
            wrong += falsely_expired(valid, set(footage_integrity.starts_between(session, camera_id, *EVER)))
        return CheckedCamera(
            camera_id,
            seals=len(seals),
            sealed=leaves_of(valid),
            sealed_to=start_of_day(seals[-1].day) + DAY if seals else None,
            kept_since=self.now - policy_of(session, camera_id).window,
        ), wrong

    def _check_day(self, camera: CheckedCamera, day: date, wanted: set[datetime]) -> None:
        before = self.segments

        def tell(segments: int) -> None:
            self.segments = before + segments
            self.progress(Progress(camera.id, day, self.segments, self.of_segments, self.pace.read))

        look = DayCheck(
            self.engine,
            self.files,
            day,
            pace=self.pace,
            wanted=lambda at: self.full or at in wanted,
            progress=tell,
        )
        found = look.look(camera)
        if found:
            self.settle()
            found = [fault for fault in look.look(self._camera_now(camera.id), again=True) if fault in found]
        tell(look.segments)
        self.late += look.late
        self.misplaced |= look.misplaced
        self._tell(with_swaps(self.engine, self.folder, found, self.pace))

    def _camera_now(self, camera_id: int) -> CheckedCamera:
        """As it is when those are done that are deleting some of it."""
        with transaction(self.engine) as session:
            footage_integrity.wait_for_deletion(session, camera_id)
            return self._camera(session, camera_id)[0]

    def _check_files(self) -> None:
        """What no row tells of, once all rows are known."""
        nobodys, waiting = orphans.without_row(self.engine, self.folder, self.scope, self.now)
        self.waiting = [path for path in waiting if not orphans.is_being_written(self.folder, path)]
        nobodys = [path for path in nobodys if path not in self.misplaced]
        if nobodys:
            self.settle()
        for path in nobodys:
            if orphans.still_without_row(self.engine, self.folder, path):
                self._tell([self._set_aside(path)])

    def _set_aside(self, path: str) -> Fault:
        zh, en, lies_in = "没有对应记录的文件，已移至隔离目录", "a file without a row, set aside", ""
        try:
            lies_in = orphans.quarantine(self.folder, path)
        except OSError as error:
            zh = f"没有对应记录的文件，无法移至隔离目录：{error.strerror}"
            en = f"a file without a row, which cannot be set aside: {error.strerror}"
        camera_id, started_at = camera_of(path), start_in_name(path)
        return Fault(FootageFault.EXTRA, camera_id, started_at, path, zh, en, quarantined_to=lies_in)

    def _tell(self, faults: Iterable[Fault]) -> None:
        """Writes faults down."""
        with transaction(self.engine) as session:
            for fault in faults:
                whose = fault.camera_id
                if whose is not None and not footage_integrity.is_camera(session, whose):
                    fault = replace(fault, camera_id=None)  # noqa: PLW2901
                told = footage_checks.add_fault(
                    session,
                    self.check_id,
                    kind=fault.kind,
                    camera_id=fault.camera_id,
                    started_at=fault.started_at,
                    path=fault.path,
                    detail=f"{fault.zh} / {fault.en}",
                    at=self.now,
                    quarantined_to=fault.quarantined_to,
                )
                self.faults[told] = fault

    def _end(self) -> CheckReport:
        with transaction(self.engine) as session:
            well = [one.id for one in self.known if one.id not in self.faults]
            footage_checks.mend(session, well, self.now)
            footage_checks.end(
                session, self.check_id, segments=self.segments, size=self.pace.read, at=datetime.now(UTC)
            )
        return CheckReport(
            check_id=self.check_id,
            full=self.full,
            segments=self.segments,
            read=self.pace.read,
            seals=self.seals,
            faults=tuple(self.faults.values()),
            late=self.late,
            waiting=tuple(self.waiting),
        )
