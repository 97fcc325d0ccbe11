"""The search over footage finds what is there, and keeps what is secret yet."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from data_access import footage_search
from data_access.footage import Stretch
from data_access.footage_search import Found, Rights
from domain.vocabulary import LotStatus, RoomType, SessionType
from tests.data_access.a_floor import HOUR, Floor
from tests.data_access.small_cases import shanghai

NOW = shanghai("2025-11-20 18:00")
MONTH = Stretch(NOW - timedelta(days=30), NOW)
EVERYWHERE = tuple(kind.value for kind in RoomType)
INSPECTOR = Rights(EVERYWHERE, EVERYWHERE)
SUPERVISOR = Rights(("bid_opening",), ("bid_opening",))
STAFF = Rights(("bid_opening",), ())
WORDS = {
    "session_type": {"BO": "开标", "EV": "评标"},
    "mark_kind": {"left_post": "人员离席"},
}


@pytest.fixture
def floor(session: Session) -> Floor:
    return Floor(session, NOW)


def found(floor: Floor, *words: str, rights: Rights = INSPECTOR, window: Stretch = MONTH) -> Found:
    stock = footage_search.findable(floor.session, MONTH.start, rights)
    return footage_search.search(floor.session, stock, words, window, rights=rights, vocabulary=WORDS)


def codes(group: footage_search.Group[Any]) -> list[str]:
    return [getattr(hit, "session", hit).code for hit in group.hits]


@pytest.mark.parametrize(
    "words", [("图书馆",), ("书馆", "二期"), ("KB1",), ("xm0",), ("开标", "图书馆"), ("一室", "图书")]
)
def test_a_session_is_found_by_any_part_of_its_project_code_room_or_kind(
    floor: Floor, words: tuple[str, ...]
) -> None:
    floor.held("KB1", "2025-11-19 09:00", "市图书馆二期工程")
    floor.held("PB2", "2025-11-19 15:00", "桥梁工程", kind=SessionType.EVALUATION)
    assert "KB1" in codes(found(floor, *words).sessions)


def test_all_words_must_be_found(floor: Floor) -> None:
    floor.held("KB1", "2025-11-19 09:00", "市图书馆工程")
    assert found(floor, "图书馆", "桥梁").total == 0


def test_signs_of_patterns_are_meant_as_they_are(floor: Floor) -> None:
    floor.held("KB1", "2025-11-19 09:00", "市图书馆工程")
    assert found(floor, "%").total == found(floor, "图_馆").total == 0


def test_a_day_narrows_the_search_and_alone_lists_that_day(floor: Floor) -> None:
    floor.held("KB1", "2025-11-18 09:00", "市图书馆工程")
    floor.held("KB2", "2025-11-19 09:00", "市图书馆工程")
    day = Stretch(shanghai("2025-11-19 00:00"), shanghai("2025-11-20 00:00"))
    assert codes(found(floor, "图书馆").sessions) == ["KB2", "KB1"]
    assert codes(found(floor, "图书馆", window=day).sessions) == ["KB2"]
    assert codes(found(floor, window=day).sessions) == ["KB2"]


def test_sessions_without_footage_and_rooms_that_may_not_be_watched_are_no_hits(floor: Floor) -> None:
    floor.held("KB1", "2025-11-19 09:00", "市图书馆工程", recorded=False)
    floor.held("PB2", "2025-11-19 11:00", "市图书馆工程", kind=SessionType.EVALUATION)
    floor.held("PB3", "2025-11-19 14:00", "市图书馆工程", kind=SessionType.EVALUATION, camera=floor.opening)
    assert codes(found(floor, "图书馆").sessions) == ["PB3", "PB2"]
    assert found(floor, "图书馆", rights=SUPERVISOR).total == 0
    assert [room.room_name for room in found(floor, "一室").rooms.hits] == ["开标一室", "评标一室"]
    assert [room.room_name for room in found(floor, "一室", rights=STAFF).rooms.hits] == ["开标一室"]


def test_an_expert_is_found_after_the_award_of_every_lot_only(floor: Floor) -> None:
    held = floor.held("PB1", "2025-11-19 09:00", "市图书馆工程", kind=SessionType.EVALUATION)
    floor.deals_with(held, "二期")
    one, other = floor.lots(held)
    expert = floor.on_panel(one, "欧阳评")
    for word in ("欧阳评", expert.code):
        assert found(floor, word).total == 0
    floor.awarded(one, "2025-11-19 17:00", "建设公司")
    assert found(floor, "欧阳评").total == 0  # another lot of the session is open
    other.status = LotStatus.UNSUCCESSFUL.value
    floor.session.flush()
    for word in ("欧阳", expert.code):
        experts = found(floor, word).experts
        assert (codes(experts), experts.hits[0].who[0].name) == (["PB1"], "欧阳评")
    assert codes(found(floor, "欧阳评", "图书馆").experts) == ["PB1"]
    assert found(floor, "欧阳评", rights=SUPERVISOR).total == 0


def test_an_award_to_come_does_not_name_experts_or_winners_yet(floor: Floor) -> None:
    held = floor.held("PB1", "2025-11-19 09:00", "市图书馆工程", kind=SessionType.EVALUATION)
    (lot,) = floor.lots(held)
    floor.on_panel(lot, "欧阳评")
    floor.awarded(lot, "2999-01-01 00:00", "将来公司")
    assert found(floor, "欧阳评").total == found(floor, "将来公司").total == 0


def test_experts_who_declined_sat_on_no_panel(floor: Floor) -> None:
    held = floor.held("PB1", "2025-11-19 09:00", "市图书馆工程", kind=SessionType.EVALUATION)
    (lot,) = floor.lots(held)
    floor.on_panel(lot, "未参加", response="declined")
    lot.status = LotStatus.CANCELLED.value
    assert found(floor, "未参加").total == 0


def test_a_bidder_is_found_after_the_opening_only(floor: Floor) -> None:
    floor.enterprise("示例路桥有限公司")
    done = floor.held("KB1", "2025-11-19 09:00", "市图书馆工程")
    waiting = floor.held("KB2", "2025-11-20 09:00", "道路工程", begun=False)
    for held in (done, waiting):
        floor.event(held, "check_in", "投标人代表", "示例路桥有限公司、另一公司签到")
    enterprises = found(floor, "路桥").enterprises
    assert codes(enterprises) == ["KB1"]
    assert [(who.name, who.role) for who in enterprises.hits[0].who] == [("示例路桥有限公司", "bidder")]
    waiting.actual_start = waiting.planned_start  # begun by the clock, but its state says that it waits
    floor.session.flush()
    assert codes(found(floor, "路桥").enterprises) == ["KB1"]


def test_buyer_and_agency_are_found_at_once_and_the_winner_after_the_award(floor: Floor) -> None:
    held = floor.held("KB1", "2025-11-19 09:00", "市图书馆工程")
    lot = floor.deals_with(held, "一期", buyer="市文化局", agency="诚信代理公司")
    assert [who.role for who in found(floor, "文化局").enterprises.hits[0].who] == ["buyer"]
    assert [who.role for who in found(floor, "诚信代理").enterprises.hits[0].who] == ["agency"]
    assert found(floor, "中标建设").total == 0
    floor.awarded(lot, "2025-11-20 10:00", "中标建设集团")
    (hit,) = found(floor, "中标建设").enterprises.hits
    assert [(who.name, who.role) for who in hit.who] == [("中标建设集团", "winner")]


def test_an_expert_named_among_events_is_no_enterprise(floor: Floor) -> None:
    held = floor.held("PB1", "2025-11-19 09:00", "市图书馆工程", kind=SessionType.EVALUATION)
    floor.event(held, "check_in", "欧阳评", "欧阳评签到")
    assert found(floor, "欧阳评").total == 0


def test_marks_are_found_by_kind_note_author_room_and_session_by_those_who_may_see_them(floor: Floor) -> None:
    held = floor.held("KB1", "2025-11-19 09:00", "市图书馆工程")
    floor.mark(floor.opening, held.planned_start + HOUR / 2, "唱标人离开")
    for words in (("离席",), ("唱标人",), ("王检查",), ("图书馆", "唱标"), ("开标一室", "离席")):
        marks = found(floor, *words).marks
        assert [mark.note for mark in marks.hits] == ["唱标人离开"], words
    assert found(floor, "唱标人", rights=STAFF).total == 0


def test_a_name_in_a_mark_is_secret_until_the_award(floor: Floor) -> None:
    held = floor.held("PB1", "2025-11-19 09:00", "市图书馆工程", kind=SessionType.EVALUATION)
    (lot,) = floor.lots(held)
    floor.on_panel(lot, "欧阳评")
    floor.mark(floor.evaluation, held.planned_start + HOUR / 2, "欧阳评离席")
    assert found(floor, "欧阳评").total == 0
    (mark,) = found(floor, "离席").marks.hits
    assert "欧阳评" not in mark.note
    floor.awarded(lot, "2025-11-20 10:00", "公司")
    (mark,) = found(floor, "欧阳评").marks.hits
    assert mark.note == "欧阳评离席"


def test_more_hits_than_are_shown_are_counted(floor: Floor) -> None:
    for number in range(12):
        floor.held(f"KB{number:02d}", f"2025-11-{5 + number:02d} 09:00", "市图书馆工程")
    sessions = found(floor, "图书馆").sessions
    assert (len(sessions.hits), sessions.total, sessions.more) == (8, 12, 4)
