"""The footage page offers what the viewer may watch, and says why when there is nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from dashboard import access, footage_found
from dashboard.access import Viewer
from data_access.models import Camera, TradingSession
from data_access.settings import settings
from domain.vocabulary import Role, SessionStatus, SessionType
from tests.dashboard.footage_archive import NINE, Archive, archive

PAGE = Path(__file__).parents[2] / "pages" / "footage.py"
DAY = {"from": "2025-11-20T09:00:00", "to": "2025-11-20T09:00:22"}

Open = Callable[..., AppTest]


@pytest.fixture
def stock(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    # The footage lies in the past: keep it long enough.
    days = (datetime.now(UTC) - NINE).days + 2
    monkeypatch.setenv("MINGJING_ONLINE_DAYS", str(days))
    st.cache_data.clear()
    with archive(engine, tmp_path, monkeypatch) as made:
        assert settings().online_days == days
        yield made


@pytest.fixture
def opened(stock: Archive, monkeypatch: pytest.MonkeyPatch) -> Open:
    def run(role: Role, **link: str) -> AppTest:
        monkeypatch.setattr(access, "viewer", lambda: Viewer(1, "wang", "王", role))
        test = AppTest.from_file(str(PAGE), default_timeout=30)
        test.query_params.update(link)
        test.run()
        assert not test.exception
        return test

    return run


def texts(test: AppTest) -> str:
    return " ".join(each.value for each in [*test.markdown, *test.caption])


@pytest.mark.parametrize(
    ("role", "rooms"),
    [
        (Role.INSPECTOR, ["开标一室", "评标室"]),
        (Role.SUPERVISOR, ["开标一室"]),
        (Role.ADMINISTRATOR, ["开标一室"]),
    ],
)
def test_restricted_rooms_are_offered_to_inspectors_only(opened: Open, role: Role, rooms: list[str]) -> None:
    assert opened(role).selectbox[0].options == rooms


def test_a_link_to_a_room_that_may_not_be_watched_shows_nothing_of_it(opened: Open, stock: Archive) -> None:
    test = opened(Role.SUPERVISOR, camera=str(stock.evaluation), **DAY)
    assert test.selectbox[0].value is None
    assert "没有可调阅的录像" in texts(test)
    assert "footage_player" not in test.session_state


def test_a_link_to_a_moment_opens_its_room_and_stays_in_the_address(opened: Open, stock: Archive) -> None:
    test = opened(Role.INSPECTOR, camera=str(stock.evaluation), **DAY)
    assert test.selectbox[0].value is not None
    assert str(stock.evaluation) in test.query_params["camera"]
    assert DAY["from"] in test.query_params["from"]


def test_a_day_without_footage_says_so(opened: Open, stock: Archive) -> None:
    other = {"from": "2025-11-21T09:00:00", "to": "2025-11-21T10:00:00"}
    assert "该时段没有录像" in texts(opened(Role.INSPECTOR, camera=str(stock.opening), **other))


def test_an_unknown_session_says_so(opened: Open) -> None:
    assert "没有可调阅的录像" in texts(opened(Role.INSPECTOR, session="4711"))


def add_newcomer(stock: Archive) -> int:
    """A session in the opening room, while it was recorded."""
    with Session(stock.engine) as session, session.begin():
        held = TradingSession(
            source_system="test",
            source_key="newcomer",
            code="NEWCOMER",
            type=SessionType.OPENING,
            room_id=session.get_one(Camera, stock.opening).room_id,
            planned_start=NINE,
            planned_end=NINE + timedelta(minutes=5),
            status=SessionStatus.DONE,
        )
        session.add(held)
        session.flush()
        return held.id


def test_a_session_added_since_the_last_search_is_found_at_once(
    opened: Open, stock: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A page by itself has no others to link to.
    monkeypatch.setattr(footage_found, "to_page", lambda _page, label, **_link: st.markdown(label))
    assert "NEWCOMER" not in texts(opened(Role.INSPECTOR, q="NEWCOMER"))
    add_newcomer(stock)
    assert "NEWCOMER" in texts(opened(Role.INSPECTOR, q="NEWCOMER"))


def test_a_link_to_a_session_that_was_just_added_shows_it(opened: Open, stock: Archive) -> None:
    opened(Role.INSPECTOR)  # what it has read is kept for a while
    link = {"session": str(add_newcomer(stock))}
    assert "NEWCOMER" in texts(opened(Role.INSPECTOR, **link))
