"""What is going to be written: rows with stable keys, and values that hold from an instant on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from data_access.models import Base
from domain.vocabulary import ParticipantRole

Values = dict[str, object]


class Person(TypedDict):
    """A participant of a session."""

    role: ParticipantRole
    name: str
    remote: bool


class Event(TypedDict):
    """Something noted while a session ran."""

    at: datetime
    kind: str
    actor: str
    note: str


@dataclass
class Planned:
    """One row of a table that has a source key."""

    table: type[Base]
    key: str
    at: datetime
    """From when the row exists."""
    values: Values
    refs: dict[str, tuple[type[Base], str]] = field(default_factory=dict)
    """Column of a foreign key -> the table and key it points to."""
    later: list[tuple[datetime, Values]] = field(default_factory=list)
    """Values that replace the first ones from an instant on."""

    def as_of(self, instant: datetime) -> Values | None:
        """The row as it stood right before an instant; None when it did not exist yet."""
        if self.at >= instant:
            return None
        values = {"source_system": SOURCE_SYSTEM, "source_key": self.key} | self.values
        for since, changed in self.later:
            if since < instant:
                values |= changed
        return values


@dataclass
class PlannedSession(Planned):
    """A session with what hangs on it."""

    minutes: int = 0
    bidders: int = 0
    lots: list[str] = field(default_factory=list)
    participants: list[Person] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


SOURCE_SYSTEM = "demo"


@dataclass
class Plan:
    """All rows in the order in which they can be written."""

    rows: list[Planned] = field(default_factory=list)

    def add(self, row: Planned) -> Planned:
        """Notes the row and hands it back."""
        self.rows.append(row)
        return row

    def of(self, table: type[Base]) -> Iterator[Planned]:
        """The rows of one table."""
        return (row for row in self.rows if row.table is table)
