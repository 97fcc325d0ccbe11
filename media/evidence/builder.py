"""Builds an evidence package: reads its segments, writes the zip, signs its list and reads it all back."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.periods import SHANGHAI
from media import signing
from media.evidence import camera_files, cover, manifest, tables, verify
from media.evidence.camera_files import CameraFiles, CheckedSegment
from media.evidence.gathered import CameraFacts, Facts
from media.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE
from media.evidence.verify_page import verify_page
from media.evidence.watermark import write_copy
from media.evidence.words import clock, size
from media.evidence.zip_writer import Written, ZipWriter

VERIFY_PAGE = "verify.html"
_SPARE = 1 << 30  # bytes that are left free on the disk of the exports


class CannotBuild(Exception):
    """The package cannot be built; the message says why in Chinese and English."""


class BuilderBusy(Exception):
    """Another process is building a package."""


@dataclass(frozen=True)
class Built:
    """A package on disk."""

    path: Path
    size: int  # bytes
    sha256: bytes


def build(
    facts: Facts,
    footage_folder: Path,
    exports_folder: Path,
    report: Callable[[float], None] = lambda _fraction: None,
) -> Built:
    """Builds the package; what a broken-off attempt has left is written anew.

    Args:
        report: is told how much is done, 0 to 1.

    Raises:
        CannotBuild: there is no room on the disk, or what was written does not read back.
        FootageMissing: the index of a segment is damaged.
        BuilderBusy: another process is building.
    """
    exports_folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # packages hold confidential footage
    with _alone(exports_folder):
        work = _Work(facts, footage_folder, exports_folder, report)
        work.make_sure_of_room()
        unfinished = exports_folder / f"{facts.package.number}.zip.part"
        with ZipWriter(unfinished, facts.at) as out:
            work.write(out)
        _read_back(unfinished, facts.public_key)
        whole = unfinished.with_suffix("")
        unfinished.replace(whole)
        with whole.open("rb") as file:
            return Built(whole, whole.stat().st_size, hashlib.file_digest(file, "sha256").digest())


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "building").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise BuilderBusy(
                "正在制作另一个证据包，请稍候 / another package is being built; wait a little"
            ) from busy
        yield


def _read_back(file: Path, public_key: str) -> None:
    verdict = verify.verify(file, key_pem=public_key)
    if verdict.faults:
        raise CannotBuild(
            f"写入后读回不一致（{verdict.faults[0].name}），请检查磁盘 / "
            f"what was written reads back changed ({verdict.faults[0].name}); check the disk"
        )


@dataclass
class _Work:
    """The building of one package."""

    facts: Facts
    footage_folder: Path
    exports_folder: Path
    report: Callable[[float], None]
    written: list[Written] = field(default_factory=list)
    files_of: dict[int, list[str]] = field(default_factory=dict)  # names by camera id
    done: int = 0  # bytes read so far, of all passes over the footage

    @property
    def footage_size(self) -> int:
        """Bytes of the segments."""
        return sum(segment.size for camera in self.facts.cameras for segment in camera.segments)

    def make_sure_of_room(self) -> None:
        """Refuses what the disk cannot take: the copies, and one of them once more while it is made."""
        needed = self.footage_size * (3 if self.facts.package.watermarked else 1) + _SPARE
        free = shutil.disk_usage(self.exports_folder).free
        if free < needed:
            raise CannotBuild(
                f"导出磁盘空间不足：需要 {size(needed)}，剩余 {size(free)}，请清理后重试 / "
                f"no room for the package: {size(needed)} needed, {size(free)} free; make room and try again"
            )

    def write(self, out: ZipWriter) -> None:
        """Writes all files: first what helps to check, then the footage, at last the signed list."""
        self._add(out, PUBLIC_KEY, self.facts.public_key.encode())
        self._add(out, VERIFY_PAGE, verify_page())
        checked = [
            camera_files.check(camera, number, self.footage_folder, self._told)
            for number, camera in enumerate(self.facts.cameras, start=1)
        ]
        for camera in checked:
            self._write_videos(out, camera)
        for name, content in tables.tables(self.facts, checked):
            self._add(out, name, content)
        self._add(out, cover.NAME, cover.cover(self.facts, checked, self.written))
        listed = manifest.written(self._manifest(checked), self.written)
        out.add(MANIFEST, len(listed), [listed])
        signature = signing.sign(listed)
        out.add(SIGNATURE, len(signature), [signature])
        out.finish()

    def _add(self, out: ZipWriter, name: str, content: bytes) -> None:
        self.written.append(out.add(name, len(content), [content]))

    def _write_videos(self, out: ZipWriter, camera: CameraFiles) -> None:
        names = self.files_of.setdefault(camera.facts.part.camera_id, [])
        for name, file in camera_files.videos(camera, self.footage_folder):
            self.written.append(out.add(f"录像/{name}", file.size, file.read(), self._told))
            names.append(self.written[-1].name)
            if self.facts.package.watermarked:
                copy = self.exports_folder / f"{self.facts.package.number}.copy.part"
                try:
                    write_copy(file, self._watermark(), copy, self._told)
                    marked = f"水印副本（非原件）/{Path(name).stem}_水印副本.mp4"
                    self.written.append(out.add(marked, copy.stat().st_size, _pieces(copy)))
                finally:
                    copy.unlink(missing_ok=True)
                names.append(self.written[-1].name)

    def _watermark(self) -> Sequence[str]:
        made = self.facts.package
        return f"副本 {made.number}", f"{made.requester} 调取", f"{clock(self.facts.at)} 制作"

    def _told(self, count: int) -> None:
        self.done += count
        passes = 3 if self.facts.package.watermarked else 2
        self.report(self.done / max(self.footage_size * passes, 1))

    def _manifest(self, checked: Sequence[CameraFiles]) -> dict[str, Any]:
        made = self.facts.package
        return {
            "number": made.number,
            "created_at": self.facts.at.isoformat(),
            "installation": {
                "identity": self.facts.identity,
                "key_fingerprint": signing.fingerprint(self.facts.public_key),
            },
            "reason": made.reason,
            "case_no": made.case_no,
            "requested_by": made.requester,
            "requested_at": made.requested_at.astimezone(SHANGHAI).isoformat(),
            "approved_by": made.decider,
            "restricted": made.restricted,
            "cameras": [self._camera(camera) for camera in checked],
        }

    def _camera(self, camera: CameraFiles) -> dict[str, Any]:
        facts: CameraFacts = camera.facts
        return {
            "camera": facts.part.camera,
            "room": facts.part.room,
            "from": facts.part.start.astimezone(SHANGHAI).isoformat(),
            "to": facts.part.end.astimezone(SHANGHAI).isoformat(),
            "recorded_seconds": sum((run.end - run.start).total_seconds() for run in facts.runs),
            "files": self.files_of.get(facts.part.camera_id, []),
            "chain": [_link(one) for one in camera.checked],
            "seals": [
                {
                    "day": seal.day,
                    "segments": seal.segments,
                    "chain_sha256": seal.chain_sha256.hex(),
                    "signature": seal.signature.hex(),
                }
                for seal in facts.seals
            ],
        }


def _link(one: CheckedSegment) -> dict[str, Any]:
    """A segment in the chain of its camera's hashes, as it was noted when it was recorded."""
    segment = one.segment
    return {
        "path": segment.path,
        "start": segment.started_at.astimezone(SHANGHAI).isoformat(),
        "end": segment.ended_at.astimezone(SHANGHAI).isoformat(),
        "size": segment.size,
        "sha256": segment.sha256.hex(),
        "previous": segment.previous_sha256.hex(),
        "file": "missing" if one.missing else {True: "same", False: "changed", None: "open"}[one.matches],
    }


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            yield piece
