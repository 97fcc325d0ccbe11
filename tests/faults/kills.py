"""Killing, at random moments."""

import random
import threading
import time

from sqlalchemy import text

from data_access.engine import transaction
from media.camera_locks import LIVE
from tests.faults.scene import DatabaseServer, Scene
from tests.installation import until

_SOON = 60.0  # seconds


def at_a_random_moment(chance: random.Random, longest: float = 3.0) -> None:
    """Lets things run for a while that nobody can foresee."""
    threading.Event().wait(chance.uniform(0.2, longest))


def kill_recorder(scene: Scene, chance: random.Random, times: int) -> list[float]:
    """Kills the recorder again and again while it records; returns when, in seconds since 1970."""
    kills: list[float] = []
    scene.start_recorder()
    scene.await_footage(since=1.0)
    for _ in range(times):
        at_a_random_moment(chance)
        kills.append(_kill(scene, 0))
        scene.start_recorder()
        scene.await_footage(since=kills[-1])
    return kills


def _kill(scene: Scene, number: int) -> float:
    process = scene.recorders.pop(number)
    process.kill()
    killed_at = time.time()
    process.wait()
    return killed_at


def kill_whoever_records(scene: Scene, chance: random.Random, times: int) -> list[float]:
    """Keeps two recorders running and kills the one that has the cameras; returns when."""
    kills: list[float] = []
    scene.start_recorder()
    scene.await_footage(since=1.0)
    for _ in range(times):
        scene.start_recorder()
        until(lambda: _one_waits(scene), _SOON, "the second recorder is up and waits")
        at_a_random_moment(chance)
        assert _holders(scene) == 1
        kills.append(_kill(scene, 0))
        scene.await_footage(since=kills[-1])
    return kills


def _one_waits(scene: Scene) -> bool:
    """Whether a recorder asked for a camera last and did not get it: who has one asks no more."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock(%' AND pid <> "
    with transaction(scene.engine) as session:
        return bool(session.scalar(text(asked + "pg_backend_pid()")))


def _holders(scene: Scene) -> int:
    """How many connections have a camera."""
    held = "SELECT count(DISTINCT pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = :purpose"
    with transaction(scene.engine) as session:
        return int(session.scalar(text(held), {"purpose": LIVE}) or 0)


def kill_database(scene: Scene, server: DatabaseServer, chance: random.Random, times: int) -> list[float]:
    """Kills the whole server, then one of its connections, and so on; returns when."""
    kills: list[float] = []
    scene.start_recorder()
    scene.await_footage(since=1.0)
    for number in range(times):
        at_a_random_moment(chance)
        kills.append(time.time())
        if number % 2 == 0:
            server.kill()
            at_a_random_moment(chance)
            server.start()
        else:
            server.kill_a_backend(chance)
        scene.await_footage(since=time.time())
    return kills


def kill_both(scene: Scene, server: DatabaseServer, chance: random.Random, times: int) -> list[float]:
    """Kills recorder and database at once, as a power cut does; returns when."""
    kills: list[float] = []
    scene.start_recorder()
    scene.await_footage(since=1.0)
    for _ in range(times):
        at_a_random_moment(chance)
        server.kill()
        kills.append(_kill(scene, 0))
        server.start()
        scene.start_recorder()
        scene.await_footage(since=kills[-1])
    return kills
