"""The list of what a package holds, which the installation signs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from media.evidence.zip_writer import Written

FORMAT = "mingjing-evidence-1"
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public-key.pem"
_UNLISTED = (MANIFEST, SIGNATURE)  # a list cannot hold its own hash


class NoManifest(Exception):
    """The file cannot be read as a manifest."""


@dataclass(frozen=True)
class Listed:
    """A file as the manifest tells of it."""

    name: str
    size: int  # bytes
    crc32: int
    sha256: bytes
    pieces: tuple[bytes, ...]  # see Hashes


@dataclass(frozen=True)
class Manifest:
    """What a checker needs of a manifest."""

    number: str
    created_at: datetime  # in the time zone that it was written in: the date of the zip's files
    files: tuple[Listed, ...]  # in the order in which they lie in the zip; manifest and signature follow


def written(facts: dict[str, Any], files: list[Written]) -> bytes:
    """The manifest's bytes.

    Args:
        facts: what else it tells; `number` and `created_at` (ISO 8601) among it.
        files: in the order in which they lie in the zip.
    """
    listed = [_listed(file) for file in files]
    told = {"format": FORMAT, **facts, "files": listed}
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


def _listed(file: Written) -> dict[str, Any]:
    told = {"name": file.name, "size": file.size, "sha256": file.sha256.hex(), "crc32": f"{file.crc32:08x}"}
    return told | ({"pieces": [piece.hex() for piece in file.pieces]} if file.pieces else {})


def read(content: bytes) -> Manifest:
    """The manifest of these bytes.

    Raises:
        NoManifest: they are none.
    """
    try:
        told = json.loads(content.decode())
        files = tuple(
            Listed(
                str(file["name"]),
                int(file["size"]),
                int(str(file["crc32"]), 16),
                bytes.fromhex(str(file["sha256"])),
                tuple(bytes.fromhex(str(piece)) for piece in file.get("pieces", [])),
            )
            for file in told["files"]
        )
        found = Manifest(str(told["number"]), datetime.fromisoformat(str(told["created_at"])), files)
        known = told["format"] == FORMAT
        fits = all(_fits(file) for file in files) and 1980 <= found.created_at.year < 2108
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NoManifest(str(error)) from error
    if not known or not fits:
        raise NoManifest("not a list of files of this format")
    return found


def _fits(file: Listed) -> bool:
    """Whether a zip can hold such a file."""
    lengths = 0 < len(file.name.encode()) < 1 << 16 and 0 <= file.size < 1 << 62
    return lengths and 0 <= file.crc32 < 1 << 32 and file.name not in _UNLISTED
