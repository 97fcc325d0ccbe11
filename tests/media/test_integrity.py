"""The integrity check finds and names what is wrong, and accuses nothing else."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from data_access import footage_checks
from data_access.engine import transaction
from domain.vocabulary import FootageFault
from media.integrity import AlreadyChecking, Scope, check
from tests.media.sealed_footage import DAY, FIRST, NOW, Footage, installed

CHANGED, MISSING, EXTRA = FootageFault.CHANGED, FootageFault.MISSING, FootageFault.EXTRA
SWAPPED, ROW_CHANGED = FootageFault.SWAPPED, FootageFault.ROW_CHANGED
SEAL_CHANGED = FootageFault.SEAL_CHANGED
Found = set[tuple[FootageFault, str]]


@dataclass
class Made(Footage):
    """Two cameras: runs over midnight, one of the second day, demo footage before all."""

    one: int = 0
    other: int = 0
    paths: tuple[str, ...] = ()  # of the first camera's runs, by time
    demo: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def found(self, *, full: bool = True, sample: int = 0) -> Found:
        """Kinds and paths of what a check finds."""
        report = self.check(full=full, sample=sample)
        return {(fault.kind, fault.path) for fault in report.faults}

    def run(self, statement: str, **values: object) -> None:
        """Changes the database as an intruder would."""
        with transaction(self.engine) as session:
            assert session.execute(text(statement), values).rowcount  # type: ignore[attr-defined]

    @contextmanager
    def restored(self, table: str = "footage_segment") -> Iterator[None]:
        """Puts a table back at the end as it was."""
        with transaction(self.engine) as session:
            session.execute(text(f"CREATE TABLE kept AS SELECT * FROM {table}"))
        yield
        with transaction(self.engine) as session:
            session.execute(text(f"DELETE FROM {table}"))
            session.execute(text(f"INSERT INTO {table} SELECT * FROM kept"))
            session.execute(text("DROP TABLE kept"))

    def start_of(self, path: str) -> datetime:
        """When the row's segment started."""
        with transaction(self.engine) as session:
            by_path = text("SELECT started_at FROM footage_segment WHERE path = :path")
            at = session.scalar(by_path, {"path": path})
        assert isinstance(at, datetime)
        return at


@pytest.fixture
def made(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    with installed(engine, tmp_path, monkeypatch) as folder:
        yield _filled(Made(engine, folder))


def _filled(footage: Made) -> Made:
    footage.one, footage.other = footage.add_camera("一号"), footage.add_camera("二号")
    demo = footage.record(footage.one, FIRST - timedelta(hours=2), [20, 21], demo=True)
    runs = footage.record(footage.one, FIRST, [0, 1, 2, 3, 4, 5])
    runs += footage.record(footage.one, FIRST + timedelta(hours=5), [6, 7, 8])
    runs += footage.record(footage.one, NOW - timedelta(hours=1), [9, 10, 11])
    footage.others = tuple(
        footage.record(footage.other, FIRST + timedelta(milliseconds=250), [12, 13, 14, 15])
    )
    footage.paths, footage.demo = tuple(runs), tuple(demo)
    return footage


@pytest.fixture
def sealed(made: Made) -> Made:
    assert made.seal() == 4  # two days of each camera; the third is not over
    return made


@pytest.fixture(params=[True, False], ids=["sealed", "unsealed"])
def either(made: Made, *, request: pytest.FixtureRequest) -> Made:
    if request.param:
        made.seal()
    return made


def test_whole_footage_has_no_findings(sealed: Made) -> None:
    report = sealed.check()
    assert report.faults == ()
    assert (report.segments, report.seals, report.late, report.waiting) == (18, 4, 0, ())
    assert report.read == sum(file.stat().st_size for file in sealed.folder.glob("*/*/*/*/*.mp4"))
    assert sealed.check(full=False, sample=5).faults == ()


def test_unsealed_footage_has_no_findings(made: Made) -> None:
    assert made.check().faults == ()
    assert made.check(full=False).faults == ()


@given(data=st.data())
@examples(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_found_and_nothing_else_accused(either: Made, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([*either.paths, *either.demo, *either.others]))
    file = either.folder / path
    whole = file.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    file.write_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])
    assert either.found() == {(CHANGED, path)}
    file.write_bytes(whole)
    assert either.found() == set()


def test_missing_files_are_found(either: Made) -> None:
    gone = {either.paths[number] for number in (0, 3, 5, 8, 11)}
    for path in gone:
        (either.folder / path).unlink()
    assert either.found(full=False) == either.found() == {(MISSING, path) for path in gone}


