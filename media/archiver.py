"""Copies whole sessions to other storage, reads every copy back, and keeps at it until all is there."""

import hashlib
import io
import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from data_access import audit, footage, footage_archive, footage_gaps, footage_integrity
from data_access.engine import transaction
from data_access.footage import Segment
from data_access.footage_archive import ArchiveJob
from data_access.footage_gaps import Gap
from data_access.settings import Settings
from domain.periods import SHANGHAI
from media.archive_storage import FolderStorage, Storage, StorageFailed

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0  # seconds between tries of what failed
_ONE_COPIES = 0x6D6A_0011


class CopyFailed(Exception):
    """A copy is not what was recorded, or cannot be made; the message says why in Chinese and English."""


class Archiver:
    """Copies one camera's session at a time.

    Args:
        years: for which the copies are to be kept, from the session's end on.
        clock: seconds that only go on, for the pauses.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        storage: Storage,
        years: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._storage = storage
        self._years = years
        self._clock = clock
        self._now = now
        self._failures: dict[tuple[int, int] | None, tuple[int, float]] = {}  # None: of the storage itself

    @classmethod
    def of(cls, engine: Engine, chosen: Settings) -> "Archiver | None":
        """The installation's archiver; None: no archive is set."""
        if not chosen.archive_url:
            return None
        storage = storage_at(chosen.archive_url, chosen.archive_key, chosen.archive_secret.get_secret_value())
        return cls(engine, chosen.footage_folder, storage, chosen.archive_years)

    def work(self) -> bool:
        """Copies what is due next, if anything is; False: there is nothing to do now."""
        if not self._may_try(None):
            return False
        with self._engine.connect() as alone:
            # The lock goes with the connection: a keeper that is killed holds up nobody.
            if not alone.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ONE_COPIES}):
                return False
            try:
                alone.rollback()
                return self._copy_next()
            finally:
                alone.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ONE_COPIES})

    def _copy_next(self) -> bool:
        target = self._storage.target
        pausing = [key for key in self._failures if key is not None and not self._may_try(key)]
        with transaction(self._engine) as session:
            job = footage_archive.next_job(session, target, self._now(), pausing)
            if job is None:
                return False
            copy_id = footage_archive.begin(session, job, target, folder_of(job), self._keep_until(job))
            used_before = footage_archive.has_verified(session, target)
        try:
            self._storage.open(used_before)
            self._copy(job, copy_id)
        except (StorageFailed, CopyFailed) as error:
            log.warning("session %s, %s: %s", job.session_code, job.camera_name, error)
            with transaction(self._engine) as session:
                footage_archive.fail(session, copy_id, str(error))
            self._failed(None if isinstance(error, StorageFailed) else job.key)
        else:
            self._failures.pop(job.key, None)
            self._failures.pop(None, None)
        return True

    def _may_try(self, key: tuple[int, int] | None) -> bool:
        return key not in self._failures or self._clock() >= self._failures[key][1]

    def _failed(self, key: tuple[int, int] | None) -> None:
        times = self._failures.get(key, (0, 0.0))[0] + 1
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (times - 1))
        self._failures[key] = times, self._clock() + pause

    def _keep_until(self, job: ArchiveJob) -> date:
        last = job.session_end.astimezone(SHANGHAI).date()
        try:
            return last.replace(year=last.year + self._years)
        except ValueError:  # 29 February
            return date(last.year + self._years, 3, 1)

    def _copy(self, job: ArchiveJob, copy_id: int) -> None:
        span = job.footage
        with transaction(self._engine) as session:
            found = footage.segments_between(session, job.camera_id, span.start, span.end)
            gaps = footage_gaps.gaps_between(session, job.camera_id, span.start, span.end)
            identity = footage_integrity.installation(session)
        segments = [segment for segment in found if not segment.open]
        names = {segment.path: f"{folder_of(job)}/{Path(segment.path).name}" for segment in segments}
        for segment in segments:
            self._put(segment, names[segment.path])
        content = _manifest(job, segments, gaps, identity)
        name = f"{folder_of(job)}/{MANIFEST}"
        self._storage.put(name, io.BytesIO(content))
        # All is written: now it is read back, from there.
        for segment in segments:
            self._read_back(names[segment.path], segment.sha256)
        digest = hashlib.sha256(content).digest()
        self._read_back(name, digest)
        self._finish(job, copy_id, segments, digest)

    def _put(self, segment: Segment, name: str) -> None:
        """Writes a segment unless a try before has; what is there is looked at when it is read back."""
        if self._storage.size_of(name) == segment.size:
            return
        try:
            with (self._folder / segment.path).open("rb") as source:
                if hashlib.file_digest(source, "sha256").digest() != segment.sha256:
                    raise CopyFailed(
                        f"录像文件 {segment.path} 与记录不符，未归档；请运行 footage verify / "
                        f"footage file {segment.path} is not what was recorded and is not archived; "
                        "run footage verify"
                    )
                source.seek(0)
                self._storage.put(name, source)
        except FileNotFoundError as error:
            raise CopyFailed(
                f"录像文件 {segment.path} 缺失，未归档 / footage file {segment.path} is missing, not archived"
            ) from error
        except OSError as error:
            raise CopyFailed(
                f"录像文件 {segment.path} 无法读取 / "
                f"footage file {segment.path} cannot be read: {error.strerror}"
            ) from error

    def _read_back(self, name: str, sha256: bytes) -> None:
        hashed = hashlib.sha256()
        for data in self._storage.read(name):
            hashed.update(data)
        if hashed.digest() != sha256:
            self._storage.remove(name)  # the next try writes it anew
            raise CopyFailed(
                f"归档副本 {name} 回读与原件不符，将重新复制 / "
                f"the archive copy {name} was read back and differs; it will be copied again"
            )

    def _finish(self, job: ArchiveJob, copy_id: int, segments: list[Segment], digest: bytes) -> None:
        size = sum(segment.size for segment in segments)
        told = {
            "camera": job.camera_name,
            "target": self._storage.target,
            "folder": folder_of(job),
            "segments": len(segments),
            "bytes": size,
            "manifest_sha256": digest.hex(),
        }
        with transaction(self._engine) as session:
            footage_archive.finish(
                session, copy_id, segments=len(segments), size=size, manifest_sha256=digest, at=self._now()
            )
            audit.record(
                session, actor="keeper", action="archive_footage", subject=job.session_code, detail=told
            )
        log.info("session %s, %s is archived, %d bytes", job.session_code, job.camera_name, size)


