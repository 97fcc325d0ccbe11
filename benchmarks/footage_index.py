"""The index of a month: finding an hour, the coverage of a room, expiring a day, and how large it is.

    python -m benchmarks.footage_index [--days 30] [--cameras 64]

Real sample indexes (1.5 Mbps at 20 pictures a second; sound of 8 kHz, as G.711 becomes AAC) in a database of
its own. Fewer days are quicker; the size is then reckoned up to thirty. Peers in the same run: the coverage
by a window function over the segments, and a day that goes by DELETE.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random

import av
import numpy as np
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from data_access import embedded_postgres, footage, footage_doomed, footage_expiry, footage_gaps, schema
from data_access.engine import transaction
from data_access.footage_after_expiry import settle_ledger
from data_access.footage_disk import disk_use
from media.fragmented_mp4 import scan
from media.sample_index import SampleIndex, TrackSamples
from tests.media.made_footage import FRAGMENTS

MONTH, ROOM = 30, 4  # days; cameras of a room
DAY = timedelta(days=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
FPS, GOP, RATE, SOUND = 20, 40, 1_500_000, 8_000
KINDS = 32  # different sample indexes
OUTAGES = 3  # a camera and day
LIMITS = {"1 h, p95": 5.0, "month of a room, p95": 20.0, "a day expires": 200.0}  # ms


@dataclass(frozen=True)
class Scale:
    """How much there is."""

    days: int
    cameras: int

    @property
    def end(self) -> datetime:
        return FIRST + self.days * DAY


def main(arguments: Sequence[str] = ()) -> None:
    """Prints the figures; `arguments` as on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--days", type=int, default=MONTH)
    parser.add_argument("--cameras", type=int, default=64)
    chosen = parser.parse_args(list(arguments))
    folder = Path(tempfile.mkdtemp(prefix="mingjing-index-"))
    server = embedded_postgres.start(folder / "postgres")
    try:
        engine = create_engine(
            embedded_postgres.socket_url(folder / "postgres"), connect_args={"options": "-c timezone=UTC"}
        )
        schema.migrate(engine)
        _measure(engine, Scale(chosen.days, chosen.cameras))
        engine.dispose()
    finally:
        embedded_postgres.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


def _measure(engine: Engine, scale: Scale) -> None:
    began = time.perf_counter()
    indexes = _sample_indexes()
    _lay_down(engine, scale, indexes)
    took = time.perf_counter() - began
    rows = scale.days * scale.cameras * 1440 - scale.days * scale.cameras * OUTAGES
    mean = statistics.mean(map(len, indexes))
    print(f"{rows:,} segments laid down in {took:.0f} s; a sample index has {mean:,.0f} bytes")
    _tell_size(engine, scale)
    _tell_lookups(engine, scale)
    _tell_forecast(engine, scale)
    _tell_expiry(engine, scale)


