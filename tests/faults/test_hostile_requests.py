"""Requests that nobody in their right mind sends: an error, never a crash, never somebody else's footage."""

import io
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import av
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import (
    footage_routes,
    footage_still,
    footage_strip_routes,
    footage_thumbs,
    off_site_routes,
    sign_in,
)
from dashboard.access import SignedInOnly, cookie_name
from dashboard.footage_range import WrongRange, range_from
from dashboard.footage_request import Refused
from data_access import accounts, cameras
from data_access.cameras import CameraRow
from data_access.engine import engine_for, transaction
from data_access.settings import settings as chosen_settings
from domain.vocabulary import CameraSource, Role, RoomType
from tests.conftest import own_database
from tests.event_loop import in_loop
from tests.faults.asked import Answer, asked
from tests.media.made_footage import make_segment, publish

SEED = 11
NINE = datetime(2025, 11, 20, 1, 0, tzinfo=UTC)
RANGE = b"from=2025-11-20T09:00:00&to=2025-11-20T09:00:09"
SAID = {200, 206, 304, 400, 401, 403, 404, 410, 416, 503}  # in plain words; anything else is a crash
_NUMBERS = [
    "0",
    "1",
    "5",
    "99",
    "4095",
    "65536",
    "99999999",
    str(1 << 31),
    str(1 << 63),
    "9" * 30,
    "-1",
    "٣",
    "1e3",
]
_OF_A_CAMERA = ["/footage/video/{}.mp4", "/footage/still/{}", "/footage/thumb/{}"]
_KEY = "kUiEYv0aG-2nq4D8o_Zt7LxWcR1sPfMb"


@dataclass(frozen=True)
class Site:
    """A supervisor signed in, an opening room to be seen, an evaluation room not to be seen."""

    app: Starlette
    token: str
    opening: int
    evaluation: int
    off_site: CameraRow
    own: frozenset[bytes]  # coded pictures and sound of the opening room
    others: frozenset[bytes]

    async def get(self, path: str, query: bytes = b"", **headers: bytes) -> Answer:
        cookie = f"{cookie_name()}={self.token}".encode()
        return await asked(self.app, path, query, {"cookie": cookie, **headers})

    async def video(self, query: bytes = RANGE, **headers: bytes) -> Answer:
        return await self.get(f"/footage/video/{self.opening}.mp4", query, **headers)


