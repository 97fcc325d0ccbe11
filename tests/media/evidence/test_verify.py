"""A byte that was changed anywhere in a package is found, and the file is named that it belongs to."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from media import signing
from media.evidence import verify as verifying
from media.evidence.manifest import MANIFEST, PUBLIC_KEY, SIGNATURE
from media.evidence.verify import DIRECTORY, Fault, NoPackage, Problem, verify
from media.evidence.zip_layout import BIG, Entry, central_header, ending, local_header, placed
from media.evidence.zip_reader import ZipReader
from tests.media.evidence.packages import NOW

MANY = settings(max_examples=150, deadline=None)


def owner_of(package: Path, offset: int) -> str:
    """The file in the whole package that a byte belongs to, or DIRECTORY."""
    with zipfile.ZipFile(package) as zipped:
        infos = zipped.infolist()
        begins = zipped.start_dir
    if offset < begins:
        return max(
            (info for info in infos if info.header_offset <= offset), key=lambda i: i.header_offset
        ).filename
    return DIRECTORY


def changed(package: Path, to: Path, change: Callable[[bytearray], bytes | bytearray]) -> Path:
    to.write_bytes(change(bytearray(package.read_bytes())))
    return to


def with_other_byte(at: int, by: int) -> Callable[[bytearray], bytearray]:
    def change(content: bytearray) -> bytearray:
        content[at] = (content[at] + by) % 256
        return content

    return change


def names(faults: tuple[Fault, ...]) -> set[str]:
    return {fault.name for fault in faults}


def test_a_whole_package_is_whole(whole_package: Path) -> None:
    verdict = verify(whole_package)
    assert verdict.faults == ()
    assert verdict.number == "ZJ-20251120-0001"
    assert verdict.fingerprint == signing.fingerprint(signing.public_key_pem())
    assert verdict.size == whole_package.stat().st_size
    assert verify(whole_package, key_pem=signing.public_key_pem()).faults == ()


def test_every_byte_of_headers_and_directory_counts(whole_package: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(whole_package) as zipped:
        headers = [
            range(info.header_offset, info.header_offset + 30 + len(info.filename.encode()))
            for info in zipped.infolist()
        ]
        rest = range(zipped.start_dir, whole_package.stat().st_size)
    trial = tmp_path / "trial.zip"
    for span in (*headers[:2], headers[-1], rest):
        for at in span:
            faults = verify(changed(whole_package, trial, with_other_byte(at, 1))).faults
            owner = owner_of(whole_package, at)
            # A name that was changed in the directory is told as that file, too.
            assert owner in names(faults) or (owner == DIRECTORY and faults), (at, owner, faults)


@MANY
@given(data=st.data())
def test_a_byte_changed_anywhere_is_found_and_its_file_named(
    whole_package: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with zipfile.ZipFile(whole_package) as zipped:
        infos = zipped.infolist()
    # Every file as likely as the long ones, and the directory.
    begin, end = data.draw(
        st.sampled_from(
            [
                *((info.header_offset, info.header_offset + 30 + info.file_size) for info in infos),
                (0, whole_package.stat().st_size),
            ]
        )
    )
    at, by = data.draw(st.integers(begin, end - 1)), data.draw(st.integers(1, 255))
    trial = tmp_path_factory.getbasetemp() / "trial.zip"
    faults = verify(changed(whole_package, trial, with_other_byte(at, by))).faults
    owner = owner_of(whole_package, at)
    assert owner in names(faults) or (owner == DIRECTORY and faults)


@MANY
@given(data=st.data())
def test_a_package_that_was_cut_or_grew_is_not_whole(
    whole_package: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = whole_package.read_bytes()
    at = data.draw(st.integers(0, len(content)))
    inserted = data.draw(st.binary(max_size=40))
    cut = data.draw(st.integers(0, len(content) - at))
    other = content[:at] + inserted + content[at + cut :]
    trial = tmp_path_factory.getbasetemp() / "trial.zip"
    trial.write_bytes(other)
    if other == content:
        assert verify(trial).faults == ()
        return
    try:
        assert verify(trial).faults
    except NoPackage:
        assert cut  # so much is gone that no file is left to be named


@given(content=st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_what_is_no_package_is_refused_and_never_breaks_the_check(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    trial = tmp_path_factory.getbasetemp() / "nonsense.zip"
    for beginning in (b"", b"PK\x03\x04", b"PK\x01\x02"):
        trial.write_bytes(beginning + content)
        with pytest.raises(NoPackage):
            verify(trial)


def rezipped(package: Path, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package unpacked, changed and zipped again as any program would do it."""
    with zipfile.ZipFile(package) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    change(files)
    with zipfile.ZipFile(to, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return to


def video_of(files: dict[str, bytes]) -> str:
    return next(name for name in files if name.endswith(".mp4"))


def test_a_file_that_was_replaced_removed_or_added_is_named(whole_package: Path, tmp_path: Path) -> None:
    trial, video = tmp_path / "trial.zip", ""

    def replace(files: dict[str, bytes]) -> None:
        nonlocal video
        video = video_of(files)
        files[video] = files[video][:-1] + b"x"

    def remove(files: dict[str, bytes]) -> None:
        del files[video]

    def add(files: dict[str, bytes]) -> None:
        files["录像/另一段.mp4"] = b"x"

    assert Fault(video, Problem.CHANGED) in verify(rezipped(whole_package, trial, replace)).faults or video
    assert Fault(video, Problem.CHANGED) in verify(trial).faults
    assert Fault(video, Problem.MISSING) in verify(rezipped(whole_package, trial, remove)).faults
    added = verify(rezipped(whole_package, trial, add)).faults
    assert Fault("录像/另一段.mp4", Problem.ADDED) in added


def test_two_files_under_one_name_are_told(whole_package: Path, tmp_path: Path) -> None:
    trial = tmp_path / "trial.zip"
    shutil.copy(whole_package, trial)
    with zipfile.ZipFile(trial, "a") as zipped, pytest.warns(UserWarning, match="Duplicate"):
        zipped.writestr(PUBLIC_KEY, b"another")
    assert PUBLIC_KEY in names(verify(trial).faults)


def test_signing_with_another_key_shows_against_the_published_one(
    whole_package: Path, tmp_path: Path
) -> None:
    forger = Ed25519PrivateKey.generate()
    pem = forger.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def forge(files: dict[str, bytes]) -> None:
        import hashlib
        import zlib

        listed = json.loads(files[MANIFEST])
        files[PUBLIC_KEY] = pem
        for file in listed["files"]:
            if file["name"] == PUBLIC_KEY:
                file["sha256"] = hashlib.sha256(pem).hexdigest()
                file["size"], file["crc32"] = len(pem), f"{zlib.crc32(pem):08x}"
        files[MANIFEST] = json.dumps(listed).encode()
        files[SIGNATURE] = forger.sign(files[MANIFEST])

    trial = rezipped(whole_package, tmp_path / "trial.zip", forge)
    faults = verify(trial, key_pem=signing.public_key_pem()).faults
    assert Fault(PUBLIC_KEY, Problem.OTHER_KEY) in faults
    assert Fault(SIGNATURE, Problem.NOT_SIGNED) in faults
    assert verify(trial).fingerprint != signing.fingerprint(signing.public_key_pem())


def test_a_list_that_was_changed_and_not_signed_anew_is_named(whole_package: Path, tmp_path: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[MANIFEST] = files[MANIFEST].replace("核查投诉".encode(), "例行检查".encode())

    faults = verify(rezipped(whole_package, tmp_path / "trial.zip", change)).faults
    assert Fault(SIGNATURE, Problem.NOT_SIGNED) in faults


@given(
    content=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["files", "name", "size", "crc32", "sha256", "number", "created_at", "format"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_a_list_full_of_nonsense_never_breaks_the_check(
    whole_package: Path, tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    def change(files: dict[str, bytes]) -> None:
        files[MANIFEST] = json.dumps(content).encode()

    trial = rezipped(whole_package, tmp_path_factory.getbasetemp() / "nonsense.zip", change)
    assert names(verify(trial).faults)


def test_names_are_utf8_by_the_flag_and_any_unzip_reads_them(whole_package: Path) -> None:
    with zipfile.ZipFile(whole_package) as zipped:
        assert zipped.testzip() is None
        infos = zipped.infolist()
    assert all(info.flag_bits & 0x800 for info in infos)
    assert all(info.compress_type == zipfile.ZIP_STORED for info in infos)
    videos = [info.filename for info in infos if info.filename.endswith(".mp4")]
    assert videos == ["录像/01_开标一室-全景_20251120-090000_20251120-090011.mp4"]


def test_what_is_beyond_4_gb_is_laid_out_as_python_reads_it(tmp_path: Path) -> None:
    entries = placed([("大.mp4", BIG + 7, 0x1234), ("小.txt", 3, 0x5678)])
    file = tmp_path / "big.zip"
    with file.open("wb") as out:  # a sparse file: nothing is written of the 4 GB
        for entry in entries:
            out.seek(entry.offset)
            out.write(local_header(entry, NOW))
        out.seek(entries[-1].end)
        out.write(ending(entries, NOW))
    with zipfile.ZipFile(file) as zipped:
        found = [(info.filename, info.file_size, info.header_offset, info.CRC) for info in zipped.infolist()]
    assert found == [(entry.name, entry.size, entry.offset, entry.crc32) for entry in entries]
    reader = ZipReader(file)
    wanted = [(entry.name, entry.content_at, entry.size, entry.crc32) for entry in entries]
    for each in (reader.by_headers(), reader.by_directory()):
        assert [(one.name, one.at, one.size, one.crc32) for one in each] == wanted
    reader.close()


def test_our_zip_is_the_one_that_python_writes(whole_package: Path) -> None:
    """But for its fields that tell who made it, Python's own zip of the same files has our bytes."""
    entry = Entry("录.txt", 3, 0x352441C2)
    out = io.BytesIO()
    info = zipfile.ZipInfo("录.txt", (2025, 11, 20, 6, 0, 0))
    info.external_attr = 0o100644 << 16
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(info, b"abc")
    written = out.getvalue()
    header = local_header(entry, NOW)
    assert written[: len(header)] == header
    assert central_header(entry, NOW)[:4] + central_header(entry, NOW)[8:] in (
        written[entry.end : entry.end + 4] + written[entry.end + 8 :]
    )
    assert verifying.DIRECTORY not in names(verify(whole_package).faults)
