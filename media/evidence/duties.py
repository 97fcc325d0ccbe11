"""The keeper's duty to build what was approved, one package after the other, beside its other duties."""

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import evidence, evidence_building
from data_access.engine import transaction
from data_access.evidence import Package
from media.byte_slices import FootageMissing
from media.evidence.builder import BuilderBusy, Built, CannotBuild, build
from media.evidence.gathered import gather
from media.signing import UnusableKey

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds
_REPORT_EVERY = 1.0  # seconds


def build_next(engine: Engine, footage_folder: Path, exports_folder: Path, now: datetime) -> bool:
    """Builds the package that waits longest; False: none waits, or another process is building.

    After a kill it is built from the beginning.
    """
    with transaction(engine) as session:
        made = evidence.next_to_build(session, now)
    if made is None:
        return False
    try:
        build_one(engine, footage_folder, exports_folder, made, now)
    except BuilderBusy:
        return False
    return True


def build_one(
    engine: Engine, footage_folder: Path, exports_folder: Path, made: Package, now: datetime
) -> None:
    """Builds an approved package, or writes down why it cannot be built.

    Raises:
        BuilderBusy: another process is building.
    """
    with transaction(engine) as session:
        facts = gather(session, made, now)
    try:
        built = build(facts, footage_folder, exports_folder, _reporting(engine, made))
    except (CannotBuild, FootageMissing, UnusableKey) as error:
        _fail(engine, made, str(error), now)
    except (BuilderBusy, SQLAlchemyError):
        raise
    except Exception as error:
        # Damaged footage breaks in many ways; the other packages must not wait for it.
        log.exception("package %s", made.number)
        _fail(engine, made, f"制作失败，请查看日志 / it could not be built, see the log: {error}", now)
    else:
        _finish(engine, made, built, exports_folder)


def _finish(engine: Engine, made: Package, built: Built, exports_folder: Path) -> None:
    path = built.path.relative_to(exports_folder)
    with transaction(engine) as session:
        evidence_building.finish(
            session, made, path=path, size=built.size, sha256=built.sha256, at=datetime.now(UTC)
        )
    log.info("package %s is built, %d bytes", made.number, built.size)


def _fail(engine: Engine, made: Package, error: str, now: datetime) -> None:
    with transaction(engine) as session:
        evidence_building.fail(session, made, error, now)
    log.warning("package %s: %s", made.number, error)


def _reporting(engine: Engine, made: Package) -> Callable[[float], None]:
    told_at = -_REPORT_EVERY

    def report(fraction: float) -> None:
        nonlocal told_at
        if monotonic() - told_at < _REPORT_EVERY:
            return
        told_at = monotonic()
        with transaction(engine) as session:
            evidence_building.report_progress(session, made.id, fraction)

    return report


class Building:
    """Builds in a thread of its own: a long package holds up neither seals nor archive copies."""

    def __init__(self, engine: Engine, footage_folder: Path, exports_folder: Path) -> None:
        self._places = engine, footage_folder, exports_folder
        self._thread: threading.Thread | None = None

    def run(self) -> None:
        """Begins to build unless it is at it."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._build_all, name="evidence", daemon=True)
            self._thread.start()

    def _build_all(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)  # recording and watching go first
        try:
            while build_next(*self._places, datetime.now(UTC)):
                pass
        except SQLAlchemyError as error:
            log.warning("the database is away: %s", error)
