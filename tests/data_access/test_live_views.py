"""Who watched how long: views and minutes by role (KPI 14)."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy.orm import Session

from data_access import accounts, cameras, live_views
from data_access.live_views import RoleViews
from domain.periods import Period
from domain.vocabulary import Role, RoomType

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
NOON = datetime(2025, 3, 10, 4, tzinfo=UTC)  # in Shanghai
LAST_MINUTES = datetime(2025, 3, 31, 15, 50, tzinfo=UTC)  # ten to midnight in Shanghai

_tokens = count()


@pytest.fixture
def camera(session: Session) -> int:
    room = cameras.add_room(session, "开标一室", RoomType.BID_OPENING)
    return cameras.add(session, room_id=room.id, name="全景", url="x.ts", at=NOON).id


@pytest.fixture
def account(session: Session) -> int:
    return accounts.add(session, "wang", "a long password", Role.INSPECTOR, now=NOON).id


def watched(
    session: Session,
    camera: int,
    account: int,
    *,
    role: Role,
    at: datetime,
    minutes: float,
    ended: bool = True,
) -> str:
    token = f"view-{next(_tokens)}"
    live_views.begin(
        session,
        token=token,
        web_session=b"browser",
        account_id=account,
        role=role,
        camera_id=camera,
        upstream="",
        at=at,
    )
    session.flush()
    over = at + timedelta(minutes=minutes)
    (live_views.end if ended else live_views.note_seen)(session, token, over)
    return token


def test_views_and_minutes_are_added_up_by_role(session: Session, camera: int, account: int) -> None:
    watched(session, camera, account, role=Role.INSPECTOR, at=NOON, minutes=30)
    watched(session, camera, account, role=Role.INSPECTOR, at=NOON, minutes=12.5)
    watched(session, camera, account, role=Role.SUPERVISOR, at=NOON, minutes=5)
    assert live_views.minutes_by_role(session, MARCH) == [
        RoleViews(Role.INSPECTOR, 2, 42.5),
        RoleViews(Role.SUPERVISOR, 1, 5.0),
    ]


def test_a_view_that_lasts_counts_until_it_was_last_seen(session: Session, camera: int, account: int) -> None:
    watched(session, camera, account, role=Role.STAFF, at=NOON, minutes=7, ended=False)
    assert live_views.minutes_by_role(session, MARCH) == [RoleViews(Role.STAFF, 1, 7.0)]


def test_a_view_over_the_end_of_a_period_gives_each_its_part(
    session: Session, camera: int, account: int
) -> None:
    watched(session, camera, account, role=Role.INSPECTOR, at=LAST_MINUTES, minutes=25)
    april = Period(date(2025, 4, 1), date(2025, 5, 1))
    assert live_views.minutes_by_role(session, MARCH) == [RoleViews(Role.INSPECTOR, 1, 10.0)]
    assert live_views.minutes_by_role(session, april) == [RoleViews(Role.INSPECTOR, 0, 15.0)]
    both = Period(MARCH.start, april.end)
    assert live_views.minutes_by_role(session, both) == [RoleViews(Role.INSPECTOR, 1, 25.0)]


def test_a_view_that_ended_when_the_period_began_is_outside(
    session: Session, camera: int, account: int
) -> None:
    watched(session, camera, account, role=Role.INSPECTOR, at=LAST_MINUTES, minutes=10)
    assert live_views.minutes_by_role(session, Period(date(2025, 4, 1), date(2025, 5, 1))) == []


def test_nobody_watched_a_camera_in_an_empty_period(session: Session) -> None:
    assert live_views.minutes_by_role(session, MARCH) == []


def test_what_is_over_stays_as_it_was(session: Session, camera: int, account: int) -> None:
    token = watched(session, camera, account, role=Role.INSPECTOR, at=NOON, minutes=3)
    live_views.note_seen(session, token, NOON + timedelta(hours=1))
    live_views.end(session, token, NOON + timedelta(hours=1))
    assert live_views.minutes_by_role(session, MARCH) == [RoleViews(Role.INSPECTOR, 1, 3.0)]
    assert live_views.lasting(session, token, b"browser") is None