def test_truncated_files_are_found(either: Made) -> None:
    torn = dict(zip(either.paths[1::2], (0, 1, 700, -1), strict=False))
    for path, length in torn.items():
        file = either.folder / path
        file.write_bytes(file.read_bytes()[:length])
    assert either.found() == {(CHANGED, path) for path in torn}


def test_a_file_that_grew_is_found(either: Made) -> None:
    path = either.paths[4]
    with (either.folder / path).open("ab") as file:
        file.write(b"\0")
    assert either.found() == {(CHANGED, path)}


def test_exchanged_files_are_found(either: Made) -> None:
    pairs = [(0, 1), (2, 7), (4, 10)]
    for pair in pairs:
        one, other = (either.folder / either.paths[number] for number in pair)
        one.rename(one.with_suffix(".x"))
        other.rename(one)
        one.with_suffix(".x").rename(other)
    assert either.found() == {(SWAPPED, either.paths[number]) for pair in pairs for number in pair}


def test_a_file_under_another_ones_name_is_named_with_its_owner(either: Made) -> None:
    shutil.copy(either.folder / either.others[1], either.folder / either.paths[1])
    (fault,) = either.check().faults
    assert (fault.kind, fault.path) == (CHANGED, either.paths[1])
    assert either.others[1] in fault.en


