"""From rows to tables, one writer a sheet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session
from stdnum import numdb

from data_access.models import (
    Award,
    Base,
    Complaint,
    Enterprise,
    Expert,
    ExpertDrawMember,
    ExpertPenalty,
    Inspection,
    LibraryMembership,
    Lot,
    MallOrder,
    Project,
    Region,
    Room,
    SessionLot,
    SessionParticipant,
    TradingSession,
)
from data_access.workbook.rows import ReadSheet, Row
from data_access.workbook.sheets import (
    COMPLAINTS,
    DRAWS,
    ENTERPRISES,
    INSPECTIONS,
    LOTS,
    ORDERS,
    PENALTIES,
    SESSIONS,
)
from data_access.workbook.upsert import ids_of, replace_children, upsert
from data_access.workbook.writing import BY_SOURCE, SOURCE, Writing, codes_in
from domain.vocabulary import AwardStatus, LotStatus, ParticipantRole, RoomType, SessionType

ROOM_TYPES = {
    SessionType.EVALUATION: RoomType.EVALUATION,
    SessionType.EXPERT_DRAW: RoomType.EXPERT_DRAW,
    SessionType.NEGOTIATION: RoomType.NEGOTIATION,
    SessionType.OPENING: RoomType.BID_OPENING,
    SessionType.LOTTERY: RoomType.LOTTERY,
    SessionType.LAND_AUCTION: RoomType.AUCTION,
}
"""What a room is for when it is first heard of through sessions. The first of its uses decides: those whose
pictures are restricted come first."""


def write(session: Session, batch_id: int, read_sheet: ReadSheet) -> Writing:
    """Writes the good rows of one sheet; the sheets must come in the order of `SHEETS`."""
    writing = Writing(session, batch_id, read_sheet)
    _WRITERS[read_sheet.sheet.name](writing)
    return writing


def _lots(writing: Writing) -> None:
    writing.each_key_once()
    _add_regions(writing, "project.region_code")
    projects = writing.write_shared(Project, "project")
    ids = writing.ids(Project.code, "project.code")

    def more(row: Row) -> dict[str, object]:
        status = {"status": _lot_status(row)} if "lot.status" in writing.present else {}
        return {"project_id": ids[str(row.values["project.code"])], **status}

    lots = writing.write(Lot, "lot", ["section_code"], more)
    awarded = _awards(writing)
    for row in writing.rows:
        code = row.key
        writing.mark(row, lots.get(code), row.values["project.code"] in projects, code in awarded)


def _lot_status(row: Row) -> object:
    awarded = row.values.get("award.amount") is not None and _award_status(row) == AwardStatus.ACTIVE
    return row.values["lot.status"] or (LotStatus.COMPLETE if awarded else LotStatus.ACTIVE)


def _award_status(row: Row) -> object:
    return row.values.get("award.status") or AwardStatus.ACTIVE


def _awards(writing: Writing) -> set[str]:
    """Writes the awards; returns the codes of the lots whose award is new or changed."""
    if "award.amount" not in writing.present:
        return set()
    ids = writing.ids(Lot.section_code, "lot.section_code")
    awarded = [row for row in writing.rows if row.values["award.amount"] is not None]
    values, status = writing.values("award"), "award.status" in writing.present
    states = upsert(
        writing.session,
        Award,
        BY_SOURCE,
        (
            {
                **values(row),
                **({"status": _award_status(row)} if status else {}),
                "lot_id": ids[row.key],
                **writing.origin(row.key),
            }
            for row in awarded
        ),
    )
    # The workbook's word on a lot is the whole word: any other award of it is kept, but counts no more.
    written = (Award.source_system == SOURCE) & Award.source_key.in_([row.key for row in awarded])
    withdrawn = writing.session.scalars(
        update(Award)
        .where(Award.lot_id.in_(ids.values()), Award.status == AwardStatus.ACTIVE, ~written)
        .values(status=AwardStatus.CANCELLED, batch_id=writing.batch_id)
        .returning(Award.lot_id)
    ).all()
    return {key for _, key in states} | {code for code, id_ in ids.items() if id_ in set(withdrawn)}


def _add_regions(writing: Writing, field: str) -> None:
    codes = {str(row.values[field]) for row in writing.rows if row.values.get(field)}
    if codes:
        regions = [{"code": code, "name": _region_name(code)} for code in sorted(codes)]
        writing.session.execute(insert(Region).values(regions).on_conflict_do_nothing())


def _region_name(code: str) -> str:
    """The name by GB/T 2260, of several in history the last; an unlisted code stands for itself."""
    parts = {name: text for _, found in numdb.get("cn/loc").info(code) for name, text in found.items()}
    listed = parts.get("province" if code.endswith("0000") else "county", code)
    return str(listed.split(",")[-1].rpartition("]")[2])


def _sessions(writing: Writing) -> None:
    lots = writing.known("lots", Lot.section_code)
    writing.each_key_once()
    rooms = _rooms(writing)
    methods = dict(
        writing.session.execute(select(Lot.section_code, Lot.method).where(Lot.section_code.in_(lots))).all()
    )

    def more(row: Row) -> dict[str, object]:
        found: dict[str, object] = {}
        if "room" in writing.present:
            found["room_id"] = rooms.get(str(row.values["room"]))
        common = {methods[code] for code in codes_in(row.values.get("lots"))}
        if row.values.get("session.method") is None and len(common) == 1:
            found["method"] = common.pop()
        return found

    states = writing.write(TradingSession, "session", ["code"], more)
    ids = writing.ids(TradingSession.code, "session.code")
    touched = _session_lots(writing, ids, lots) | _participants(writing, ids)
    for row in writing.rows:
        writing.mark(row, states.get(row.key), ids[row.key] in touched)


def _rooms(writing: Writing) -> dict[str, int]:
    """The rooms' ids by name; those not known yet are made."""
    uses: defaultdict[str, set[SessionType]] = defaultdict(set)
    for row in writing.rows:
        if row.values.get("room"):
            uses[str(row.values["room"])].add(SessionType(str(row.values["session.type"])))
    missing = uses.keys() - ids_of(writing.session, Room.name, uses)
    strictest = list(ROOM_TYPES)
    made = [{"name": n, "type": ROOM_TYPES[min(uses[n], key=strictest.index)]} for n in sorted(missing)]
    if made:
        writing.session.execute(insert(Room).values(made).on_conflict_do_nothing())
    return ids_of(writing.session, Room.name, uses)


