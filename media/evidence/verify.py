"""Checks an evidence package, and names every file in it that is not what the installation signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from media import signing
from media.evidence import manifest as manifests
from media.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE, Manifest, NoManifest
from media.evidence.zip_layout import Entry, ending, local_header, placed
from media.evidence.zip_reader import Found, ZipReader

DIRECTORY = "zip"  # stands for the name of a file where the zip itself is at fault
_SMALL = 64 << 20  # bytes; manifest, signature and key are far smaller
_OUR_FILES = {MANIFEST, SIGNATURE, PUBLIC_KEY}


class Problem(StrEnum):
    """What is wrong with a file, or with the zip."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    HEADER = "header"  # its content is right, what the zip says of it is not
    NOT_SIGNED = "not_signed"  # the signature is not that of the key over this manifest
    OTHER_KEY = "other_key"  # the key is not the one that it was compared with
    LAYOUT = "layout"  # the zip's directory was changed, or bytes were added or cut off


@dataclass(frozen=True, order=True)
class Fault:
    """A file that is not as it was signed."""

    name: str  # of the file in the package, or DIRECTORY
    problem: Problem


@dataclass(frozen=True)
class Verdict:
    """What the check has found."""

    number: str  # of the package; empty: its manifest cannot be read
    fingerprint: str  # of the key that it was checked with; empty: there is none
    files: int  # listed in the manifest
    size: int  # bytes of the zip
    faults: tuple[Fault, ...]


class NoPackage(Exception):
    """The file is no evidence package, or cannot be read."""


@dataclass
class _Check:
    zip: ZipReader
    told: Callable[[int], None]
    faults: set[Fault] = field(default_factory=set)

    def blame(self, name: str, problem: Problem) -> None:
        self.faults.add(Fault(name, problem))


def verify(
    package: Path, *, key_pem: str | None = None, told: Callable[[int], None] = lambda _count: None
) -> Verdict:
    """Reads the whole package once.

    Args:
        key_pem: the installation's published key; None: the one in the package, which proves only that
            nothing was changed since it was signed with that key.
        told: is told how many more bytes are read.

    Raises:
        NoPackage: the file cannot be read or is no evidence package.
        UnusableKey: `key_pem` is no key.
    """
    try:
        zipped = ZipReader(package)
    except OSError as error:
        raise NoPackage(f"无法读取 {package} / cannot read {package}: {error.strerror}") from error
    try:
        check = _Check(zipped, told)
        found = _files(zipped, package)
        listed = _manifest(check, found)
        pem = _checked_key(check, found, key_pem)
        if pem:
            _check_signature(check, found, pem)
        if listed:
            _check_files(check, found, listed)
            _check_layout(check, found, listed)
        return Verdict(
            number=listed.number if listed else "",
            fingerprint=signing.fingerprint(pem) if pem else "",
            files=len(listed.files) if listed else 0,
            size=zipped.size,
            faults=tuple(sorted(check.faults)),
        )
    finally:
        zipped.close()


def _files(zipped: ZipReader, package: Path) -> list[Found]:
    """The files by whichever of the zip's two lists still leads to the manifest."""
    by_headers = zipped.by_headers()
    lists = [by_headers] if any(one.name == MANIFEST for one in by_headers) else []
    lists += [zipped.by_directory(), by_headers]
    found = next((each for each in lists if any(one.name in _OUR_FILES for one in each)), None)
    if found is None:
        raise NoPackage(f"{package.name} 不是证据包 / {package.name} is no evidence package")
    return found


def _content(check: _Check, found: list[Found], name: str) -> bytes | None:
    """A small file's content; blames it when it is missing."""
    one = next((one for one in found if one.name == name), None)
    if one is None or one.size > _SMALL:
        check.blame(name, Problem.MISSING if one is None else Problem.CHANGED)
        return None
    return check.zip.read(one.at, one.size)


def _manifest(check: _Check, found: list[Found]) -> Manifest | None:
    content = _content(check, found, MANIFEST)
    if content is None:
        return None
    try:
        return manifests.read(content)
    except NoManifest:
        check.blame(MANIFEST, Problem.CHANGED)
        return None


def _checked_key(check: _Check, found: list[Found], key_pem: str | None) -> str:
    """The key to check with: the published one if it is given, else the package's; empty: there is none."""
    packed = _content(check, found, PUBLIC_KEY)
    if key_pem is not None:
        published = signing.fingerprint(key_pem)
    try:
        fingerprint = signing.fingerprint(packed.decode()) if packed else ""
    except (signing.UnusableKey, UnicodeDecodeError):
        check.blame(PUBLIC_KEY, Problem.CHANGED)
        return key_pem or ""
    if key_pem is None:
        return packed.decode() if packed else ""
    if fingerprint and fingerprint != published:
        check.blame(PUBLIC_KEY, Problem.OTHER_KEY)
    return key_pem


def _check_signature(check: _Check, found: list[Found], pem: str) -> None:
    content, signature = (_content(check, found, name) for name in (MANIFEST, SIGNATURE))
    if content is None or signature is None or signing.is_signed(content, signature, pem):
        return
    # What an accident changed differs from its own CRC-32; who re-wrote the zip is told in general.
    named = False
    for one in found:
        if (
            one.name in {MANIFEST, SIGNATURE, PUBLIC_KEY}
            and check.zip.hashed(one, _silent).crc32 != one.crc32
        ):
            check.blame(one.name, Problem.CHANGED)
            named = True
    if not named:
        check.blame(SIGNATURE, Problem.NOT_SIGNED)


def _check_files(check: _Check, found: list[Found], listed: Manifest) -> None:
    expected = {file.name: file for file in listed.files}
    for one in found:
        file = expected.get(one.name)
        if file is None:
            if one.name not in {MANIFEST, SIGNATURE}:
                check.blame(one.name, Problem.ADDED)
            continue
        hashes = check.zip.hashed(one, check.told)
        if (hashes.size, hashes.sha256, hashes.pieces) != (file.size, file.sha256, file.pieces):
            check.blame(one.name, Problem.CHANGED)
    times = Counter(one.name for one in found)
    for name in [*expected, MANIFEST, SIGNATURE]:
        if times[name] != 1:
            check.blame(name, Problem.ADDED if times[name] else Problem.MISSING)


def _check_layout(check: _Check, found: list[Found], listed: Manifest) -> None:
    """Every byte that is no content must be the one that our own zip has there."""
    files = [(file.name, file.size, file.crc32) for file in listed.files]
    for name in (MANIFEST, SIGNATURE):
        one = next((one for one in found if one.name == name), None)
        if one is None:
            return  # blamed already
        files.append((name, one.size, check.zip.hashed(one, _silent).crc32))
    entries = placed(files)
    blamed = {fault.name for fault in check.faults}
    for entry in entries:
        if entry.name not in blamed and not _is_header(check, entry, listed):
            check.blame(entry.name, Problem.HEADER)
    end = ending(entries, listed.created_at)
    if check.zip.read(entries[-1].end, len(end) + 1) != end:
        check.blame(DIRECTORY, Problem.LAYOUT)


def _is_header(check: _Check, entry: Entry, listed: Manifest) -> bool:
    header = local_header(entry, listed.created_at)
    return check.zip.read(entry.offset, len(header)) == header


def _silent(_count: int) -> None:
    """Nobody waits for this."""
