"""Sends alerts to an address, each beginning and each end once, again and again until it went out."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import apprise
from apprise.utils.parse import parse_urls
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from data_access import alerts
from data_access.alerts import AlertRow
from data_access.engine import transaction
from domain.periods import SHANGHAI
from domain.vocabulary import AlertKind

log = logging.getLogger(__name__)
# Its messages may hold addresses with their keys.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)

LOOK_SECONDS = 2.0
FIRST_WAIT, LONGEST_WAIT = 2.0, 300.0  # seconds between two attempts

KIND_WORDS = {
    AlertKind.CAMERA_LOST: ("摄像头中断", "camera lost"),
    AlertKind.RECORDING_BEHIND: ("录像滞后", "recording behind"),
    AlertKind.DISK_LOW: ("磁盘余量不足", "disk space low"),
    AlertKind.SESSION_WITHOUT_CAMERA: ("场次无在线摄像头", "session without camera"),
}


@dataclass(frozen=True)
class Channel:
    """An address that is told of alerts. The hash stands for it in the database."""

    number: int  # its place in MINGJING_ALERT_URLS, from 1
    url: str = field(repr=False)  # secret

    @property
    def hash(self) -> str:
        """Twelve hexadecimal digits."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Message:
    """What is sent: Chinese with the English below."""

    title: str
    body: str
    kind: apprise.NotifyType


def channels_in(urls: str) -> list[Channel]:
    """The usable addresses of the setting, each once; one that cannot be used is logged by its number."""
    found = []
    written: list[str] = parse_urls(urls)  # type: ignore[no-untyped-call]
    for number, url in enumerate(dict.fromkeys(written), 1):
        if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None:
            log.error("MINGJING_ALERT_URLS: address %d is not one that the package apprise knows", number)
        else:
            found.append(Channel(number, url))
    return found


def message_of(alert: AlertRow) -> Message:
    """The words for an alert that has begun, or that is over."""
    kind_zh, kind_en = KIND_WORDS[alert.subject.kind]
    began = _clock(alert.began_at)
    if alert.cleared_at is None:
        return Message(
            f"【明镜告警】{kind_zh} / Alert: {kind_en}",
            f"{alert.message_zh}\n开始：{began}\n\n{alert.message_en}\nSince {began}",
            apprise.NotifyType.FAILURE,
        )
    cleared, lasted = _clock(alert.cleared_at), _length(alert.cleared_at - alert.began_at)
    return Message(
        f"【明镜恢复】{kind_zh} / Over: {kind_en}",
        f"已恢复。{alert.message_zh}\n起止：{began} 至 {cleared}，历时 {lasted}\n\n"
        f"It is over. {alert.message_en}\nFrom {began} to {cleared}, {lasted}",
        apprise.NotifyType.SUCCESS,
    )


def _clock(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _length(time: timedelta) -> str:
    return str(timedelta(seconds=round(time.total_seconds())))


def send(channel: Channel, message: Message) -> bool:
    """Whether the address took the message."""
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Mingjing", app_desc="明镜", async_mode=False))
    sender.add(channel.url)
    return bool(sender.notify(title=message.title, body=message.body, notify_type=message.kind))


class Teller:
    """One address, in a thread of its own: a slow one delays nobody."""

    def __init__(
        self,
        engine: Engine,
        channel: Channel,
        everybody: Sequence[Channel],
        sending: Callable[[Channel, Message], bool] = send,
    ) -> None:
        self._engine = engine
        self._channel = channel
        self._everybody = [each.hash for each in everybody]
        self._send = sending

    def run(self, stopped: threading.Event) -> None:
        """Tells what there is to tell until `stopped`; after a failure it waits longer each time."""
        wait = FIRST_WAIT
        while not stopped.is_set():
            try:
                went_out = self.tell_next(self._everybody)
            except SQLAlchemyError as error:
                log.warning("the database is not available: %s", type(error).__name__)
                went_out = None
            if went_out is False:
                log.warning(
                    "alert address %d does not take messages; again in %.0f s", self._channel.number, wait
                )
                stopped.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)
            else:
                wait = FIRST_WAIT
                stopped.wait(0 if went_out else LOOK_SECONDS)

    def tell_next(self, everybody: Collection[str]) -> bool | None:
        """Sends the oldest alert that the address does not know; None: there is none, or another sends it."""
        # Its lock lasts until the sending is written down: two alerters never send the same.
        with transaction(self._engine) as session:
            if not alerts.only_one_tells(session, self._channel.hash):
                return None
            alert = alerts.next_to_tell(session, self._channel.hash, datetime.now(UTC))
            if alert is None:
                return None
            if not self._send(self._channel, message_of(alert)):
                return False
            alerts.mark_told(session, alert, self._channel.hash, everybody, datetime.now(UTC))
            return True
