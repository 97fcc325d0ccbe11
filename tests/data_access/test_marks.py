"""Marks: stored with the draft of a finding, changed with it, and seen by who may watch the room."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import audit, cameras, marks
from data_access.cameras import CameraRow
from data_access.marks import Author, Mark, WrongMark
from data_access.models import Account, AuditEntry, Finding, FootageMark, TradingSession
from domain.vocabulary import (
    FindingSource,
    FindingStatus,
    MarkKind,
    Role,
    RoomType,
    SessionStatus,
    SessionType,
)
from tests.data_access.small_cases import shanghai

NOW = shanghai("2025-03-05 14:10")
AT = shanghai("2025-03-05 14:03") + timedelta(seconds=22, milliseconds=345)
EVERYWHERE = tuple(RoomType)
OPEN_ROOMS = (RoomType.BID_OPENING,)


def account_of(session: Session, name: str, display_name: str = "") -> int:
    """The id of an account that nobody can sign in with."""
    account = Account(
        name=name, display_name=display_name or name, role=Role.INSPECTOR, password_hash="", created_at=NOW
    )
    session.add(account)
    session.flush()
    return account.id


class Watching:
    """An inspector before two rooms."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.opening = self._camera("开标一室", RoomType.BID_OPENING)
        self.evaluation = self._camera("评标室", RoomType.EVALUATION)
        self.author = Author(account_of(session, "inspector", "王检查"), "inspector", "10.0.0.7")

    def _camera(self, room: str, kind: RoomType) -> CameraRow:
        made = cameras.add_room(self.session, room, kind)
        return cameras.add(
            self.session, room_id=made.id, name=f"{room}-全景", url="x.ts", at=NOW - timedelta(days=60)
        )

    def hold(self, code: str, start: str, end: str | None = None, *, begun: bool = True) -> int:
        held = TradingSession(
            source_system="test",
            source_key=code,
            code=code,
            type=SessionType.OPENING,
            room_id=self.opening.room_id,
            planned_start=shanghai(f"2025-03-05 {start}"),
            planned_end=shanghai(f"2025-03-05 {end}") if end else None,
            actual_start=shanghai(f"2025-03-05 {start}") if begun else None,
            actual_end=shanghai(f"2025-03-05 {end}") if end and begun else None,
            status=SessionStatus.DONE if end else SessionStatus.OPEN if begun else SessionStatus.SCHEDULED,
        )
        self.session.add(held)
        self.session.flush()
        return held.id

    def mark(
        self,
        camera: CameraRow | None = None,
        at: datetime = AT,
        kind: MarkKind = MarkKind.OTHER,
        note: str = "",
        source: FindingSource = FindingSource.LIVE,
    ) -> Mark:
        return marks.add(
            self.session,
            camera or self.opening,
            at=at,
            kind=kind,
            note=note,
            source=source,
            author=self.author,
            now=NOW,
            kept_days=30,
        )

    def finding_of(self, mark: Mark) -> Finding:
        return self.session.get_one(Finding, mark.finding_id, populate_existing=True)


@pytest.fixture
def watching(session: Session) -> Watching:
    return Watching(session)


def test_a_mark_comes_with_the_draft_of_a_finding_and_an_audit_entry(watching: Watching) -> None:
    session_id = watching.hold("KB1", "14:00")
    mark = watching.mark(kind=MarkKind.IRREGULARITY, note="递交后补交文件")
    assert (mark.at, mark.kind, mark.note, mark.author) == (AT, "irregularity", "递交后补交文件", "王检查")
    finding = watching.finding_of(mark)
    assert finding.subject == "开标一室 14:03:22 疑似违规"
    assert (finding.source, finding.status, finding.session_id, finding.note, finding.raised_by) == (
        FindingSource.LIVE,
        FindingStatus.DRAFT,
        session_id,
        "递交后补交文件",
        watching.author.account_id,
    )
    assert mark.session_id == session_id
    (entry,) = watching.session.scalars(select(AuditEntry))
    assert (entry.actor, entry.action, entry.subject) == ("inspector", "add_mark", "开标一室-全景")
    assert (entry.address, entry.detail["mark_id"], entry.detail["kind"]) == (
        "10.0.0.7",
        mark.id,
        "irregularity",
    )
    assert audit.first_broken(watching.session) is None


def test_a_mark_on_footage_says_so_in_its_finding(watching: Watching) -> None:
    assert watching.finding_of(watching.mark(source=FindingSource.FOOTAGE)).source == "footage"


def test_the_same_mark_told_twice_is_one(watching: Watching) -> None:
    first = watching.mark()
    assert watching.mark(note="again") == first
    assert len(watching.session.scalars(select(FootageMark)).all()) == 1
    assert len(watching.session.scalars(select(Finding)).all()) == 1


