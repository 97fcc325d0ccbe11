"""One search over what footage there is: sessions, marks, and the experts and enterprises concerned.

All words must be found, each anywhere; a day among them narrows the search. What may not be seen gives no hit
and is not counted:
- rooms that the viewer may not watch, and evaluations wherever they are held (招标投标法 art. 38);
- experts until every lot of their session is awarded, failed or cancelled (art. 37), also where a mark's note
  names one;
- bidders until the opening, and winners until the award (实施条例 art. 41).

The sessions of a month are few (thousands) and are looked through in memory; what is secret is looked up in
the database at each search. Whoever bid is known here from the course of the opening (签到, 解密, 唱标), in
which an enterprise of the library is named, and from the awards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, and_, any_, false, literal, or_
from sqlalchemy.dialects.postgresql import ARRAY, INTEGER
from sqlalchemy.orm import InstrumentedAttribute, Session

from data_access import footage_lookup, footage_parties
from data_access.footage import Stretch
from data_access.footage_lookup import SessionOnFloor, WatchedCamera
from data_access.footage_parties import Dealt, Who, has
from data_access.marks import Mark, marks_found
from data_access.models import Account, Camera, FootageMark, Room, TradingSession
from data_access.session_view import secret_names, struck_out
from domain.vocabulary import RoomType, SessionType

SHOWN = 8  # hits of a group
_COUNTED = 200  # marks; more are not counted
_MOST_SESSIONS = 10_000

Hit = TypeVar("Hit")
Vocabulary = Mapping[str, Mapping[str, str]]  # `session_type` and `mark_kind`: codes to the words shown
_Look = Callable[[Session, str, Collection[int]], footage_parties.Concerned]


@dataclass(frozen=True)
class Group(Generic[Hit]):
    """The first hits of one kind, and how many there are."""

    hits: tuple[Hit, ...] = ()
    total: int = 0

    @property
    def more(self) -> int:
        """How many are not among the hits."""
        return self.total - len(self.hits)


@dataclass(frozen=True)
class Concerned:
    """A session, and who of it was found."""

    session: SessionOnFloor
    who: tuple[Who, ...]


@dataclass(frozen=True)
class Findable:
    """A session that there is footage of, and every word that it is found by."""

    session: SessionOnFloor
    text: str  # small letters; project names and codes, lots, its own code, its room
    dealt: Dealt


@dataclass(frozen=True)
class Found:
    """What a search found, by kind; the latest first."""

    rooms: Group[WatchedCamera] = field(default_factory=Group)  # of each its first camera
    sessions: Group[SessionOnFloor] = field(default_factory=Group)
    marks: Group[Mark] = field(default_factory=Group)
    experts: Group[Concerned] = field(default_factory=Group)
    enterprises: Group[Concerned] = field(default_factory=Group)

    @property
    def total(self) -> int:
        """How many hits there are in all."""
        groups = (self.rooms, self.sessions, self.marks, self.experts, self.enterprises)
        return sum(group.total for group in groups)


@dataclass(frozen=True)
class Rights:
    """What the viewer may see."""

    rooms: tuple[str, ...]  # types of rooms that may be watched
    marks: tuple[str, ...]  # types of rooms whose marks may be seen

    @property
    def evaluations(self) -> bool:
        """Whether evaluations may be seen."""
        return RoomType.EVALUATION in self.rooms


def findable(session: Session, since: datetime, rights: Rights) -> list[Findable]:
    """The sessions since then with footage that the viewer may be told of, the latest first."""
    open_to_all = () if rights.evaluations else (TradingSession.type != SessionType.EVALUATION,)
    found = footage_lookup.sessions_with_footage(session, since, rights.rooms, _MOST_SESSIONS, *open_to_all)
    dealt = footage_parties.dealt_with(session, [each.id for each in found])
    return [_findable(each, dealt.get(each.id, Dealt((), (), ()))) for each in found]


def _findable(held: SessionOnFloor, dealt: Dealt) -> Findable:
    parts = [held.code, held.room_name, held.projects, held.project_codes, *dealt.lots]
    return Findable(held, "\n".join(parts).lower(), dealt)


def search(
    session: Session,
    stock: Sequence[Findable],
    words: tuple[str, ...],
    window: Stretch,
    *,
    rights: Rights,
    vocabulary: Vocabulary,
) -> Found:
    """What there is of the words within the window.

    Args:
        stock: what `findable` gave for the same rights, a moment ago.
        words: all must be found; without any, everything of the window is.
        window: at most the time for which footage is kept.
    """
    within = [each for each in stock if each.session.start < window.end and each.session.end > window.start]
    types = vocabulary.get("session_type", {})
    about = [{each.session.id for each in within if _has(each, word, types)} for word in words]
    sessions = [each.session for each in within if all(each.session.id in ids for ids in about)]

    def concerned(look: _Look) -> Group[Concerned]:
        """The sessions in which each word is found, and one at least as somebody's name."""
        everywhere = [each.session.id for each in within]
        named = [look(session, word, everywhere) for word in words]
        hits = [
            Concerned(each.session, _all_of(each.session.id, named))
            for each in within
            if any(each.session.id in who for who in named)
            and all(
                each.session.id in ids or each.session.id in who
                for ids, who in zip(about, named, strict=True)
            )
        ]
        return _grouped(hits)

    return Found(
        rooms=_rooms(session, words, window, rights),
        sessions=_grouped(sessions),
        marks=_marks(session, dict(zip(words, about, strict=True)), window, rights, vocabulary),
        experts=concerned(footage_parties.experts_called),
        enterprises=concerned(partial(_enterprises, within)),
    )


