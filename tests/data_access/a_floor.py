"""A small floor with footage, for tests of what is found of it: rooms, cameras, sessions, people."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import cameras, footage, marks
from data_access.cameras import CameraRow
from data_access.footage import Segment
from data_access.marks import Author, Mark
from data_access.models import (
    Award,
    Base,
    Enterprise,
    Expert,
    ExpertDrawMember,
    Lot,
    Project,
    SessionEvent,
    SessionLot,
    TradingSession,
)
from domain.vocabulary import FindingSource, MarkKind, RoomType, SessionStatus, SessionType
from tests.data_access.small_cases import shanghai
from tests.data_access.test_marks import account_of

HOUR = timedelta(hours=1)


@dataclass
class Floor:
    """Adds what a test names; everything else is filled with something plain."""

    session: Session
    now: datetime
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.opening = self.camera("开标一室", RoomType.BID_OPENING)
        self.evaluation = self.camera("评标一室", RoomType.EVALUATION)
        self.author = Author(account_of(self.session, "inspector", "王检查"), "inspector")

    def camera(self, room: str, kind: RoomType) -> CameraRow:
        """A room with its camera."""
        made = cameras.add_room(self.session, room, kind)
        added = self.now - timedelta(days=60)
        return cameras.add(self.session, room_id=made.id, name=f"{room}-全景", url="x.ts", at=added)

    def recorded(self, camera: CameraRow, start: datetime, end: datetime) -> None:
        """A run, without files."""
        run_id = footage.begin_run(self.session, camera.id, start)
        told = Segment(camera.id, start, end, run_id, "none.mp4", 1, bytes(32), bytes(32), b"")
        footage.publish(self.session, told)

    def held(
        self,
        code: str,
        when: str,
        project: str,
        *,
        kind: SessionType = SessionType.OPENING,
        begun: bool = True,
        camera: CameraRow | None = None,
        recorded: bool = True,
    ) -> TradingSession:
        """An hour of a session about one lot of a project, with footage."""
        start = shanghai(when)
        room = camera or (self.evaluation if kind is SessionType.EVALUATION else self.opening)
        if recorded:
            self.recorded(room, start, start + HOUR)
        held: TradingSession = self.add(
            TradingSession(
                code=code,
                type=kind,
                room_id=room.room_id,
                planned_start=start,
                planned_end=start + HOUR,
                actual_start=start if begun else None,
                actual_end=start + HOUR if begun else None,
                status=SessionStatus.DONE if begun else SessionStatus.SCHEDULED,
            )
        )
        self.deals_with(held, project)
        return held

    def lots(self, held: TradingSession) -> list[Lot]:
        """What the session deals with."""
        of_session = select(Lot).join(SessionLot).where(SessionLot.session_id == held.id)
        return list(self.session.scalars(of_session.order_by(Lot.id)))

    def deals_with(self, held: TradingSession, project: str, **more: Any) -> Lot:
        """A lot of a project of its own, dealt with in the session."""
        number = next(self.numbers)
        made = self.add(Project(code=f"XM{number:04d}", name=project, project_class="works", **more))
        lot: Lot = self.add(
            Lot(
                project_id=made.id,
                section_code=f"XM{number:04d}-01",
                title=f"{project}一标段",
                status="active",
            )
        )
        self.session.add(SessionLot(session_id=held.id, lot_id=lot.id))
        self.session.flush()
        return lot

    def awarded(self, lot: Lot, when: str, supplier: str = "") -> None:
        """The award of a lot."""
        self.add(
            Award(lot_id=lot.id, amount=1, decided_at=shanghai(when), status="active", supplier_name=supplier)
        )

    def on_panel(self, lot: Lot, name: str, response: str = "accepted") -> Expert:
        """An expert who was drawn for the lot."""
        expert: Expert = self.add(Expert(code=f"ZJ{next(self.numbers):04d}", name=name))
        drawn_at = self.now - timedelta(days=1)
        self.add(ExpertDrawMember(lot_id=lot.id, expert_id=expert.id, drawn_at=drawn_at, response=response))
        return expert

    def enterprise(self, name: str) -> None:
        """An enterprise of the library."""
        self.add(Enterprise(uscc=f"91440000MA{next(self.numbers):07d}X", name=name))

    def event(self, held: TradingSession, kind: str, actor: str, note: str = "") -> None:
        """Something that happened in a session."""
        at = held.planned_start - timedelta(minutes=5)
        self.session.add(SessionEvent(session_id=held.id, at=at, kind=kind, actor=actor, note=note))
        self.session.flush()

    def mark(self, camera: CameraRow, at: datetime, note: str) -> Mark:
        """A mark of the author's."""
        return marked(self.session, camera, at, note, self.author, now=self.now)

    def add(self, row: Any) -> Any:
        """Adds a row of a table with a source."""
        assert isinstance(row, Base)
        vars_of: Any = row
        vars_of.source_system, vars_of.source_key = "test", f"row-{next(self.numbers)}"
        self.session.add(row)
        self.session.flush()
        return row


def marked(
    session: Session, camera: CameraRow, at: datetime, note: str, author: Author, *, now: datetime
) -> Mark:
    """A mark that somebody left their post, made on footage."""
    why = {"kind": MarkKind.LEFT_POST, "note": note, "source": FindingSource.FOOTAGE}
    return marks.add(session, camera, at=at, author=author, now=now, kept_days=30, **why)  # type: ignore[arg-type]
