"""Where archive copies lie: a folder of another disk, or S3-compatible storage."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import parse_qs, urlsplit

MARKER = ".mingjing-archive"
CHUNK = 1 << 20


class StorageFailed(Exception):
    """The storage cannot be used now; the message says why in Chinese and English."""


def target_of(url: str) -> str:
    """The address of a storage without passwords and settings; copies are known by it."""
    if not url.startswith("s3://"):
        return url
    parts = urlsplit(url)
    endpoint = urlsplit(parse_qs(parts.query).get("endpoint", [""])[-1])
    port = f":{endpoint.port}" if endpoint.port else ""
    at = f"?endpoint={endpoint.scheme}://{endpoint.hostname}{port}" if endpoint.hostname else ""
    return f"s3://{parts.netloc}/{parts.path.strip('/')}{at}"


class Storage(Protocol):
    """Keeps files under names such as `sessions/2026/7-KB001/camera-3/manifest.json`."""

    target: str  # its address without passwords

    def open(self, used_before: bool) -> None:
        """Makes sure that it is there and the one that was used before."""

    def size_of(self, name: str) -> int | None:
        """Bytes of a whole file; None: there is none."""

    def put(self, name: str, source: IO[bytes]) -> None:
        """Writes a file, whole or not at all."""

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, as they lie there."""

    def remove(self, name: str) -> None:
        """Deletes a file that is not what it should be."""


class FolderStorage:
    """A folder, of another disk or machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.target = str(folder)

    def open(self, used_before: bool) -> None:
        if not self._folder.is_dir():
            raise StorageFailed(
                f"归档目录 {self.target} 不存在，请建立或挂载 / "
                f"the archive folder {self.target} is not there; make or mount it"
            )
        marker = self._folder / MARKER
        if used_before and not marker.exists():
            raise StorageFailed(
                f"归档目录 {self.target} 没有标识 {MARKER}，多半是磁盘未挂载 / "
                f"the archive folder {self.target} lacks its marker {MARKER}; its disk is likely not mounted"
            )
        with _told():
            marker.touch()

    def size_of(self, name: str) -> int | None:
        with _told():
            try:
                return (self._folder / name).stat().st_size
            except FileNotFoundError:
                return None

    def put(self, name: str, source: IO[bytes]) -> None:
        file = self._folder / name
        part = file.with_name(file.name + ".part")
        with _told():
            file.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as target:
                while data := source.read(CHUNK):
                    target.write(data)
                target.flush()
                os.fsync(target.fileno())
            part.replace(file)
            descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, name: str) -> Iterator[bytes]:
        with _told(), (self._folder / name).open("rb") as file:
            # What is read back shall come from the disk, not from what the system remembers of the writing.
            with contextlib.suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while data := file.read(CHUNK):
                yield data

    def remove(self, name: str) -> None:
        with _told():
            (self._folder / name).unlink(missing_ok=True)


def unusable(error: Exception) -> StorageFailed:
    """What to tell people of a storage that refuses."""
    return StorageFailed(
        f"归档存储不可用，请检查地址、密钥、权限和空间 / "
        f"the archive storage cannot be used, check address, key, rights and space: {error}"
    )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unusable(error) from error