def test_it_belongs_to_the_session_that_was_on_then(watching: Watching) -> None:
    before = watching.hold("KB1", "13:00", "14:00")
    late = watching.hold("KB2", "14:02", begun=False)
    assert watching.mark(at=shanghai("2025-03-05 13:30")).session_id == before
    assert watching.mark(at=shanghai("2025-03-05 14:01")).session_id is None
    assert watching.mark(at=AT).session_id == late, "it should have begun"
    on = watching.hold("KB3", "14:01")
    assert watching.mark(at=AT + timedelta(seconds=1)).session_id == on, "it has begun, the other has not"
    assert watching.mark(watching.evaluation).session_id is None


def test_its_author_gives_it_another_kind_and_the_draft_follows(watching: Watching) -> None:
    mark = watching.mark()
    assert watching.finding_of(mark).subject == "开标一室 14:03:22 需关注"
    changed = marks.change(
        watching.session, mark.id, kind=MarkKind.DISPUTE, note="争执", author=watching.author, now=NOW
    )
    assert (changed.kind, changed.note, changed.at) == (MarkKind.DISPUTE, "争执", AT)
    finding = watching.finding_of(mark)
    assert (finding.subject, finding.note) == ("开标一室 14:03:22 现场争议", "争执")
    entry = watching.session.scalars(select(AuditEntry).where(AuditEntry.action == "change_mark")).one()
    assert entry.detail == {"mark_id": mark.id, "kind": ["other", "dispute"], "note": ["", "争执"]}


def test_a_change_that_changes_nothing_leaves_no_entry(watching: Watching) -> None:
    mark = watching.mark()
    marks.change(watching.session, mark.id, kind=mark.kind, note="", author=watching.author, now=NOW)
    assert len(watching.session.scalars(select(AuditEntry)).all()) == 1


def test_a_finding_that_was_submitted_stays_as_it_is(watching: Watching) -> None:
    mark = watching.mark(note="first")
    watching.finding_of(mark).status = FindingStatus.NEW
    watching.session.flush()
    marks.change(
        watching.session, mark.id, kind=MarkKind.DEVICE, note="second", author=watching.author, now=NOW
    )
    assert watching.finding_of(mark).note == "first"


@pytest.mark.parametrize(
    ("at", "reason"),
    [(NOW + timedelta(seconds=6), "将来"), (NOW - timedelta(days=31), "保存期")],
)
def test_a_moment_that_cannot_have_been_seen_is_refused_in_both_languages(
    watching: Watching, at: datetime, reason: str
) -> None:
    with pytest.raises(WrongMark, match=reason) as refused:
        watching.mark(at=at)
    assert " / the marked moment" in str(refused.value)
    assert watching.session.scalars(select(Finding)).all() == []


def test_a_browser_a_few_seconds_ahead_may_mark_now(watching: Watching) -> None:
    assert watching.mark(at=NOW + timedelta(seconds=4)).at == NOW + timedelta(seconds=4)


def test_a_note_is_not_a_report(watching: Watching) -> None:
    mark = watching.mark(note="字" * 500)
    with pytest.raises(WrongMark, match="500"):
        watching.mark(at=AT + timedelta(seconds=1), note="字" * 501)
    with pytest.raises(WrongMark, match="500"):
        marks.change(
            watching.session, mark.id, kind=mark.kind, note="字" * 501, author=watching.author, now=NOW
        )


def test_marks_of_rooms_that_one_may_not_watch_are_not_read(watching: Watching) -> None:
    seen, secret = watching.mark(), watching.mark(watching.evaluation)
    session = watching.session
    both = [watching.opening.id, watching.evaluation.id]
    hour = NOW - timedelta(hours=1), NOW
    assert marks.marks_between(session, both, *hour, EVERYWHERE) == [seen, secret]
    assert marks.marks_between(session, both, *hour, OPEN_ROOMS) == [seen]
    assert marks.marks_between(session, both, *hour, ()) == []
    assert marks.mark_by_id(session, secret.id, OPEN_ROOMS) is None
    assert marks.mark_by_id(session, secret.id, EVERYWHERE) == secret


def test_a_period_is_half_open_and_a_session_has_its_own_marks(watching: Watching) -> None:
    session_id = watching.hold("KB1", "14:00")
    first, second = watching.mark(), watching.mark(at=AT + timedelta(seconds=5))
    session, camera = watching.session, [watching.opening.id]
    assert marks.marks_between(session, camera, first.at, second.at, EVERYWHERE) == [first]
    assert marks.marks_of_session(session, session_id, EVERYWHERE) == [first, second]
    assert marks.marks_of_session(session, session_id, (RoomType.EVALUATION,)) == []
    assert marks.marks_of_session(session, session_id + 1, EVERYWHERE) == []
