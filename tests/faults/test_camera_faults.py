"""Cameras that stop, are cut, go silent and are swapped, all at once and beside a good one."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from data_access import cameras
from data_access.engine import transaction
from domain.vocabulary import GapCause
from tests.faults.cable import Cable, cable
from tests.faults.kills import at_a_random_moment
from tests.faults.scene import FRAME, GOP, ON_THE_WAY, Scene, scene
from tests.faults.truth import Account, account_of, assert_true_to_its_clock
from tests.installation import until
from tests.media import rtsp_server

SEED = 31
_SMALL = {"width": 384, "height": 96, "gop": 10, "audio": "aac"}
_OTHER = {"codec": "h265", "width": 480, "height": 128, "gop": 10, "audio": "none"}
_NOTICED = 20.0  # seconds; a hung connection is noticed in 8, on a quiet machine


@dataclass
class Faulty:
    """What became of each camera."""

    accounts: dict[str, Account]
    at: float  # the moment of the faults, seconds since 1970


@pytest.fixture(scope="module")
def faulty(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    """One recorder, five cameras, four of which fail at the same moment and come back."""
    from tests.conftest import own_database

    chance = random.Random(SEED)
    with ExitStack() as stack:
        url = stack.enter_context(own_database(server_url))
        made = stack.enter_context(scene(tmp_path_factory.mktemp("faulty"), url, count=0))
        shared, stopping, other = (rtsp_server.free_port() for _ in range(3))
        for port, options in ((shared, _SMALL), (other, _OTHER)):
            stack.enter_context(rtsp_server.rtsp_camera(port, **options))
        hanging = rtsp_server.start(stopping, **_SMALL)
        stack.callback(hanging.wait)
        stack.callback(hanging.kill)
        cables = {name: stack.enter_context(cable(shared)) for name in ("good", "cut", "silent", "swapped")}
        ids = {name: made.add_camera(each.url) for name, each in cables.items()}
        ids["stopped"] = made.add_camera(f"rtsp://127.0.0.1:{stopping}/camera")
        made.start_recorder()
        made.await_footage(since=1.0)
        until(lambda: all(_recording(made, one) for one in ids.values()), _NOTICED, "all say so")
        at_a_random_moment(chance)
        at = time.time()
        hanging.send_signal(signal.SIGSTOP)
        _break(cables, other)
        hung = [ids["silent"], ids["stopped"]]
        until(lambda: not any(_recording(made, one) for one in hung), _NOTICED, "silence is noticed")
        hanging.send_signal(signal.SIGCONT)
        cables["silent"].mend()
        made.await_footage(since=time.time())
        made.stop_recorders()
        yield Faulty({name: account_of(made.engine, made.folder, one) for name, one in ids.items()}, at)


def _break(cables: dict[str, Cable], other: int) -> None:
    cables["silent"].silent = True
    cables["cut"].cut()
    cables["swapped"].put_into(other)


def _recording(made: Scene, camera_id: int) -> bool:
    with transaction(made.engine) as session:
        status = cameras.statuses(session).get(camera_id)
    return status is not None and status.recording


@pytest.mark.rtsp
@pytest.mark.xdist_group("faulty cameras")
def test_the_camera_beside_them_is_recorded_without_a_gap(faulty: Faulty) -> None:
    account = faulty.accounts["good"]
    assert_true_to_its_clock(account, FRAME)
    assert len(account.runs) == 1
    assert len(account.gaps) == 1  # from before the first picture


@pytest.mark.rtsp
@pytest.mark.xdist_group("faulty cameras")
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("cut", GapCause.CAMERA),
        ("swapped", GapCause.CAMERA),
        ("silent", GapCause.NETWORK),
        ("stopped", GapCause.NETWORK),
    ],
)
def test_a_faulty_camera_loses_nothing_that_came_and_its_gap_says_why(
    faulty: Faulty, name: str, cause: GapCause
) -> None:
    account = faulty.accounts[name]
    assert_true_to_its_clock(account, FRAME)
    assert account.lost_at(faulty.at) < GOP + ON_THE_WAY
    assert account.gap_after(faulty.at).cause is cause
    assert len(account.runs) == 2


@pytest.mark.rtsp
@pytest.mark.xdist_group("faulty cameras")
def test_both_pictures_of_a_swapped_camera_play(faulty: Faulty) -> None:
    account = faulty.accounts["swapped"]
    runs = {picture.run_id for picture in account.pictures}
    assert len(runs) == 2
    assert all(sum(picture.run_id == run for picture in account.pictures) > 10 for run in runs)
