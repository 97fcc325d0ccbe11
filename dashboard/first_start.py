"""What an empty installation gets at its first start, and what the demo needs from minute to minute."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from data_access import accounts, cameras
from data_access.demo import history, schedule
from data_access.engine import transaction
from data_access.models import Room
from data_access.private_files import write_private
from data_access.settings import Settings
from domain.periods import SHANGHAI
from domain.vocabulary import Role
from media.demo_cameras import DEMO_CAMERAS

log = logging.getLogger(__name__)

DEMO_ACCOUNTS = (
    ("admin", Role.ADMINISTRATOR, "系统管理员"),
    ("supervisor", Role.SUPERVISOR, "监管人员"),
    ("inspector", Role.INSPECTOR, "纪检监察员"),
    ("staff", Role.STAFF, "中心工作人员"),
)


def prepare(chosen: Settings, say: Callable[[str], None]) -> list[str]:
    """Makes the first accounts and, for the demo, its data and cameras.

    Returns the lines `name password role` of the accounts that were made now; empty at later starts.
    """
    now = datetime.now(UTC)
    with transaction() as session:
        made = [] if accounts.all_accounts(session) else _make_accounts(session, chosen, now)
    if chosen.demo:
        if not _has_demo_rooms():
            say("正在生成演示数据 / making the demo data ...")
            DemoKeeper().tend()
        with transaction() as session:
            _add_cameras(session, chosen, now)
    return made


def _has_demo_rooms() -> bool:
    with transaction() as session:
        return {demo.room_name for demo in DEMO_CAMERAS} <= set(session.scalars(select(Room.name)))


def _make_accounts(session: Session, chosen: Settings, now: datetime) -> list[str]:
    lines = []
    for name, role, display_name in DEMO_ACCOUNTS if chosen.demo else DEMO_ACCOUNTS[:1]:
        password = accounts.new_password()
        accounts.add(session, name, password, role, now=now, display_name=display_name)
        lines.append(f"{name} {password} {role}")
    write_private(chosen.demo_accounts_file, "".join(f"{line}\n" for line in lines))
    return lines


def _add_cameras(session: Session, chosen: Settings, now: datetime) -> None:
    """The demo's cameras, on the port of this start."""
    for demo in DEMO_CAMERAS:
        url, sub_url = demo.url(chosen.demo_port), demo.sub_url(chosen.demo_port)
        known = cameras.camera_named(session, demo.name)
        if known is None:
            room_id = session.scalars(select(Room.id).where(Room.name == demo.room_name)).one()
            cameras.add(
                session,
                room_id=room_id,
                name=demo.name,
                url=url,
                sub_url=sub_url,
                at=now,
                codec="h264",
                has_b_frames=False,
                audio_codec="aac",
            )
        elif (known.url, known.sub_url) != (url, sub_url):
            cameras.change_urls(session, known.id, url, sub_url)


@dataclass
class DemoKeeper:
    """Keeps the demo's history and schedule current; called every minute."""

    filled_to: date | None = None

    def tend(self) -> None:
        """Lets the history go on when a day is over, and the schedule from minute to minute."""
        now = datetime.now(UTC)
        today = now.astimezone(SHANGHAI).date()
        try:
            with transaction() as session:
                if self.filled_to != today:
                    history.fill(session, today)
                schedule.keep_current(session, now)
        except SQLAlchemyError:
            log.exception("the demo was not kept current; it is tried again in a minute")
        else:
            self.filled_to = today
