"""Each alert reaches each address once when it begins and once when it is over, whatever happens between."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from data_access import alerts
from data_access.alerts import AlertRow, Subject
from data_access.engine import transaction
from domain.vocabulary import AlertKind
from media import alert_sender
from media.alert_sender import Teller, channels_in
from tests.installation import until
from tests.media.webhook import Webhook, webhook

DISK = Subject(AlertKind.DISK_LOW, "disk")
BEGIN, OVER = "【明镜告警】磁盘余量不足", "【明镜恢复】磁盘余量不足"


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as made:
        yield made


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_sender, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(alert_sender, "FIRST_WAIT", 0.05)


@contextmanager
def telling(engine: Engine, *urls: str, times: int = 1) -> Iterator[None]:
    """As many alerters as asked for send to the addresses."""
    stopped = threading.Event()
    channels = channels_in(" ".join(urls))
    assert len(channels) == len(urls)
    threads = [
        threading.Thread(target=Teller(engine, channel, channels).run, args=(stopped,))
        for channel in channels
        for _ in range(times)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def begin(engine: Engine, subject: Subject = DISK) -> None:
    with transaction(engine) as session:
        assert alerts.begin(session, subject, zh="录像磁盘约 1.0 天后写满", en="Full soon", at=_now())


def clear(engine: Engine) -> None:
    with transaction(engine) as session:
        for alert in alerts.open_alerts(session):
            alerts.clear(session, alert.id, _now())


def _now() -> datetime:
    return datetime.now(UTC)


def newest(engine: Engine) -> AlertRow:
    with transaction(engine) as session:
        found = alerts.open_alerts(session) + alerts.cleared_since(session, _now() - timedelta(days=9))
    return found[0]


def test_beginning_and_end_are_sent_once_by_two_alerters_to_every_address(
    engine: Engine, hook: Webhook
) -> None:
    with webhook() as other, telling(engine, hook.url, other.url, times=2):
        begin(engine)
        until(lambda: newest(engine).began_told_at, 20, "all addresses know the beginning")
        clear(engine)
        until(lambda: newest(engine).cleared_told_at, 20, "all addresses know the end")
    with telling(engine, hook.url):
        pass
    assert hook.titles() == other.titles() == [BEGIN, OVER]
    body = hook.posts[1]["message"]
    assert "录像磁盘约 1.0 天后写满" in body
    assert "Full soon" in body
    assert "起止" in body
    assert [post["type"] for post in hook.posts] == ["failure", "success"]


def test_an_address_that_fails_at_first_is_tried_again_and_the_others_hear_it_once(
    engine: Engine, hook: Webhook
) -> None:
    with webhook() as failing, telling(engine, hook.url, failing.url):
        failing.failures = 3
        begin(engine)
        until(lambda: newest(engine).began_told_at, 20, "the failing address took it at last")
    assert failing.refused == 3
    assert hook.titles() == failing.titles() == [BEGIN]


def test_what_is_over_before_it_could_be_sent_is_one_message(engine: Engine, hook: Webhook) -> None:
    begin(engine)
    clear(engine)
    with telling(engine, hook.url):
        until(lambda: newest(engine).cleared_told_at, 20, "it went out")
    assert newest(engine).began_told_at is not None
    assert hook.titles() == [OVER]


def test_a_slow_address_delays_no_other(engine: Engine, hook: Webhook) -> None:
    with webhook() as slow, telling(engine, hook.url, slow.url):
        slow.open.clear()
        begin(engine)
        until(lambda: hook.titles() == [BEGIN], 3, "the quick address knows it")
        clear(engine)  # the alert's row is not held by the slow one
        until(lambda: hook.titles() == [BEGIN, OVER], 3, "the quick address knows the end")
        assert newest(engine).began_told_at is None
        slow.open.set()
        until(lambda: newest(engine).cleared_told_at, 30, "the slow address knows it too")
    assert slow.titles()[-1] == OVER


def test_an_address_hears_nothing_of_what_was_over_a_day_before(engine: Engine, hook: Webhook) -> None:
    begin(engine)
    clear(engine)
    with transaction(engine) as session:
        (channel,) = channels_in(hook.url)
        assert alerts.next_to_tell(session, channel.hash, _now()) is not None
        assert alerts.next_to_tell(session, channel.hash, _now() + alerts.NEWS_FOR) is None


def test_an_address_that_is_none_is_named_by_its_number_and_no_secret_is_logged(
    engine: Engine, hook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channels = channels_in(f"{hook.url} nosuch://sesame@host/key")
    assert [channel.number for channel in channels] == [1]
    assert "address 2" in caplog.text
    hook.failures = 1
    begin(engine)
    with telling(engine, hook.url):
        until(lambda: hook.posts, 20, "it went out at last")
    assert "address 1 does not take messages" in caplog.text
    assert "sesame" not in caplog.text
    assert "sesame" not in repr(channels)
