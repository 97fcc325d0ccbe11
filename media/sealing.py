"""Sets a seal on each camera's past days: from then on a changed row is found, whichever it is.

A seal holds the leaves of all segments that started before the end of its day and that no seal holds yet,
goes on from the camera's seal before, and is signed. Seals are never made anew: footage that is published
only after its day was sealed (recovered from a `.part`, or kept back by a database that was away) comes into
the camera's next seal, where its leaf shows that it is late.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from data_access import audit, cameras, footage_integrity
from data_access.engine import transaction
from data_access.footage_integrity import DAY, day_of, rows_between, start_of_day
from domain.footage_chain import NO_SEAL_BEFORE, Seal, SegmentFacts, chain_of, leaf, start_of, statement
from media.footage_folder import claim
from media.segment_names import start_in_name
from media.signing import sign

log = logging.getLogger(__name__)

# A segment that began before midnight is closed and published well within this.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER_MIDNIGHT = timedelta(minutes=15)
# For so long a day is left unsealed while some of its files wait for the recorder to publish them.
PATIENCE = timedelta(hours=6)


def seal_days(engine: Engine, folder: Path, now: datetime) -> int:
    """Seals what is to be sealed of every camera; returns how many seals were set.

    Raises:
        WrongFolder: the footage folder is not this installation's, or not mounted.
    """
    claim(engine, folder)
    made: list[Seal] = []
    with transaction(engine) as session:
        known = [camera.id for camera in cameras.all_cameras(session, removed=True)]
    for camera_id in known:
        made += _seal_camera(engine, folder, camera_id, now)
    if made:
        with transaction(engine) as session:
            _note(session, made, now)
        log.info("%d days of footage sealed", len(made))
    return len(made)


def _note(session: Session, made: Sequence[Seal], now: datetime) -> None:
    """The audit log, which is a chain of its own, remembers where each camera's chain stood."""
    chains = [[seal.camera_id, seal.day.isoformat(), seal.chain_sha256.hex()] for seal in made]
    last_day = max(seal.day for seal in made).isoformat()
    audit.record(
        session, actor="keeper", action="seal_footage", subject=last_day, detail={"chains": chains}, at=now
    )


def _seal_camera(engine: Engine, folder: Path, camera_id: int, now: datetime) -> list[Seal]:
    made = []
    last_over = day_of(now - _AFTER_MIDNIGHT) - DAY
    with transaction(engine) as session:
        newest = footage_integrity.last_seal(session, camera_id)
    if newest is not None and newest.day >= last_over:
        return []
    with transaction(engine) as session:
        footage_integrity.forget_leaves(session, camera_id)
        open_days = _open_days(session, camera_id, last_over)
    for day in open_days:
        if _is_waited_for(engine, folder, camera_id, day, now):
            break
        with transaction(engine) as session:
            made.append(_seal(session, camera_id, day, now))
    return made


def _open_days(session: Session, camera_id: int, last_over: date) -> list[date]:
    """The past days that want a seal, in order; segments of days that have one come into the last."""
    sealed = footage_integrity.seals(session, camera_id)
    after = sealed[-1].day if sealed else date.min
    end = start_of_day(last_over) + DAY
    days = {day_of(at) for at in _unsealed_starts(session, camera_id, end)}
    without = sorted(day for day in days if day > after)
    return without or ([last_over] if days else [])


def _unsealed_starts(session: Session, camera_id: int, end: datetime) -> list[datetime]:
    known = {start_of(each) for seal in footage_integrity.seals(session, camera_id) for each in seal.leaves}
    return [at for at in footage_integrity.starts_between(session, camera_id, _EVER, end) if at not in known]


def _is_waited_for(engine: Engine, folder: Path, camera_id: int, day: date, now: datetime) -> bool:
    """Whether files of the day are still being written, or wait for their rows."""
    end = start_of_day(day) + DAY
    if now - end >= PATIENCE:
        return False
    place = folder / str(camera_id) / f"{day:%Y/%m/%d}"
    files = [path for path in place.iterdir() if start_in_name(path)] if place.is_dir() else []
    with transaction(engine) as session:
        known = footage_integrity.known_paths(
            session,
            [path.relative_to(folder).as_posix() for path in files],
            (start_of_day(day), end),
        )
    return any(path.relative_to(folder).as_posix() not in known for path in files)


def _seal(session: Session, camera_id: int, day: date, now: datetime) -> Seal:
    end = start_of_day(day) + DAY
    unsealed = _facts(session, camera_id, _unsealed_starts(session, camera_id, end))
    newest = footage_integrity.last_seal(session, camera_id)
    leaves = tuple(leaf(facts) for facts in unsealed)
    seal = Seal(
        camera_id=camera_id,
        day=day,
        segments=len(leaves),
        size=sum(facts.size for facts in unsealed),
        chain_sha256=chain_of(newest.chain_sha256 if newest else NO_SEAL_BEFORE, leaves),
        signature=b"",
        leaves=leaves,
        sealed_at=now.astimezone(UTC),
    )
    seal = replace(seal, signature=sign(statement(seal, footage_integrity.installation(session))))
    footage_integrity.write_seal(session, seal)
    return seal


def _facts(session: Session, camera_id: int, starts: Sequence[datetime]) -> list[SegmentFacts]:
    """What the rows that started then say, in order."""
    wanted = set(starts)
    days = sorted({day_of(at) for at in starts})
    return [
        row.facts
        for day in days
        for row in rows_between(session, camera_id, start_of_day(day), start_of_day(day) + DAY)
        if row.facts.started_at in wanted
    ]