@pytest.fixture(scope="module")
def site(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with own_database(server_url) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MINGJING_HOME", str(tmp_path_factory.mktemp("site")))
        patch.setenv("DATABASE_URL", url)
        chosen_settings.cache_clear()
        yield _site(engine_for(url))
        engine_for(url).dispose()
    chosen_settings.cache_clear()


def _site(engine: Engine) -> Site:
    folder, now = chosen_settings().footage_folder, datetime.now(UTC)
    with transaction(engine) as session:
        rooms = {kind: cameras.add_room(session, kind.value, kind) for kind in RoomType}
        added = NINE - timedelta(days=1)
        seen, hidden = (
            cameras.add(session, room_id=rooms[kind].id, name=kind.value, url="demo.ts", at=added).id
            for kind in (RoomType.BID_OPENING, RoomType.EVALUATION)
        )
        for number, camera_id in enumerate((seen, hidden)):
            starts = [NINE + timedelta(seconds=at, milliseconds=7 * number) for at in (0, 2, 6)]
            publish(session, [make_segment(folder, at, 2, sound=True, camera_id=camera_id) for at in starts])
        person = accounts.add(session, "li", "correct-horse", Role.SUPERVISOR, now=now)
        token = accounts.open_session(session, person.id, "", now=now)
        outside = cameras.add(
            session,
            room_id=rooms[RoomType.OFF_SITE].id,
            name="外出",
            url=f"http://127.0.0.1:8501/off-site/1.ts?key={_KEY}",
            source=CameraSource.BROWSER,
            at=added,
        )
    routes = [
        *footage_routes.routes,
        *footage_still.routes,
        *footage_strip_routes.routes,
        *footage_thumbs.routes,
        *off_site_routes.routes,
        *sign_in.routes,
    ]
    app = Starlette(routes=routes, middleware=[Middleware(SignedInOnly)])
    own, others = (_coded(folder / str(camera_id)) for camera_id in (seen, hidden))
    assert own
    assert not own & others
    return Site(app, token, seen, hidden, outside, own, others)


def _coded(folder: Path) -> frozenset[bytes]:
    """The coded pictures and packets of sound of a camera, but for the shortest, which are all alike."""
    return frozenset(packet for file in folder.rglob("*.mp4") for packet in _packets(file.read_bytes()))


def _packets(content: bytes) -> list[bytes]:
    with av.open(io.BytesIO(content), "r") as container:
        return [bytes(packet) for packet in container.demux() if packet.size > 40]


@given(
    header=st.text(max_size=40) | st.from_regex(r"bytes=\d{0,25}-\d{0,25}(,\d*-\d*)?"),
    size=st.integers(1, 1 << 45),
)
@settings(max_examples=150, deadline=None, derandomize=True)
@example(header="bytes=" + "9" * 19 + "-", size=5)
@example(header="bytes=٣-٥", size=100)
@example(header="bytes=-0", size=1)
def test_any_range_header_is_a_part_of_the_file_or_the_whole_or_refused(header: str, size: int) -> None:
    with suppress(Refused):
        part = footage_routes.wanted_part(header, size)
        assert part is None or 0 <= part[0] < part[1] <= size


@given(
    start=st.text(max_size=40) | st.datetimes().map(str), end=st.text(max_size=40) | st.datetimes().map(str)
)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_two_texts_are_a_range_of_time_or_refused(start: str, end: str) -> None:
    with suppress(WrongRange):
        found = range_from(start, end)
        assert found.start < found.end
        assert all(found.as_text().values())


def _range_headers(chance: random.Random) -> Iterator[bytes]:
    parts = ["bytes", "Bytes", "lines", "=", "-", ",", " ", "\t", "*", "/", *_NUMBERS]
    for _ in range(15):
        yield "".join(chance.choice(parts) for _ in range(chance.randint(1, 6))).encode()
        yield f"bytes={chance.choice(_NUMBERS)}-{chance.choice([*_NUMBERS, ''])}".encode()
        yield chance.randbytes(chance.randint(0, 30))


@in_loop
async def _every_part_is_a_part_of_the_whole(site: Site) -> None:
    whole = await site.video()
    assert whole.status == 200
    for header in _range_headers(random.Random(SEED)):
        answer = await site.video(range=header)
        assert answer.status in {200, 206, 416}, header
        if answer.status == 206:
            told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers["content-range"])
            assert told, header
            first, last, size = map(int, told.groups())
            assert size == len(whole.body)
            assert answer.body == whole.body[first : last + 1], header
        elif answer.status == 200:
            assert answer.body == whole.body, header


def test_whatever_the_range_header_what_comes_is_that_part_of_the_file(site: Site) -> None:
    _every_part_is_a_part_of_the_whole(site)


def _moments(chance: random.Random) -> Iterator[str]:
    years = [
        "0001-01-01T00:00:00",
        "0001-01-01T08:30:00+08:00",
        "9999-12-31T23:59:59.999999",
        "1969-12-31",
        "1900-01-01",
    ]
    zones = ["", "Z", "+08:00", "-23:59", "+23:59", "+00:00:01", " 08:00", "+99:00"]
    while True:
        near = NINE + timedelta(seconds=chance.uniform(-5, 12))
        yield near.isoformat()
        yield chance.choice(years) + chance.choice(zones)
        yield "".join(
            chr(chance.choice((chance.randrange(32, 127), chance.randrange(0xD7FF)))) for _ in range(9)
        )
        yield chance.choice(
            ("", "now", "2025-11-20T09:00:0", "2025-W47-4", "20251120T010001Z", "NaN", "9" * 5000)
        )


def _queries(chance: random.Random, count: int) -> Iterator[bytes]:
    moments = _moments(chance)
    for _ in range(count):
        named = [
            ("from", next(moments)),
            ("to", next(moments)),
            ("at", next(moments)),
            ("room", chance.choice(_NUMBERS)),
        ]
        chance.shuffle(named)
        query = "&".join(f"{name}={quote(value, errors='ignore')}" for name, value in named).encode()
        if chance.random() < 0.2:
            query = query.replace(b"%", b"%%", 1) + b"&" + quote_from_bytes(chance.randbytes(9)).encode()
        yield query


