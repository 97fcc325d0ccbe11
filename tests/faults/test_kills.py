"""kill -9 of the recorder, of the database and of the web process at random moments, while cameras record."""

import random
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from data_access import audit
from data_access.engine import transaction
from data_access.models import AuditEntry
from domain.vocabulary import GapCause
from media.virtual_mp4 import build
from tests.faults.kills import kill_database, kill_recorder, kill_whoever_records
from tests.faults.recorded import bulky_footage
from tests.faults.scene import FRAME, GOP, ON_THE_WAY, database_server, scene
from tests.faults.truth import account_of, assert_true_to_its_clock
from tests.faults.web import web_of

SEED = 4


@pytest.mark.rtsp
def test_a_killed_recorder_loses_one_group_of_pictures_at_most(database_url: str, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    with scene(tmp_path, database_url, count=2) as made:
        kills = kill_recorder(made, chance, times=2)
        made.stop_recorders()
        for camera_id in made.cameras.values():
            account = account_of(made.engine, made.folder, camera_id)
            assert_true_to_its_clock(account, FRAME)
            for killed_at in kills:
                assert account.lost_at(killed_at) < GOP + ON_THE_WAY
                assert account.gap_after(killed_at).cause is GapCause.RECORDER
            assert len(account.gaps) == 1 + len(kills)  # the first is from before the first picture


@pytest.mark.rtsp
def test_of_two_recorders_one_records_and_the_other_takes_over_when_it_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(SEED + 1)
    with scene(tmp_path, database_url) as made:
        kills = kill_whoever_records(made, chance, times=2)
        made.stop_recorders()
        (camera_id,) = made.cameras.values()
        account = account_of(made.engine, made.folder, camera_id)
    assert_true_to_its_clock(account, FRAME)
    assert len(account.runs) == 1 + len(kills)
    for killed_at in kills:
        assert account.lost_at(killed_at) < GOP + ON_THE_WAY
        gap = account.gap_after(killed_at)
        assert gap.cause is GapCause.RECORDER
        assert (gap.end - gap.start).total_seconds() < 10


@pytest.mark.rtsp
def test_a_killed_database_costs_no_picture_at_all(tmp_path: Path) -> None:
    chance = random.Random(SEED + 2)
    with database_server() as server, scene(tmp_path, server.url) as made:
        kills = kill_database(made, server, chance, times=2)
        made.stop_recorders()
        (camera_id,) = made.cameras.values()
        account = account_of(made.engine, made.folder, camera_id)
    assert_true_to_its_clock(account, FRAME)
    assert len(kills) == 2
    assert len(account.runs) == 1, "the recording went on"
    assert len(account.gaps) == 1, "only the one from before the first picture"


def test_a_killed_web_process_serves_the_rest_of_the_very_same_file_when_it_is_back(
    database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(SEED + 3)
    with scene(tmp_path, database_url, count=0) as made:
        segments = bulky_footage(made.engine, made.folder, megabytes=12)
        start, end = segments[0].started_at + timedelta(seconds=1), segments[-1].ended_at
        expected = build(segments, start, end, made.folder)
        with web_of(made) as web:
            download = web.footage(segments[0].camera_id, start, end)
            while not download.go_on(chance, most=chance.randint(1, 7_000_000)):
                web.kill()
                web.start()
        assert download.content == b"".join(expected.read())
        assert download.etag == expected.etag
        assert len(download.answers) > 2
        with transaction(made.engine) as session:
            assert audit.first_broken(session) is None
            noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "play_footage")).all()
    assert len(noted) == len(download.answers), "each process has written down who looks"
