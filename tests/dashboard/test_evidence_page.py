"""The page of evidence packages, and the dialog that asks for one: everybody sees and does what is theirs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from streamlit.testing.v1 import AppTest

from dashboard import access
from dashboard.access import Viewer
from data_access import evidence_building, footage_holds
from data_access.evidence import Person
from domain.vocabulary import ExportStatus, Role
from tests.dashboard.footage_archive import NINE
from tests.media.evidence.packages import NOW, Office, office

PAGE = Path(__file__).parents[2] / "pages" / "evidence.py"
ROLES = {"wang": Role.INSPECTOR, "li": Role.INSPECTOR, "zhao": Role.SUPERVISOR, "qian": Role.SUPERVISOR}

Open = Callable[[Person], AppTest]


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    st.cache_data.clear()
    monkeypatch.setattr(type(st.context), "ip_address", "10.1.2.3")
    with office(engine, tmp_path, monkeypatch) as made:
        yield made
    st.cache_data.clear()


@pytest.fixture
def page(desk: Office, monkeypatch: pytest.MonkeyPatch) -> Open:
    def run(person: Person, role: Role | None = None) -> AppTest:
        found = Viewer(person.account_id, person.name, person.name, role or ROLES[person.name])
        monkeypatch.setattr(access, "viewer", lambda: found)
        test = AppTest.from_file(str(PAGE), default_timeout=30).run()
        assert not test.exception
        return test

    return run


def shown(test: AppTest) -> str:
    return " ".join(one.value for one in (*test.markdown, *test.caption, *test.success, *test.error))


def test_everybody_sees_the_packages_that_are_theirs_to_see(desk: Office, page: Open) -> None:
    own = desk.ask(desk.zhao, desk.archive.opening)
    restricted = desk.ask(desk.wang, desk.archive.evaluation)
    for person in (desk.wang, desk.li):
        told = shown(page(person))
        assert own.number in told
        assert restricted.number in told
    told = shown(page(desk.zhao))
    assert own.number in told
    assert restricted.number not in told
    assert "还没有证据包" in shown(page(desk.qian))


def test_another_inspector_approves_on_the_page_and_the_requester_cannot(desk: Office, page: Open) -> None:
    asked = desk.ask(desk.wang, desk.archive.evaluation)
    own = page(desk.wang)
    assert "等待其他纪检监察人员审批" in shown(own)
    assert not [button for button in own.button if (button.key or "").startswith("evidence_approve")]
    other = page(desk.li)
    other.text_area(key=f"evidence_note_{asked.id}").input("同意调取")
    other.button(key=f"evidence_approve_{asked.id}").click().run()
    assert f"已批准证据包 {asked.number}" in shown(other)
    now = desk.now(asked)
    assert (now.status, now.decider, now.decision_note) == (ExportStatus.APPROVED, "li", "同意调取")


def test_a_rejection_without_a_reason_is_explained(desk: Office, page: Open) -> None:
    asked = desk.ask(desk.wang, desk.archive.evaluation)
    other = page(desk.li)
    other.button(key=f"evidence_reject_{asked.id}").click().run()
    assert "驳回须说明理由" in shown(other)
    assert desk.now(asked).status is ExportStatus.REQUESTED


def test_what_cannot_be_built_says_why_and_another_inspector_may_give_it_up(desk: Office, page: Open) -> None:
    asked = desk.ask(desk.zhao, desk.archive.opening)
    with Session(desk.archive.engine) as session, session.begin():
        evidence_building.fail(session, asked, "磁盘已满 / the disk is full", NOW)
    assert "磁盘已满" in shown(page(desk.zhao))
    other = page(desk.li)
    assert {button.key for button in other.button} == {
        f"evidence_again_{asked.id}",
        f"evidence_reject_{asked.id}",
    }
    other.text_area(key=f"evidence_note_{asked.id}").input("不再需要")
    other.button(key=f"evidence_reject_{asked.id}").click().run()
    assert desk.now(asked).status is ExportStatus.REJECTED
    with Session(desk.archive.engine) as session:
        assert footage_holds.all_holds(session) == []


@pytest.mark.parametrize("role", [Role.STAFF, Role.ADMINISTRATOR])
def test_the_page_is_for_those_who_supervise(
    desk: Office, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    desk.ask(desk.zhao, desk.archive.opening)
    monkeypatch.setattr(access, "viewer", lambda: Viewer(desk.zhao.account_id, "zhao", "赵", role))
    test = AppTest.from_file(str(PAGE), default_timeout=30).run()
    assert "ZJ-" not in shown(test)
    assert "不对您的角色开放" in shown(test)


def asking(viewer: "Viewer", parts: "Sequence[tuple[int, datetime, datetime]]") -> None:
    """Runs as a script of its own, which knows nothing of this module."""
    from dashboard.evidence_request import evidence_button

    evidence_button(viewer, parts, None)


def test_the_dialog_asks_for_what_is_looked_at(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard import evidence_request

    monkeypatch.setattr(evidence_request, "to_page", lambda *_: None)
    viewer = Viewer(desk.wang.account_id, "wang", "王", Role.INSPECTOR)
    parts = [
        (camera, NINE, NINE + timedelta(seconds=22))
        for camera in (desk.archive.opening, desk.archive.evaluation)
    ]
    test = AppTest.from_function(asking, args=(viewer, parts), default_timeout=30).run()
    test.button(key="evidence_ask").click().run()
    told = " ".join([shown(test), *(one.value for one in test.info)])
    assert "缺口 1 处，共 10 秒" in told
    assert "另一名纪检监察人员审批" in told

    def send() -> str:
        # A whole run closes dialogs, which a browser's does not: opened and sent in the same run.
        test.button(key="evidence_ask").click()
        test.button(key="evidence_send").click().run()
        return shown(test)

    assert "请填写调取理由和案号" in send()
    test.text_area(key="evidence_reason").input("核查投诉")
    test.text_input(key="evidence_case_no").input("7 号")
    test.multiselect(key="evidence_cameras").set_value([desk.archive.opening])
    assert "已提交，编号 ZJ-" in send()
    staff = Viewer(desk.wang.account_id, "wang", "王", Role.STAFF)
    other = AppTest.from_function(asking, args=(staff, parts), default_timeout=30).run()
    assert not other.button