@pytest.mark.parametrize(
    "path", ["/footage/video/{}.mp4", "/footage/still/{}", "/footage/thumb/{}", "/footage/strip"]
)
def test_whatever_is_asked_for_only_what_one_may_see_comes(site: Site, path: str) -> None:
    @in_loop
    async def ask() -> None:
        for query in _queries(random.Random(SEED), 40):
            answer = await site.get(path.format(site.opening), query)
            assert answer.status in SAID, query
            if answer.headers.get("content-type") == "video/mp4":
                assert site.own.issuperset(_packets(answer.body)), query
            hidden = await site.get(path.format(site.evaluation), query)
            assert hidden.status in {403, 404} or path == "/footage/strip", query

    ask()


@pytest.mark.parametrize(
    "path",
    [
        "/footage/video/{}.mp4",
        "/footage/still/{}",
        "/footage/thumb/{}",
        "/off-site/{}.ts",
        "/off-site/{}/state",
    ],
)
@pytest.mark.parametrize("number", ["0", str(1 << 31), str(1 << 63), "9" * 400, "9" * 5000])
def test_a_camera_that_cannot_be_is_not_found(site: Site, path: str, number: str) -> None:
    @in_loop
    async def ask() -> None:
        answer = await site.get(path.format(number), RANGE + b"&at=2025-11-20T09:00:01&key=x")
        assert answer.status in {403, 404, 414}

    ask()


def _cookies(token: str, chance: random.Random) -> Iterator[bytes]:
    name = cookie_name()
    for at in range(len(token)):
        changed = chance.choice("abcXYZ019-_".replace(token[at], ""))
        yield f"{name}={token[:at]}{changed}{token[at + 1 :]}".encode()
    for wrong in (
        "",
        token[:-1],
        token + "A",
        token.swapcase(),
        "\0" + token,
        '"',
        '"\\000',
        "../" + token,
        "' OR 1=1 --",
    ):
        yield f"{name}={wrong}".encode()
    yield f"{name}x={token}".encode()
    yield f"{name[:-1]}={token}".encode()
    for _ in range(200):
        yield chance.randbytes(chance.randint(0, 60))
        yield name.encode() + b"=" + chance.randbytes(chance.randint(0, 40))


def test_no_cookie_but_the_right_one_lets_anybody_in(site: Site) -> None:
    @in_loop
    async def ask() -> None:
        path = f"/footage/video/{site.opening}.mp4"
        assert (await site.get(path, RANGE)).status == 200
        for cookie in _cookies(site.token, random.Random(SEED)):
            answer = await asked(site.app, path, RANGE, {"cookie": cookie})
            assert answer.status == 401, cookie

    ask()


def _keys(chance: random.Random) -> Iterator[bytes]:
    for at in range(len(_KEY)):
        yield f"key={_KEY[:at]}{'x' if _KEY[at] != 'x' else 'y'}{_KEY[at + 1 :]}".encode()
    yield from (
        b"key=",
        b"key",
        b"key=&key=",
        b"key=%00",
        b"key=%ff%fe",
        b"key=%ED%A0%80",
        b"key==" + _KEY.encode(),
    )
    yield f"key={_KEY}&key=wrong".encode()
    yield f"KEY={_KEY}&key=".encode()
    yield f"key={_KEY}%20".encode()
    yield b"key=" + b"k" * 60_000
    for _ in range(200):
        yield b"key=" + quote_from_bytes(chance.randbytes(chance.randint(0, 40))).encode()
        yield b"key=" + chance.randbytes(chance.randint(0, 40)).replace(b"&", b"")


def test_no_key_but_the_right_one_opens_an_off_site_stream(site: Site) -> None:
    @in_loop
    async def ask() -> None:
        path = f"/off-site/{site.off_site.id}.ts"
        for query in _keys(random.Random(SEED)):
            answer = await asked(site.app, path, query)
            assert answer.status in {401, 403}, query[:60]

    ask()


def test_the_sign_in_page_is_there_whatever_comes_with_the_question(site: Site) -> None:
    @in_loop
    async def ask() -> None:
        chance = random.Random(SEED)
        for query in (
            b"next=/footage&lang=en",
            b"lang=%ff",
            b"\xe4\xff",
            *(chance.randbytes(20) for _ in range(50)),
        ):
            assert (await asked(site.app, "/sign-in", query)).status == 200, query

    ask()