def _sample_indexes() -> list[bytes]:
    """Packed indexes of a real minute, its pictures' and packets' sizes in many orders."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "minute.mp4"
        _make_minute(file)
        made = scan(file).index()
    chance = np.random.default_rng(1)
    return [_reordered(made, chance).pack() for _ in range(KINDS)]


def _make_minute(file: Path) -> None:
    chance = np.random.default_rng(2)
    with av.open(str(file), "w", format="mp4", options=FRAGMENTS) as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt, video.gop_size = 320, 192, "yuv420p", GOP
        video.bit_rate, video.time_base = RATE, Fraction(1, 90_000)
        audio = out.add_stream("aac", rate=SOUND, layout="mono")
        audio.bit_rate = 32_000
        still = chance.integers(0, 255, (288, 320), np.uint8)
        for number in range(60 * FPS):
            picture = np.roll(still, number, 1) // 2 + chance.integers(0, 60, (288, 320), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="yuv420p")
            frame.pts, frame.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
            out.mux(video.encode(frame))
            count = SOUND // FPS
            wave = (chance.normal(0, 0.2, (1, count)) * (number % 50 < 30)).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = SOUND, number * count, Fraction(1, SOUND)
            out.mux(audio.encode(sound))
        out.mux(video.encode(None))
        out.mux(audio.encode(None))


def _reordered(made: SampleIndex, chance: np.random.Generator) -> SampleIndex:
    """Another minute of the same scene: within each fragment the sizes come in another order."""

    def mixed(track: TrackSamples) -> TrackSamples:
        groups = np.split(track.sizes, track.sample_counts.cumsum()[:-1])
        kept = int(track is made.video)  # the key picture comes first
        sizes = [np.append(group[:kept], chance.permutation(group[kept:])) for group in groups]
        return replace(track, sizes=np.concatenate(sizes).astype(np.uint32))

    return replace(made, video=mixed(made.video), audio=made.audio and mixed(made.audio))


def _lay_down(engine: Engine, scale: Scale, indexes: Sequence[bytes]) -> None:
    """A segment a minute but for some outages; each stretch between two is a run."""
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO room (id, name, type) VALUES (1, '开标一室', 'bid_opening')"))
        connection.execute(
            text(
                "INSERT INTO camera (id, room_id, name, url, added_at) "
                "SELECT c, 1, '摄像头' || c, 'rtsp://camera', :first FROM generate_series(1, :cameras) c"
            ),
            {"first": FIRST, "cameras": scale.cameras},
        )
        connection.execute(text("CREATE TABLE kinds (n integer PRIMARY KEY, index bytea)"))
        connection.execute(
            text("INSERT INTO kinds VALUES (:n, :index)"),
            [{"n": n, "index": index} for n, index in enumerate(indexes)],
        )
    for number in range(scale.days):
        day = FIRST + number * DAY
        with transaction(engine) as session:
            session.execute(text("SET LOCAL synchronous_commit TO OFF"))
            footage.make_days(session, day)
            session.execute(
                text(_SEGMENTS_OF_A_DAY),
                {"day": day, "cameras": scale.cameras, "every": 1440 // OUTAGES, "kinds": len(indexes)},
            )
    with engine.begin() as connection:
        connection.execute(text(_RUNS), {"every": 1440 // OUTAGES})
        connection.execute(text(_GAPS), {"every": 1440 // OUTAGES})
        connection.execute(text("SELECT setval('footage_run_id_seq', (SELECT max(id) FROM footage_run))"))
        connection.execute(text("DROP TABLE kinds"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))  # what the laying down still has to write is not measured


# A run's number is made of the camera and of how many outages there were before.
_SEGMENTS_OF_A_DAY = """
    INSERT INTO footage_segment
    SELECT c, t, t + interval '1 minute',
           c * 100000 + (extract(epoch FROM t - '2026-01-01Z')::integer / 60) / :every,
           c || to_char(t, '/YYYY/MM/DD/YYYYMMDD"T"HH24MISS.US"Z.mp4"'),
           11000000, sha256((c || ' ' || t)::bytea), sha256((t || ' ' || c)::bytea), kinds.index
    FROM generate_series(CAST(:day AS timestamptz), CAST(:day AS timestamptz) + interval '1439 minutes',
                         interval '1 minute') t
    CROSS JOIN generate_series(1, :cameras) c
    JOIN kinds ON n = (c * 7 + extract(epoch FROM t)::bigint / 60) % :kinds
    WHERE (extract(epoch FROM t - '2026-01-01Z')::integer / 60) % :every <> 0
"""
_RUNS = """
    INSERT INTO footage_run (id, camera_id, started_at, ended_at) OVERRIDING SYSTEM VALUE
    SELECT run_id, camera_id, min(started_at), max(ended_at) FROM footage_segment GROUP BY run_id, camera_id
"""
_GAPS = """
    INSERT INTO footage_gap (camera_id, started_at, ended_at, cause)
    SELECT camera_id, started_at - interval '1 minute', started_at, 'network' FROM footage_run
