from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.recording_times import LONGEST, MARGIN, SessionTimes, recorded_from_to, recorded_since
from domain.vocabulary import SessionStatus

NINE = datetime(2024, 3, 5, 1, tzinfo=UTC)  # 9:00 in Shanghai
MINUTE = timedelta(minutes=1)
moments = st.integers(-600, 600).map(lambda minutes: NINE + minutes * MINUTE)
sessions = st.builds(
    SessionTimes,
    status=st.sampled_from(SessionStatus),
    planned_start=moments,
    planned_end=st.none() | moments,
    actual_start=st.none() | moments,
    actual_end=st.none() | moments,
)


def at(minutes: float) -> datetime:
    return NINE + minutes * MINUTE


def is_recorded(minutes: float, *held: SessionTimes) -> bool:
    return recorded_since(held, at(minutes)) is not None


def test_a_planned_session_is_recorded_from_15_minutes_before_to_15_after() -> None:
    held = SessionTimes(SessionStatus.SCHEDULED, NINE, at(60))
    assert [is_recorded(m, held) for m in (-15.01, -15, 0, 74.9, 75)] == [False, True, True, True, False]


def test_one_that_begins_early_or_ends_late_is_recorded_as_it_is_held() -> None:
    early = SessionTimes(SessionStatus.OPEN, NINE, at(60), actual_start=at(-40))
    assert is_recorded(-40, early)
    assert is_recorded(300, early), "it is still on"
    over = SessionTimes(SessionStatus.DONE, NINE, at(60), at(5), at(120))
    assert [is_recorded(m, over) for m in (134.9, 135)] == [True, False]
    short = SessionTimes(SessionStatus.DONE, NINE, at(60), at(0), at(20))
    assert not is_recorded(36, short)


def test_a_cancelled_session_is_not_recorded_and_a_forgotten_one_not_for_ever() -> None:
    assert not is_recorded(0, SessionTimes(SessionStatus.CANCELLED, NINE, at(60)))
    forgotten = SessionTimes(SessionStatus.OPEN, NINE, at(60), NINE)
    assert is_recorded(LONGEST / MINUTE, forgotten)
    assert not is_recorded((LONGEST + MARGIN) / MINUTE, forgotten)


def test_sessions_that_follow_each_other_closely_are_recorded_without_a_break() -> None:
    first = SessionTimes(SessionStatus.DONE, NINE, at(60), at(0), at(60))
    second = SessionTimes(SessionStatus.SCHEDULED, at(90), at(120))
    assert recorded_since([second, first], at(100)) == at(-15)
    later = SessionTimes(SessionStatus.SCHEDULED, at(91), at(120))
    assert recorded_since([later, first], at(100)) == at(76)


@given(held=sessions)
def test_whatever_is_known_of_a_session_its_time_is_within_what_is_recorded(held: SessionTimes) -> None:
    found = recorded_from_to(held)
    if held.status is SessionStatus.CANCELLED:
        assert found is None
        return
    assert found is not None
    begins, ends = found
    assert begins <= min(held.planned_start, held.actual_start or held.planned_start) - MARGIN
    assert ends >= (held.actual_start or held.planned_start) + MARGIN
    if held.status is SessionStatus.DONE and held.actual_end is not None:
        assert ends >= held.actual_end + MARGIN


@given(held=st.lists(sessions, max_size=5), now=moments)
def test_a_room_is_recorded_exactly_while_one_of_its_sessions_is(
    held: list[SessionTimes], now: datetime
) -> None:
    stretches = [found for one in held if (found := recorded_from_to(one))]
    since = recorded_since(held, now)
    assert (since is not None) == any(begins <= now < ends for begins, ends in stretches)
    if since is not None:
        assert since <= now
        moment = since
        while moment < now:  # without a break
            assert any(begins <= moment < ends for begins, ends in stretches)
            moment += MINUTE
