"""Which part of the footage an integrity check looks at."""

from dataclasses import dataclass
from datetime import UTC, datetime

from data_access.footage_checks import FaultRow
from data_access.footage_integrity import DAY, day_of, start_of_day
from domain.vocabulary import FootageFault
from media.segment_names import camera_of, start_in_name

EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Scope:
    """Whole days (UTC) of a camera; None: of all cameras, from the beginning, to the end."""

    camera_id: int | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def times(self) -> tuple[datetime, datetime]:
        """From when to when: the days that the range touches."""
        begins = start_of_day(day_of(self.start)) if self.start else EVER[0]
        ends = start_of_day(day_of(self.end)) if self.end else EVER[1]
        return begins, ends if self.end is None or ends == self.end else ends + DAY

    def has(self, path: str) -> bool:
        """Whether a file is in it; one whose name says no time is in it only when all times are."""
        if self.camera_id is not None and camera_of(path) != self.camera_id:
            return False
        if self.start is None and self.end is None:
            return True
        at, (begins, ends) = start_in_name(path), self.times
        return at is not None and begins <= at < ends

    def covers(self, fault: FaultRow) -> bool:
        """Whether a check of it looks again at what was found before."""
        if fault.kind is FootageFault.EXTRA or fault.started_at is None:
            return self.has(fault.path)
        begins, ends = self.times
        of_camera = self.camera_id in {None, fault.camera_id}
        # Of a seal always: all of a camera's seals are judged.
        return of_camera and (fault.kind is FootageFault.SEAL_CHANGED or begins <= fault.started_at < ends)