"""


def _tell_size(engine: Engine, scale: Scale) -> None:
    with engine.connect() as connection:
        size = connection.scalar(
            text(
                "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
                "WHERE relkind IN ('r', 'p') AND relname LIKE 'footage%'"
            )
        )
    month = int(size or 0) * MONTH / scale.days
    print(f"the index takes {int(size or 0) / 1e9:.2f} GB; of {MONTH} days {month / 1e9:.2f} GB (limit 12)")


def _tell_lookups(engine: Engine, scale: Scale) -> None:
    chance = Random(3)  # noqa: S311 no secret

    def an_hour(session: Session) -> None:
        start = FIRST + chance.random() * (scale.days * DAY - timedelta(hours=1))
        camera_id = chance.randint(1, scale.cameras)
        found = footage.segments_between(session, camera_id, start, start + timedelta(hours=1))
        assert 58 <= len(found) <= 61, len(found)

    def a_month(session: Session) -> None:
        first = chance.randint(1, scale.cameras - ROOM)
        for camera_id in range(first, first + ROOM):
            footage_gaps.gaps_between(session, camera_id, FIRST, scale.end)  # reads the runs, too

    def a_month_by_window(session: Session) -> None:
        session.execute(text(_COVERAGE_BY_WINDOW), {"first": 1, "last": ROOM}).all()

    _tell("1 h, p95", _timed(engine, an_hour, 400))
    runs = _timed(engine, a_month, 60)
    _tell("month of a room, p95", runs)
    window = _timed(engine, a_month_by_window, 3)
    print(f"  by a window function {statistics.median(window):,.0f} ms: {_ratio(window, runs)} times as long")


_COVERAGE_BY_WINDOW = """
    SELECT camera_id, min(started_at), max(ended_at) FROM (
        SELECT *, count(*) FILTER (WHERE apart) OVER (PARTITION BY camera_id ORDER BY started_at) AS stretch
        FROM (SELECT camera_id, started_at, ended_at,
                     started_at > lag(ended_at) OVER (PARTITION BY camera_id ORDER BY started_at) AS apart
              FROM footage_segment WHERE camera_id BETWEEN :first AND :last) AS each) AS numbered
    GROUP BY camera_id, stretch
"""


def _tell_forecast(engine: Engine, scale: Scale) -> None:
    took = _timed(engine, lambda session: disk_use(session, scale.end, MONTH), 3)
    print(f"the disk's forecast, nothing sealed: {statistics.median(took):,.0f} ms")


def _tell_expiry(engine: Engine, scale: Scale) -> None:
    """The first twenty days go one after the other, the next by DELETE."""
    *whole, by_rows = [FIRST + number * DAY for number in range(min(21, scale.days))]
    with transaction(engine) as session:
        cameras = footage_expiry.ends_of_window(session, scale.end, MONTH).keys()
    took: list[float] = []
    settled: list[float] = []
    dropped: list[float] = []
    for day in whole:
        took += _timed(engine, partial(_expire_day, day=day, cameras=cameras), 1)
        settled += _timed(engine, partial(_settle, until=day + DAY, cameras=cameras), 1)
        dropped += _timed(engine, _drop_days, 1)
    _tell("a day expires", took)
    print(f"  the ledger of {scale.cameras} cameras after it: {statistics.median(settled):,.0f} ms")
    print(f"  its table is dropped when the files are gone: {statistics.median(dropped):,.0f} ms")
    rows = _timed(engine, partial(_delete_day, day=by_rows), 1)
    print(f"  by DELETE {rows[0]:,.0f} ms: {_ratio(rows, took)} times as long")


def _expire_day(session: Session, day: datetime, cameras: Collection[int]) -> None:
    assert footage_expiry.expire_whole_day(session, day.date(), dict.fromkeys(cameras, day + 2 * DAY))


def _settle(session: Session, until: datetime, cameras: Collection[int]) -> None:
    for camera_id in cameras:
        settle_ledger(session, camera_id, until)


def _drop_days(session: Session) -> None:
    for table in footage_doomed.days_apart(session):
        footage_doomed.drop_day(session, table)


def _delete_day(session: Session, day: datetime) -> None:
    session.execute(
        text("DELETE FROM footage_segment WHERE started_at >= :start AND started_at < :end"),
        {"start": day, "end": day + DAY},
    )


def _timed(engine: Engine, work: Callable[[Session], object], times: int) -> list[float]:
    """Milliseconds of each time, its transaction included."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        with transaction(engine) as session:
            work(session)
        took.append(1000 * (time.perf_counter() - began))
    return took


def _tell(what: str, took: Sequence[float]) -> None:
    p95 = sorted(took)[int(0.95 * (len(took) - 1) + 0.5)]
    verdict = "holds" if p95 <= LIMITS[what] else "MISSED"
    print(
        f"{what}: {p95:,.1f} ms, p50 {statistics.median(took):,.1f} ms (limit {LIMITS[what]:g} ms): {verdict}"
    )


def _ratio(peer: Sequence[float], ours: Sequence[float]) -> str:
    return f"{statistics.median(peer) / statistics.median(ours):,.0f}"


if __name__ == "__main__":
    main(sys.argv[1:])
