"""The keeper does its duties in turn, and one that fails holds up no other."""

import logging
import threading

import pytest
from sqlalchemy import Engine

from data_access import alerts
from data_access.engine import transaction
from data_access.settings import Settings
from media import keeper
from media.duty import Duty
from media.keeper import Keeper
from tests.installation import until


def test_each_duty_has_its_own_time(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []
    now = 0.0

    def fail() -> None:
        done.append("broken")
        raise OSError("no disk")

    duties = [
        Duty("quick", 5, lambda: done.append("quick")),
        Duty("broken", 20, fail),
        Duty("slow", 60, lambda: done.append("slow")),
    ]
    keeping = Keeper(duties, clock=lambda: now)
    with caplog.at_level(logging.CRITICAL):
        for _ in range(13):
            keeping.run_due()
            now += 5
    assert {name: done.count(name) for name in set(done)} == {"quick": 13, "broken": 4, "slow": 2}
    assert done[:3] == ["quick", "broken", "slow"]


def test_its_heartbeat_goes_on_while_a_duty_takes_long(engine: Engine) -> None:
    stopped, working = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=Keeper([Duty("long", 1, working.wait)]).run, args=(stopped,)),
        threading.Thread(target=keeper.beat, args=(engine, stopped, 0.05)),
    ]
    for thread in threads:
        thread.start()

    def seen() -> object:
        with transaction(engine) as session:
            return alerts.seen_at(session, "keeper")

    first = until(seen, 20, "the keeper reports")
    until(lambda: seen() != first, 20, "and reports again while its duty is not done")
    stopped.set()
    working.set()
    for thread in threads:
        thread.join(20)


def test_an_archive_is_a_duty_only_where_one_is_set(engine: Engine) -> None:
    names = [
        {duty.name for duty in keeper.all_duties(engine, Settings(MINGJING_ARCHIVE=archive))}  # type: ignore[call-arg]
        for archive in ("", "/mnt/archive")
    ]
    assert names[1] - names[0] == {"archive"}
    assert {"sealing", "evidence packages"} <= names[0]
