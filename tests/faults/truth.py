"""What must hold after every fault: all that is published plays, and runs and ledger tell the truth."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from sqlalchemy import Engine, select

from data_access import footage, footage_gaps
from data_access.engine import transaction
from data_access.footage import Segment, Stretch
from data_access.footage_gaps import Gap
from data_access.models import Camera, FootageGap, FootageRun
from domain.vocabulary import GapCause
from media.demo_scene import read_clock
from media.sample_index import SampleIndex

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Picture:
    """A decoded picture; seconds since 1970."""

    wall: float  # by the index of footage
    drawn: float  # by the clock that is drawn in it
    run_id: int


@dataclass(frozen=True)
class Account:
    """A camera's footage and ledger, found to be true."""

    segments: list[Segment]  # the closed ones
    pictures: list[Picture]
    runs: list[Stretch]
    gaps: list[Gap]

    def lost_at(self, fault: float) -> float:
        """Seconds between the last picture that was drawn before the fault and the fault."""
        return fault - max(picture.drawn for picture in self.pictures if picture.drawn <= fault)

    def gap_after(self, fault: float) -> Gap:
        """The gap that begins nearest to the fault."""
        return min(self.gaps, key=lambda gap: abs(gap.start.timestamp() - fault))


def account_of(engine: Engine, folder: Path, camera_id: int) -> Account:
    """Asserts all that must hold of a camera whose recorder was stopped in order."""
    with transaction(engine) as session:
        until = footage_gaps.accounted_until(session, camera_id)
        assert until is not None
        segments = footage.segments_between(session, camera_id, LONG_AGO, FAR_AHEAD)
        runs = list(
            session.scalars(
                select(FootageRun).where(FootageRun.camera_id == camera_id).order_by(FootageRun.started_at)
            )
        )
        ledger = list(session.scalars(select(FootageGap).where(FootageGap.camera_id == camera_id)))
        added_at = session.get_one(Camera, camera_id).added_at
        stretches = footage.runs_between(session, camera_id, added_at, until)
        gaps = footage_gaps.gaps_between(session, camera_id, added_at, until)
    assert not [segment.path for segment in segments if segment.open], "an open segment was left behind"
    _assert_runs_claim_their_segments_and_no_more(runs, segments)
    _assert_ledger_and_footage_do_not_contradict(ledger, runs)
    _assert_all_time_is_told(added_at, until, stretches, gaps)
    _assert_chained(segments)
    here = {path.relative_to(folder).as_posix() for path in (folder / str(camera_id)).rglob("*.mp4*")}
    rows = {segment.path for segment in segments}
    assert here == rows, f"files without rows: {here - rows}, rows without files: {rows - here}"
    pictures = [picture for segment in segments for picture in played(folder, segment)]
    return Account(segments, pictures, stretches, gaps)


def played(folder: Path, segment: Segment) -> list[Picture]:
    """Every picture of a closed segment, decoded; its file is what was published."""
    file = folder / segment.path
    data = file.read_bytes()
    assert (len(data), hashlib.sha256(data).digest()) == (segment.size, segment.sha256), segment.path
    start, found = segment.started_at.timestamp(), []
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            assert frame.time is not None
            assert not frame.is_corrupt, segment.path
            found.append(
                (frame.time, read_clock(np.asarray(frame.to_ndarray(format="gray"), np.uint8)) / 1000)
            )
    assert len(found) == len(SampleIndex.unpack(segment.index).video.sizes), segment.path
    begin = found[0][0]  # FFmpeg moves a track on until no composition offset is negative
    return [Picture(start + at - begin, drawn, segment.run_id) for at, drawn in found]


def _assert_runs_claim_their_segments_and_no_more(runs: list[FootageRun], segments: list[Segment]) -> None:
    for earlier, later in pairwise(runs):
        assert earlier.ended_at <= later.started_at, "two runs overlap"
    for run in runs:
        own = [segment for segment in segments if segment.run_id == run.id]
        if not own:
            assert run.started_at == run.ended_at, "a run claims footage that is not there"
            continue
        assert (run.started_at, run.ended_at) == (own[0].started_at, own[-1].ended_at)
        for before, after in pairwise(own):
            assert before.ended_at == after.started_at, "a hole within a run"


def _assert_ledger_and_footage_do_not_contradict(ledger: list[FootageGap], runs: list[FootageRun]) -> None:
    for gap in ledger:
        for run in runs:
            overlap = min(gap.ended_at, run.ended_at) - max(gap.started_at, run.started_at)
            assert overlap <= timedelta(0), f"the ledger denies footage: {gap.cause} {overlap}"


def _assert_all_time_is_told(since: datetime, until: datetime, runs: list[Stretch], gaps: list[Gap]) -> None:
    told = sorted([(run.start, run.end) for run in runs] + [(gap.start, gap.end) for gap in gaps])
    assert told[0][0] == since
    assert told[-1][1] == until
    for (_, end), (start, _) in pairwise(told):
        assert end == start, f"neither footage nor gap, or both: {end} {start}"
    unknown = [gap for gap in gaps if gap.cause is GapCause.UNKNOWN]
    assert not unknown, f"nobody knows why: {unknown}"


def _assert_chained(segments: list[Segment]) -> None:
    previous = footage.NO_SEGMENT_BEFORE
    for segment in segments:
        assert segment.previous_sha256 == previous, f"the chain breaks at {segment.path}"
        previous = segment.sha256


def assert_true_to_its_clock(account: Account, frame: float, within: float = 0.5) -> None:
    """No picture is missing within a run or there twice, and they are dated as they were drawn.

    Args:
        frame: seconds from picture to picture, as the camera's timestamps say: it draws them less evenly.
        within: seconds that half of the pictures may take from the camera, on a busy machine.
    """
    for earlier, later in pairwise(account.pictures):
        assert earlier.drawn <= later.drawn, "double footage"
        if earlier.run_id == later.run_id:
            step = later.wall - earlier.wall
            assert 0.4 * frame < step < 1.6 * frame, f"{step:.3f} s after {earlier}"
    late = np.array([picture.wall - picture.drawn for picture in account.pictures])
    assert np.median(np.abs(late)) < within
