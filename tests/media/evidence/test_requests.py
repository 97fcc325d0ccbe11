"""Who may have a package: asking, approval by somebody else, and footage that waits for it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import evidence, evidence_figures, evidence_requests, footage_holds
from data_access.evidence import Package, Person
from data_access.evidence_requests import EvidenceRefused
from data_access.models import AuditEntry, TradingSession
from domain.vocabulary import ExportStatus, SessionStatus, SessionType
from tests.dashboard.footage_archive import NINE
from tests.media.evidence.packages import EVERYWHERE, NOW, WHOLE, Office


def actions(desk: Office) -> list[tuple[str, str, str]]:
    with Session(desk.archive.engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.actor, row.action, row.subject) for row in rows]


def held(desk: Office, camera_id: int) -> bool:
    with Session(desk.archive.engine) as session:
        return bool(footage_holds.kept_stretches(session, camera_id, *WHOLE))


def seen_by(desk: Office, person: Person) -> list[str]:
    with Session(desk.archive.engine) as session:
        listed = evidence.packages(session, person=person)
        assert len(listed) == evidence.count_packages(session, person=person)
        return [one.number for one in listed]


def a_session(desk: Office, camera_id: int, kind: SessionType) -> int:
    with Session(desk.archive.engine) as session, session.begin():
        from data_access import cameras

        camera = cameras.camera_by_id(session, camera_id)
        assert camera
        row = TradingSession(
            source_system="test",
            source_key=kind,
            code=f"S-{kind}",
            type=kind,
            room_id=camera.room_id,
            planned_start=NINE,
            status=SessionStatus.SCHEDULED,
        )
        session.add(row)
        session.flush()
        return row.id


def test_an_open_room_needs_no_approval_and_numbers_count_by_day(desk: Office) -> None:
    first = desk.ask(desk.zhao, desk.archive.opening)
    second = desk.ask(desk.wang, desk.archive.opening, desk.archive.evaluation)
    assert (first.number, first.status) == ("ZJ-20251120-0001", ExportStatus.APPROVED)
    assert (second.number, second.status) == ("ZJ-20251120-0002", ExportStatus.REQUESTED)
    assert actions(desk) == [
        ("zhao", "request_evidence", first.number),
        ("wang", "request_evidence", second.number),
    ]


def test_footage_is_held_from_asking_until_the_package_is_built_or_rejected(desk: Office) -> None:
    opening, evaluation = desk.archive.opening, desk.archive.evaluation
    asked = desk.ask(desk.wang, opening)
    assert held(desk, opening)
    desk.build(asked)
    assert not held(desk, opening)
    restricted = desk.ask(desk.wang, evaluation)
    assert held(desk, evaluation)
    desk.decide(restricted, desk.li, approve=False, note="与案件无关")
    assert not held(desk, evaluation)


def test_a_restricted_room_is_approved_by_another_inspector(desk: Office) -> None:
    asked = desk.ask(desk.wang, desk.archive.evaluation)
    with pytest.raises(EvidenceRefused, match="本人的申请"):
        desk.decide(asked, desk.wang)
    for supervisor in (desk.zhao, desk.qian):
        with pytest.raises(EvidenceRefused, match="无权"):
            desk.decide(asked, supervisor)
    approved = desk.decide(asked, desk.li, note="同意")
    assert (approved.status, approved.decider) == (ExportStatus.APPROVED, "li")
    with pytest.raises(EvidenceRefused, match="状态已变化"):
        desk.decide(asked, desk.li, approve=False, note="改主意")
    assert actions(desk)[-1] == ("li", "approve_evidence", asked.number)


def test_a_rejection_gives_its_reason(desk: Office) -> None:
    asked = desk.ask(desk.wang, desk.archive.evaluation)
    with pytest.raises(EvidenceRefused, match="理由"):
        desk.decide(asked, desk.li, approve=False, note=" ")
    assert desk.decide(asked, desk.li, approve=False, note="无关").status is ExportStatus.REJECTED


def test_a_supervisor_cannot_ask_for_a_restricted_room_or_session(desk: Office) -> None:
    with pytest.raises(EvidenceRefused, match="无权"):
        desk.ask(desk.zhao, desk.archive.evaluation)
    # An evaluation that is held in an open room is one all the same.
    evaluation = a_session(desk, desk.archive.opening, SessionType.EVALUATION)
    with pytest.raises(EvidenceRefused, match="无权"):
        desk.ask(desk.zhao, desk.archive.opening, session_id=evaluation)
    assert desk.ask(desk.wang, desk.archive.opening, session_id=evaluation).restricted


def test_inspectors_see_every_package_and_supervisors_their_own_open_ones(desk: Office) -> None:
    own = desk.ask(desk.zhao, desk.archive.opening)
    other = desk.ask(desk.wang, desk.archive.opening)
    restricted = desk.ask(desk.wang, desk.archive.evaluation)
    assert seen_by(desk, desk.li) == [restricted.number, other.number, own.number]
    assert seen_by(desk, desk.zhao) == [own.number]
    assert seen_by(desk, desk.qian) == []
    nobody = Person(desk.zhao.account_id, "zhao", frozenset())
    assert seen_by(desk, nobody) == []
    with Session(desk.archive.engine) as session:
        for person in (desk.zhao, desk.qian, nobody):
            assert evidence.package(session, restricted.id, person=person) is None
            assert evidence.package_numbered(session, other.number, person=person) is None


def test_a_session_must_have_been_held_where_the_cameras_are(desk: Office) -> None:
    elsewhere = a_session(desk, desk.archive.evaluation, SessionType.OPENING)
    with pytest.raises(EvidenceRefused, match="不在这些摄像头的房间"):
        desk.ask(desk.wang, desk.archive.opening, session_id=elsewhere)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"reason": " "}, "理由和案号"),
        ({"case_no": ""}, "理由和案号"),
        ({"reason": "因" * 501}, "最多"),
        ({"stretch": (NINE, NINE)}, "晚于"),
        ({"stretch": (NOW, NOW + timedelta(hours=1))}, "将来"),
        ({"stretch": (NINE - timedelta(hours=25), NINE)}, "24 小时"),
        ({"stretch": (NINE + timedelta(seconds=9), NINE + timedelta(seconds=17))}, "没有录像"),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_asked_for(
    desk: Office, wrong: dict[str, object], why: str
) -> None:
    with pytest.raises(EvidenceRefused, match=why):
        desk.ask(desk.wang, desk.archive.opening, **wrong)  # type: ignore[arg-type]
    assert seen_by(desk, desk.wang) == []
    assert not held(desk, desk.archive.opening)


def test_unknown_or_repeated_cameras_are_refused(desk: Office) -> None:
    for camera_ids in ((4711,), (desk.archive.opening, desk.archive.opening), ()):
        with pytest.raises(EvidenceRefused):
            desk.ask(desk.wang, *camera_ids)


def test_a_range_ends_now_at_the_latest(desk: Office) -> None:
    asked = desk.ask(desk.wang, desk.archive.opening, stretch=(NINE, NOW + timedelta(hours=3)))
    assert asked.parts[0].end == NOW


def test_what_is_asked_for_on_the_command_line_names_the_account_and_the_way(desk: Office) -> None:
    by_command = Person(desk.wang.account_id, "wang", EVERYWHERE, by_command=True)
    asked: Package = desk.ask(by_command, desk.archive.opening)
    assert actions(desk) == [("wang (command line)", "request_evidence", asked.number)]


def test_the_figures_of_requests_and_exports_have_what_they_are_made_of(desk: Office) -> None:
    desk.ask(desk.zhao, desk.archive.opening)
    restricted = desk.ask(desk.wang, desk.archive.evaluation)
    desk.decide(restricted, desk.li)
    day = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    with Session(desk.archive.engine) as session, session.begin():
        taken = evidence.package(session, restricted.id, person=desk.li)
        assert taken
        evidence_requests.note_taken(session, taken, desk.li, NOW)
        own, other = evidence_figures.asked_for(session, *day)
        assert (own.restricted, own.answered_at, other.restricted, other.answered_at) == (
            False,
            None,
            True,
            NOW,
        )
        assert evidence_figures.asked_for(session, NOW + timedelta(hours=1), NOW + timedelta(hours=2)) == []
        assert evidence_figures.exports_by_person(session, *day) == [
            evidence_figures.ExportsOf("li", "li", downloads=0, packages=1)
        ]
