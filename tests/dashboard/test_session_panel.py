"""The panel beside a session's pictures says who and what, and nothing that is secret yet."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from dashboard import session_panel
from dashboard.access import Viewer
from data_access import cameras, marks
from data_access.marks import Author
from data_access.models import SessionParticipant
from data_access.schedule_view import ScheduledSession, session_with_id
from domain.vocabulary import FindingSource, MarkKind, Role, RoomType, SessionType
from tests.data_access.test_marks import account_of
from tests.data_access.test_session_view import NINE, SECRETS, Floor, note_everything

pytestmark = pytest.mark.usefixtures("configured")

Shown = Callable[..., str]


def panel(person: "Viewer", held: "ScheduledSession") -> None:
    """The script that is tested; it is run from its text, where no other name is known."""
    from dashboard import session_panel

    session_panel.session_panel(person, held)


@pytest.fixture
def shown(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Makes a session and returns all words of its panel for a role."""

    def link(name: str, label: str, **parameters: str) -> None:
        st.markdown(f"{label} {name} {parameters}")

    monkeypatch.setattr(session_panel, "to_page", link)  # a link needs all the pages around

    def show(
        role: Role = Role.INSPECTOR,
        kind: SessionType = SessionType.OPENING,
        room: RoomType = RoomType.BID_OPENING,
        *,
        begun: bool = True,
    ) -> str:
        with Session(engine) as session, session.begin():
            floor = Floor(session, kind, room=room, begun=begun)
            note_everything(floor)
            session.add(
                SessionParticipant(session_id=floor.held.id, role="supervisor", name="陈", remote=True)
            )
            if begun:
                floor.held.actual_start = NINE + timedelta(minutes=7)
            session.flush()
            author = Author(account_of(session, "wang"), "wang")
            camera = cameras.add(session, room_id=floor.held.room_id or 0, name="全景", url="x", at=NINE)
            at = NINE + timedelta(minutes=10)
            marks.add(
                session,
                camera,
                at=at,
                kind=MarkKind.STRANGER,
                note="无证",
                source=FindingSource.LIVE,
                author=author,
                now=at,
                kept_days=30,
            )
            held = session_with_id(session, floor.held.id)
        test = AppTest.from_function(
            panel, kwargs={"person": Viewer(1, "wang", "王", role), "held": held}, default_timeout=30
        )
        test.run()
        assert not test.exception
        tables = [str(table.value.to_dict()) for table in test.table]
        return " ".join([*(each.value for each in [*test.markdown, *test.caption]), *tables])

    return show


def test_it_tells_who_is_there_how_late_it_began_and_what_has_happened(shown: Shown) -> None:
    words = shown()
    for wanted in (
        "道路工程",
        "建设工程",
        "晚 7 分钟",
        "陈（远程）",
        "7 家",
        "08:31:00",
        "解密",
        "无证",
        "无关人员",
    ):
        assert wanted in words, wanted
    assert words.index("设备离线") < words.index("唱标") < words.index("签到")


def test_before_the_opening_it_names_no_bidder_and_counts_none(shown: Shown) -> None:
    words = shown(begun=False)
    assert "开标前保密" in words
    assert "尚未开始 · 已逾计划" in words
    assert not any(secret in words for secret in (*SECRETS, "7 家", "唱标完毕"))


def test_what_goes_on_in_an_evaluation_is_for_inspectors(shown: Shown) -> None:
    words = shown(Role.SUPERVISOR, SessionType.EVALUATION, RoomType.EVALUATION)
    assert "仅限获批的纪检监察人员查看" in words
    assert not any(secret in words for secret in (*SECRETS, "专家离场", "无证"))


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMINISTRATOR])
def test_marks_are_for_those_who_supervise(shown: Shown, role: Role) -> None:
    words = shown(role)
    assert "签到" in words
    assert "无证" not in words
    assert "标记" not in words