def folder_of(job: ArchiveJob) -> str:
    """Where a job's copy lies within the storage; the code is for people, the numbers make it unique."""
    code = re.sub(r"[^\w.-]", "_", job.session_code)
    year = job.session_end.astimezone(SHANGHAI).year
    return f"sessions/{year}/{job.session_id}-{code}/camera-{job.camera_id}"


def _manifest(job: ArchiveJob, segments: list[Segment], gaps: list[Gap], identity: str) -> bytes:
    told = {
        "version": 1,
        "installation": identity,
        "session": {"id": job.session_id, "code": job.session_code, "type": job.session_type},
        "room": job.room_name,
        "camera": {"id": job.camera_id, "name": job.camera_name},
        "from": job.footage.start.isoformat(),
        "to": job.footage.end.isoformat(),
        "segments": [
            {
                "file": Path(segment.path).name,
                "from": segment.started_at.isoformat(),
                "to": segment.ended_at.isoformat(),
                "bytes": segment.size,
                "sha256": segment.sha256.hex(),
                "previous_sha256": segment.previous_sha256.hex(),
            }
            for segment in segments
        ],
        "gaps": [
            {
                "from": gap.start.isoformat(),
                "to": gap.end.isoformat(),
                "cause": gap.cause.value,
                "detail": gap.detail,
            }
            for gap in gaps
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def storage_at(url: str, key: str, secret: str) -> Storage:
    """The storage of an address as `MINGJING_ARCHIVE` has it."""
    if not url.startswith("s3://"):
        return FolderStorage(Path(url))
    from media.archive_s3 import S3Storage

    return S3Storage(url, key, secret)
