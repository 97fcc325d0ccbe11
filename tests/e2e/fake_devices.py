"""A Chromium whose camera shows a moving pattern and whose microphone beeps; and a session to use it for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from data_access.models import TradingSession
from domain.vocabulary import SessionStatus, SessionType
from tests.e2e.conftest import ARGUMENTS, CHROMIUM


@contextmanager
def with_devices(browser: Browser) -> Iterator[Browser]:
    """Another Chromium beside the given one."""
    granted = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    made = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *granted])
    try:
        yield made
    finally:
        made.close()


def person(browser: Browser) -> BrowserContext:
    """A browser of one person's own, in Chinese."""
    return browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )


@contextmanager
def opening_on(engine: Engine, **values: object) -> Iterator[int]:
    """An opening that has begun four minutes ago; it is gone afterwards."""
    now = datetime.now(UTC)
    with Session(engine) as session, session.begin():
        held = TradingSession(
            code="KB-BROWSER",
            type=SessionType.OPENING,
            planned_start=now - timedelta(minutes=5),
            planned_end=now + timedelta(hours=1),
            actual_start=now - timedelta(minutes=4),
            status=SessionStatus.OPEN,
            source_system="test",
            source_key="browser",
            **values,
        )
        session.add(held)
        session.flush()
        held_id = held.id
    yield held_id
    with Session(engine) as session, session.begin():
        session.execute(delete(TradingSession).where(TradingSession.id == held_id))