def _enterprises(
    within: Sequence[Findable], session: Session, word: str, session_ids: Collection[int]
) -> footage_parties.Concerned:
    now = datetime.now(UTC)
    found = dict(footage_parties.bidders_called(session, word, session_ids))
    for each in within:
        if who := footage_parties.enterprises_of(each.dealt, word, now):
            found[each.session.id] = (*who, *found.get(each.session.id, ()))
    return found


def _has(found: Findable, word: str, types: Mapping[str, str]) -> bool:
    return word.lower() in found.text or word.lower() in types.get(found.session.type, "").lower()


def _all_of(session_id: int, named: Sequence[footage_parties.Concerned]) -> tuple[Who, ...]:
    return tuple(dict.fromkeys(who for found in named for who in found.get(session_id, ())))


def _grouped(found: Sequence[Hit]) -> Group[Hit]:
    return Group(tuple(found[:SHOWN]), len(found))


def _rooms(session: Session, words: tuple[str, ...], window: Stretch, rights: Rights) -> Group[WatchedCamera]:
    if not words:
        return Group()
    cameras = footage_lookup.cameras_with_footage(session, window.start, rights.rooms)
    first: dict[int, WatchedCamera] = {}
    for camera in cameras:
        text = f"{camera.room_name} {camera.name}".lower()
        if all(word.lower() in text for word in words):
            first.setdefault(camera.room_id, camera)
    return _grouped(list(first.values()))


def _marks(
    session: Session,
    about: Mapping[str, Collection[int]],
    window: Stretch,
    rights: Rights,
    vocabulary: Vocabulary,
) -> Group[Mark]:
    """The marks that have each word themselves, or whose session has.

    Args:
        about: words, and the ids of the sessions that have them.
    """
    if not rights.marks:
        return Group()
    conditions = [
        or_(
            *(
                has(column, word)
                for column in (FootageMark.note, Camera.name, Room.name, Account.display_name)
            ),
            _means(FootageMark.kind, word, vocabulary.get("mark_kind", {})),
            FootageMark.session_id == any_(literal(list(ids), ARRAY(INTEGER))),
        )
        for word, ids in about.items()
    ]
    within = and_(FootageMark.at >= window.start, FootageMark.at < window.end)
    found = marks_found(session, rights.marks, _COUNTED, within, *conditions)
    held = {mark.session_id for mark in found if mark.session_id}
    secrets = secret_names(session, held)
    told = (_told(mark, secrets.get(mark.session_id or 0, []), about) for mark in found)
    return _grouped([mark for mark in told if mark is not None])


def _means(column: InstrumentedAttribute[str], word: str, words: Mapping[str, str]) -> ColumnElement[bool]:
    """Whether the code in the column is shown with that word."""
    codes = [code for code, shown in words.items() if word.lower() in shown.lower()]
    return column.in_(codes) if codes else false()


def _told(mark: Mark, secrets: list[str], words: Collection[str]) -> Mark | None:
    """The mark without the names that are secret yet; None when it was found by one."""
    note = struck_out(mark.note, secrets)
    if any(word.lower() in mark.note.lower() and word.lower() not in note.lower() for word in words):
        return None
    return replace(mark, note=note)
