"""A database and a folder with footage of some days, for tests of what is kept and what is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from data_access import accounts, cameras, footage, footage_holds
from data_access.engine import transaction
from data_access.footage import NO_SEGMENT_BEFORE, Segment, Stretch
from data_access.footage_gaps import Gap, gaps_between
from data_access.models import FootageSegment
from domain.vocabulary import Role, RoomType
from media.segment_file import path_of

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FIRST = datetime(2024, 3, 1, tzinfo=UTC)  # midnight
KEPT_DAYS = 30


@dataclass
class Stock:
    """What there is; every segment lies in a file of `size` bytes."""

    engine: Engine
    folder: Path
    size: int = 10
    camera_ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        with transaction(self.engine) as session:
            room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
            self.room_id = room.id
            self.account_id = accounts.add(
                session, "inspector", "a long password", Role.INSPECTOR, now=FIRST
            ).id
        self.camera_id = self.add_camera("全景")

    def add_camera(self, name: str, added_at: datetime = FIRST) -> int:
        with transaction(self.engine) as session:
            added = cameras.add(session, room_id=self.room_id, name=name, url="rtsp://camera", at=added_at)
        self.camera_ids.append(added.id)
        return added.id

    def record(
        self,
        start: datetime,
        count: int,
        *,
        camera_id: int | None = None,
        length: timedelta = MINUTE,
        apart: timedelta | None = None,
    ) -> list[Segment]:
        """Segments of one run, one after the other or `apart` from start to start."""
        camera_id = camera_id or self.camera_id
        starts = [start + n * (apart or length) for n in range(count)]
        with transaction(self.engine) as session:
            for each in starts:
                footage.make_days(session, each)
        with transaction(self.engine) as session:
            run_id = footage.begin_run(session, camera_id, start)
            made = [self._segment(camera_id, run_id, each, each + length) for each in starts]
            for segment in made:
                footage.publish(session, segment)
        for segment in made:
            file = self.folder / segment.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(bytes(self.size))
        return made

    def _segment(self, camera_id: int, run_id: int, start: datetime, end: datetime) -> Segment:
        path = path_of(str(camera_id), start)
        return Segment(
            camera_id, start, end, run_id, path, self.size, b"\1" * 32, NO_SEGMENT_BEFORE, b"index"
        )

    def hold(self, start: datetime, end: datetime, camera_id: int | None = None) -> int:
        with transaction(self.engine) as session:
            return footage_holds.hold(
                session,
                camera_id=camera_id or self.camera_id,
                start=start,
                end=end,
                reason="投诉调查",
                case_no="2024-7",
                made_by=self.account_id,
                at=end,
            )

    def release(self, hold_id: int) -> None:
        with transaction(self.engine) as session:
            footage_holds.release(session, hold_id, by=self.account_id, reason="结案", at=FIRST)

    def files(self) -> list[str]:
        return sorted(file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*.mp4"))

    def rows(self) -> list[str]:
        with transaction(self.engine) as session:
            return sorted(session.scalars(select(FootageSegment.path)))

    def runs(self, start: datetime, end: datetime, camera_id: int | None = None) -> list[Stretch]:
        with transaction(self.engine) as session:
            return footage.runs_between(session, camera_id or self.camera_id, start, end)

    def gaps(self, start: datetime, end: datetime, camera_id: int | None = None) -> list[Gap]:
        with transaction(self.engine) as session:
            return gaps_between(session, camera_id or self.camera_id, start, end)


def paths_of(segments: Sequence[Segment]) -> list[str]:
    """Sorted, as `Stock.files` has them."""
    return sorted(segment.path for segment in segments)