def _session_lots(writing: Writing, ids: Mapping[str, int], lots: Mapping[str, int]) -> set[int]:
    if "lots" not in writing.present:
        return set()
    pairs = {(ids[row.key], lots[code]) for row in writing.rows for code in codes_in(row.values["lots"])}
    return replace_children(writing.session, SessionLot, ids.values(), pairs)


def _participants(writing: Writing, ids: Mapping[str, int]) -> set[int]:
    fields = {"monitors": ParticipantRole.MONITOR, "supervisors": ParticipantRole.SUPERVISOR}
    present = {field: role for field, role in fields.items() if field in writing.present}
    people = {
        (ids[row.key], role.value, name, remote)
        for row in writing.rows
        for field, role in present.items()
        for name, remote in _names(row.values[field])
    }
    of_these_roles = SessionParticipant.role.in_(present.values())
    return replace_children(writing.session, SessionParticipant, ids.values(), people, of_these_roles)


def _names(value: object) -> Iterable[tuple[str, bool]]:
    return value.items() if isinstance(value, dict) else ()


@dataclass(frozen=True)
class _Plain:
    """The writer of a sheet whose row is one entity, with perhaps an owner it describes and a reference."""

    model: type[Base]
    table: str
    key: Sequence[str]
    owner: tuple[type[Base], str, InstrumentedAttribute[str], str] | None = None
    """Its table, its name in the sheet, its code, and the foreign key."""
    reference: tuple[str, InstrumentedAttribute[str], str] | None = None
    """The field with the code, what it refers to, and the foreign key."""

    def __call__(self, writing: Writing) -> None:
        references = writing.known(*self.reference[:2]) if self.reference else {}
        writing.each_key_once()
        _add_regions(writing, "enterprise.region_code")
        owners, owners_changed = self._owners(writing)

        def more(row: Row) -> dict[str, object]:
            found: dict[str, object] = {}
            if self.owner:
                found[self.owner[3]] = owners[self._owner_code(row)]
            if self.reference and self.reference[0] in writing.present:
                found[self.reference[2]] = references.get(str(row.values[self.reference[0]]))
            return found

        states = writing.write(self.model, self.table, self.key, more)
        for row in writing.rows:
            writing.mark(row, states.get(row.key), self._owner_code(row) in owners_changed)

    def _owners(self, writing: Writing) -> tuple[dict[str, int], Iterable[str]]:
        if not self.owner:
            return {}, ()
        model, table, code, _ = self.owner
        changed = writing.write_shared(model, table)
        return writing.ids(code, f"{table}.{code.key}"), changed

    def _owner_code(self, row: Row) -> str:
        return str(row.values[f"{self.owner[1]}.{self.owner[2].key}"]) if self.owner else ""


_EXPERT = (Expert, "expert", Expert.code, "expert_id")
_LOT = ("lot_code", Lot.section_code, "lot_id")

_WRITERS: dict[str, Callable[[Writing], None]] = {
    LOTS.name: _lots,
    SESSIONS.name: _sessions,
    DRAWS.name: _Plain(ExpertDrawMember, "draw", BY_SOURCE, _EXPERT, _LOT),
    PENALTIES.name: _Plain(
        ExpertPenalty,
        "penalty",
        BY_SOURCE,
        _EXPERT,
        ("session_code", TradingSession.code, "session_id"),
    ),
    ENTERPRISES.name: _Plain(
        LibraryMembership,
        "membership",
        BY_SOURCE,
        (Enterprise, "enterprise", Enterprise.uscc, "enterprise_id"),
    ),
    COMPLAINTS.name: _Plain(Complaint, "complaint", ["code"], reference=_LOT),
    ORDERS.name: _Plain(MallOrder, "order", ["order_no"]),
    INSPECTIONS.name: _Plain(Inspection, "inspection", ["code"], reference=_LOT),
}
