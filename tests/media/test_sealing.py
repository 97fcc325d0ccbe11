"""A past day is sealed once; what comes later, and what goes by rule, is told truthfully."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from data_access import accounts, audit, footage_holds, footage_integrity
from data_access.engine import transaction
from data_access.footage import segments_between
from domain.footage_chain import NO_SEAL_BEFORE, Seal, chain_of, start_of, statement
from domain.vocabulary import FootageFault, Role
from media.integrity import leaf_of
from media.integrity_duties import is_due
from media.retention import expire
from media.signing import is_signed, public_key_pem
from tests.media.sealed_footage import DAY, FIRST, NOW, Footage, installed

SECOND = FIRST + timedelta(seconds=1)


@pytest.fixture
def footage(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Footage]:
    with installed(engine, tmp_path, monkeypatch) as folder:
        yield Footage(engine, folder)


def seals(footage: Footage, camera_id: int) -> list[Seal]:
    with transaction(footage.engine) as session:
        return footage_integrity.seals(session, camera_id)


def test_each_past_day_gets_one_signed_seal_and_they_are_a_chain(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    footage.record(camera_id, FIRST, [0, 1, 2, 3, 4])  # three before midnight, two after
    footage.record(camera_id, NOW - timedelta(minutes=1), [5])
    assert footage.seal() == 2
    assert footage.seal() == 0
    first, second = seals(footage, camera_id)
    assert [(seal.day, seal.segments) for seal in (first, second)] == [
        (FIRST.date(), 3),
        ((FIRST + DAY).date(), 2),
    ]
    with transaction(footage.engine) as session:
        known = footage_integrity.installation(session)
        stored = footage_integrity.rows_between(session, camera_id, FIRST, FIRST + DAY)
        leaves = [leaf_of(each) for each in segments_between(session, camera_id, FIRST, FIRST + DAY)]
        assert audit.first_broken(session) is None
    assert [*first.leaves, *second.leaves] == leaves
    assert first.size + second.size == sum(row.facts.size for row in stored)
    assert first.chain_sha256 == chain_of(NO_SEAL_BEFORE, first.leaves)
    assert second.chain_sha256 == chain_of(first.chain_sha256, second.leaves)
    for seal in (first, second):
        assert is_signed(statement(seal, known), seal.signature, public_key_pem())


def test_a_day_is_not_sealed_before_it_is_over(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    footage.record(camera_id, FIRST, [0, 1, 2, 3])
    midnight = FIRST + timedelta(seconds=3)
    assert footage.seal(midnight + timedelta(minutes=14)) == 0
    assert footage.seal(midnight + timedelta(minutes=16)) == 1
    assert footage.seal(midnight + DAY + timedelta(minutes=14)) == 0


def test_a_day_of_which_something_is_open_or_waits_is_sealed_later(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    footage.record(camera_id, FIRST, [0, 1])
    waiting = footage.lay(camera_id, FIRST + timedelta(seconds=2), 2)
    at = FIRST + timedelta(hours=1)
    assert footage.seal(at) == 0
    part = (footage.folder / waiting.path).rename(footage.folder / f"{waiting.path}.part")
    assert footage.seal(at) == 0
    assert footage.seal(FIRST + timedelta(hours=7)) == 1  # not for ever: it will come late
    assert part.exists()


def test_what_is_published_after_its_day_was_sealed_comes_into_the_next_seal(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    footage.record(camera_id, FIRST - timedelta(minutes=1), [0, 1])
    assert footage.seal(FIRST + timedelta(hours=7)) == 1
    (late,) = footage.record(camera_id, FIRST - timedelta(seconds=10), [2])
    footage.record(camera_id, SECOND + timedelta(hours=3), [3, 4])
    report = footage.check()
    assert (report.faults, report.late) == ((), 1)
    assert footage.seal(FIRST + timedelta(hours=8)) == 0  # the day has its seal; it waits for the next
    assert footage.seal() == 1
    before, after = seals(footage, camera_id)
    assert (before.segments, after.segments) == (2, 3)
    assert start_of(after.leaves[0]) < FIRST  # its leaf shows that it came late
    assert (footage.check().faults, footage.check().late) == ((), 0)
    with transaction(footage.engine) as session:
        session.execute(text("UPDATE footage_segment SET size = size + 1 WHERE path = :path"), {"path": late})
    (fault,) = footage.check(full=False).faults
    assert (fault.kind, fault.path) == (FootageFault.ROW_CHANGED, late)


def test_late_footage_of_a_camera_that_records_no_more_is_sealed_too(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    footage.record(camera_id, FIRST - timedelta(minutes=1), [0, 1])
    assert footage.seal(FIRST + timedelta(hours=7)) == 1
    footage.record(camera_id, FIRST - timedelta(seconds=10), [2], demo=True)
    assert footage.seal() == 1
    assert [seal.segments for seal in seals(footage, camera_id)] == [2, 1]
    assert footage.check().faults == ()


def test_footage_that_went_by_rule_is_not_missed_but_held_footage_is(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    paths = footage.record(camera_id, FIRST, [0, 1, 2, 3, 4, 5])
    footage.seal()
    with transaction(footage.engine) as session:
        account = accounts.add(session, "inspector", "a long password", Role.INSPECTOR, now=FIRST)
        footage_holds.hold(
            session,
            camera_id=camera_id,
            start=SECOND,
            end=SECOND + timedelta(milliseconds=200),
            reason="复核",
            case_no="",
            made_by=account.id,
            at=FIRST,
        )
    assert expire(footage.engine, footage.folder, FIRST + timedelta(days=40), 30) == 5
    assert (footage.folder / paths[1]).exists()
    assert footage.check().faults == ()
    with transaction(footage.engine) as session:
        session.execute(text("DELETE FROM footage_segment"))
    (footage.folder / paths[1]).unlink()
    footage.seal(NOW + DAY)
    assert {(fault.kind, fault.path) for fault in footage.check().faults} == {
        (FootageFault.MISSING, paths[1])
    }


def test_seals_outlive_the_footage_and_go_on(footage: Footage) -> None:
    camera_id = footage.add_camera("一号")
    footage.record(camera_id, FIRST, [0, 1, 2, 3, 4, 5])
    footage.seal()
    assert expire(footage.engine, footage.folder, FIRST + timedelta(days=40), 30) == 6
    assert footage.check().faults == ()
    footage.record(camera_id, NOW, [6, 7])
    assert footage.seal(NOW + 2 * DAY) == 1
    gone, gone_too, newest = seals(footage, camera_id)
    assert (gone.leaves, gone_too.leaves) == ((), ())
    assert newest.chain_sha256 == chain_of(gone_too.chain_sha256, newest.leaves)
    assert footage.check().faults == ()
    with transaction(footage.engine) as session:
        session.execute(text("UPDATE footage_day SET size = size + 1 WHERE leaves IS NULL"))
    assert {fault.kind for fault in footage.check().faults} == {FootageFault.SEAL_CHANGED}


def test_the_nightly_check_is_due_once_a_night_and_when_nights_were_missed() -> None:
    night = FIRST.replace(hour=19, minute=0)  # three in the morning in Shanghai
    noon = FIRST.replace(hour=4)
    assert is_due(night, None)
    assert not is_due(noon, None)
    assert is_due(night, night - timedelta(hours=23))
    assert not is_due(night, night - timedelta(hours=1))
    assert not is_due(noon, noon - timedelta(hours=23))
    assert is_due(noon, noon - timedelta(hours=37))