def test_files_without_row_are_set_aside_and_never_deleted(made: Made) -> None:
    names = ["notes.txt", "1/2025/11/21/copy.mp4", "77/2025/11/21/20251121T000000.000000Z.mp4"]
    for kept_as in ("{}", "{}.2"):
        for name in names:
            (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (made.folder / name).write_text(f"{kept_as}?")
        assert made.found() == {(EXTRA, name) for name in names}
        for name in names:
            assert not (made.folder / name).exists()
            assert (made.folder / "quarantine" / kept_as.format(name)).read_text() == f"{kept_as}?"
    assert made.found() == set()


def test_a_copy_of_a_segment_at_another_time_is_set_aside(either: Made) -> None:
    name = f"{either.one}/2025/11/21/20251121T000000.500000Z.mp4"
    shutil.copy(either.folder / either.paths[3], either.folder / name)
    assert either.found() == {(EXTRA, name)}


def test_deleted_rows_leave_files_that_are_set_aside_and_then_missed(either: Made) -> None:
    orphans = [either.paths[number] for number in (1, 4, 7)]
    for path in orphans:
        either.run("DELETE FROM footage_segment WHERE path = :path", path=path)
    assert either.found() == {(EXTRA, path) for path in orphans}
    assert {kind for kind, _ in either.found()} == {MISSING}


def test_files_deleted_with_their_rows_are_missed(either: Made) -> None:
    for numbers in ([1], [3, 4], [6, 7, 8], [8], [11]):
        files = [either.folder / either.paths[number] for number in numbers]
        contents = [file.read_bytes() for file in files]
        with either.restored():
            for number, file in zip(numbers, files, strict=True):
                either.run("DELETE FROM footage_segment WHERE path = :path", path=either.paths[number])
                file.unlink()
            found = either.check().faults
        for file, whole in zip(files, contents, strict=True):
            file.write_bytes(whole)
        assert {fault.kind for fault in found} == {MISSING}, numbers
        assert {fault.camera_id for fault in found} == {either.one}


COLUMNS = {
    "size": "size = size + 1",
    "sha256": "sha256 = sha256(sha256)",
    "previous_sha256": "previous_sha256 = sha256(previous_sha256)",
    "sample_index": "sample_index = (SELECT sample_index FROM footage_segment WHERE path = :other)",
    "path": "path = path || '.mp4'",
    "path of another": "path = :other",
    "start": "started_at = started_at - interval '150 ms'",
    "end": "ended_at = ended_at + interval '150 ms'",
    "earlier end": "ended_at = ended_at - interval '150 ms'",
    "camera": "camera_id = camera_id + 1",
    "unknown camera": "camera_id = 4711",
    "run": "run_id = (SELECT run_id FROM footage_segment WHERE path = :other)",
    "unknown run": "run_id = 4711",
}


def test_a_changed_row_is_found_and_nothing_else_accused(either: Made) -> None:
    for place, (name, change) in enumerate(COLUMNS.items()):
        path = either.paths[(0, 1, 4, 7)[place % 4]]
        at = either.start_of(path)
        with either.restored():
            values = {"other": either.paths[10]} if ":other" in change else {}
            either.run(f"UPDATE footage_segment SET {change} WHERE path = :path", path=path, **values)
            found = either.check().faults
        assert [fault.kind for fault in found] == [ROW_CHANGED], name
        assert abs((found[0].started_at or NOW) - at) < timedelta(seconds=1), name
    assert either.found() == set()


SEAL_COLUMNS = {
    "segments": "segments = segments + 1",
    "size": "size = size + 1",
    "chain": "chain_sha256 = sha256(chain_sha256)",
    "signature": "signature = sha256(signature) || sha256(signature)",
    "a leaf's hash": "leaves = set_byte(leaves, 20, get_byte(leaves, 20) # 1)",
    "a leaf's start": "leaves = set_byte(leaves, 7, get_byte(leaves, 7) # 1)",
    "a leaf less": "leaves = substring(leaves from 41)",
    "no leaves": "leaves = NULL",
    "day": "day = day - 3",
    "camera": "camera_id = camera_id + 1, day = day - 7",
    "sealed at": "sealed_at = sealed_at - interval '1 hour'",
    "expired": "expired_at = now()",
}


def test_a_changed_seal_is_found_and_no_footage_accused(sealed: Made) -> None:
    for name, change in SEAL_COLUMNS.items():
        for day in (FIRST.date(), (FIRST + DAY).date()):
            with sealed.restored("footage_day"):
                sealed.run(
                    f"UPDATE footage_day SET {change} WHERE camera_id = :camera AND day = :day",
                    camera=sealed.one,
                    day=day,
                )
                found = sealed.check(full=False).faults
            assert found, name
            assert {fault.kind for fault in found} == {SEAL_CHANGED}, name
    assert sealed.found() == set()


def test_a_removed_seal_is_found_by_the_next_one(sealed: Made) -> None:
    day = FIRST.date()
    sealed.run("DELETE FROM footage_day WHERE camera_id = :camera AND day = :day", camera=sealed.one, day=day)
    (fault,) = sealed.check().faults
    assert (fault.kind, fault.camera_id) == (SEAL_CHANGED, sealed.one)


def test_a_sample_check_reads_again_what_was_found_before_until_it_is_mended(sealed: Made) -> None:
    path = sealed.paths[2]
    whole = (sealed.folder / path).read_bytes()
    (sealed.folder / path).write_bytes(whole[:-1] + b"?")
    assert sealed.found() == {(CHANGED, path)}
    for _ in range(2):
        assert sealed.found(full=False) == {(CHANGED, path)}
    with transaction(sealed.engine) as session:
        (lasting,) = footage_checks.lasting_faults(session)  # one fault, however often it is found
        assert (lasting.path, lasting.camera_name) == (path, "一号")
    (sealed.folder / path).write_bytes(whole)
    assert sealed.found(full=False) == set()
    with transaction(sealed.engine) as session:
        assert footage_checks.lasting_count(session) == 0


def test_a_check_of_a_camera_or_a_day_looks_nowhere_else(sealed: Made) -> None:
    for path in (sealed.paths[0], sealed.paths[6], sealed.others[0]):
        (sealed.folder / path).unlink()
    assert [fault.path for fault in sealed.check(scope=Scope(sealed.other)).faults] == [sealed.others[0]]
    second_day = Scope(sealed.one, start=FIRST + timedelta(hours=5), end=FIRST + timedelta(hours=6))
    assert [fault.path for fault in sealed.check(scope=second_day).faults] == [sealed.paths[6]]
    with transaction(sealed.engine) as session:
        assert footage_checks.lasting_count(session) == 2  # neither check has mended what the other found


def test_one_check_at_a_time(sealed: Made) -> None:
    def check_too(_: object) -> None:
        with pytest.raises(AlreadyChecking):
            sealed.check()

    check(sealed.engine, sealed.folder, full=False, now=NOW, progress=check_too, settle=lambda: None)
    sealed.check()


def test_what_a_dead_recorder_left_is_not_an_orphan(made: Made) -> None:
    late = made.lay(made.one, NOW - timedelta(minutes=30), 16)
    torn = made.lay(made.one, NOW - timedelta(minutes=20), 17)
    (made.folder / torn.path).rename(made.folder / f"{torn.path}.part")
    report = made.check()
    assert (report.faults, report.waiting) == ((), (late.path, f"{torn.path}.part"))
    assert (made.folder / late.path).exists()


def test_an_old_part_that_nobody_will_recover_is_set_aside(made: Made) -> None:
    torn = made.lay(made.one, FIRST - timedelta(days=4), 17)
    (made.folder / torn.path).rename(made.folder / f"{torn.path}.part")
    assert made.found() == {(EXTRA, f"{torn.path}.part")}


def test_a_run_that_goes_on_over_an_hour_long_pause_of_the_clock_is_no_fault(made: Made) -> None:
    """Set back by an hour, a clock makes runs that overlap in time: both are whole."""
    made.record(made.one, NOW - timedelta(hours=1, milliseconds=-400), [16, 17])
    assert made.seal() == 4
    assert made.check().faults == ()
