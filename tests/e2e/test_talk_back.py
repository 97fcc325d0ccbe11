"""Talk-back in real browsers: the sign on both sides, real sound from microphone to room, and its end."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from data_access.embedded_postgres import socket_url
from data_access.models import AuditEntry, Room
from tests.e2e.fake_devices import opening_on, person, with_devices
from tests.installation import Installation, until

ROOM = "开标三室"

# The frame of the connection is not ours: its connections are kept, so that their figures can be read.
KEEP = """window.kept = [];
const Made = RTCPeerConnection;
window.RTCPeerConnection = class extends Made {
  constructor(...given) { super(...given); window.kept.push(this); }
};"""
ENERGY = """async () => {
  let energy = 0;
  for (const one of window.kept ?? [])
    for (const figures of (await one.getStats()).values())
      if (figures.type === "inbound-rtp" && figures.kind === "audio") energy += figures.totalAudioEnergy;
  return energy;
}"""


@dataclass
class Floor:
    """A session in a room without a camera, the page in the room and an inspector's."""

    engine: Engine
    devices: Browser
    room: Page
    inspector: Page

    @property
    def sign(self) -> Locator:
        return self.room.locator(".talk")

    @property
    def button(self) -> Locator:
        return self.inspector.locator(".talk")

    def heard(self) -> float:
        """The energy of all that the room has heard so far."""
        return sum(float(frame.evaluate(ENERGY)) for frame in self.room.frames if "component" in frame.url)

    def noted(self) -> list[AuditEntry]:
        """The talks in the audit log."""
        chosen = select(AuditEntry).where(AuditEntry.action.like("talk_back_%")).order_by(AuditEntry.id)
        with Session(self.engine) as session:
            return list(session.scalars(chosen))

    def talk(self) -> None:
        """Presses the button and waits until the room sees it."""
        self.inspector.get_by_role("button", name="对讲", exact=True).click()
        expect(self.button).to_have_attribute("data-state", "talking", timeout=40_000)
        expect(self.sign).to_have_attribute("data-state", "speaking", timeout=10_000)


@pytest.fixture
def floor(app: Installation, browser: Browser) -> Iterator[Floor]:
    engine = create_engine(socket_url(app.home / "postgres"))
    with Session(engine) as session:
        room_id = session.scalar(select(Room.id).where(Room.name == ROOM))
    with opening_on(engine, room_id=room_id) as held_id, with_devices(browser) as devices:
        in_room = person(devices)
        in_room.add_init_script(KEEP)
        made = Floor(engine, devices, in_room.new_page(), person(devices).new_page())
        app.sign_in(made.inspector, "inspector", f"/live?session={held_id}")
        expect(made.button).to_have_attribute("data-state", "closed", timeout=30_000)
        app.sign_in(made.room, "staff", f"/talk-back?room={room_id}")
        made.room.get_by_role("button", name="开启对讲").click()
        expect(made.sign).to_have_attribute("data-state", "waiting", timeout=40_000)
        expect(made.button).to_have_attribute("data-state", "ready", timeout=10_000)
        yield made
    engine.dispose()


def test_an_inspector_speaks_to_a_room_and_both_sides_see_it(floor: Floor, app: Installation) -> None:
    silence, before = floor.heard(), len(floor.noted())
    assert silence < 0.01
    floor.talk()
    expect(floor.button).to_contain_text(f"正在对 {ROOM} 讲话")
    expect(floor.sign).to_contain_text("纪检监察员 正在讲话")
    until(lambda: floor.heard() > silence + 0.2, 20, "the microphone's tone arrives in the room")
    other = person(floor.devices).new_page()
    app.sign_in(other, "inspector", floor.inspector.url.removeprefix(app.url))
    expect(other.locator(".talk")).to_have_attribute("data-state", "busy", timeout=30_000)
    expect(other.locator(".talk")).to_contain_text("纪检监察员 正在对")
    expect(other.get_by_role("button", name="对讲", exact=True)).to_be_disabled()
    other.close()
    floor.inspector.get_by_role("button", name="结束对讲").click()
    expect(floor.sign).to_have_attribute("data-state", "waiting", timeout=10_000)
    until(lambda: len(floor.noted()) >= before + 2, 10, "begin and end are noted")
    began, ended = floor.noted()[before:]
    assert (began.action, began.actor, began.subject) == ("talk_back_begin", "inspector", ROOM)
    assert (ended.action, ended.subject) == ("talk_back_end", ROOM)
    seconds = ended.detail["seconds"]
    assert isinstance(seconds, int)
    assert abs(seconds - (ended.at - began.at).total_seconds()) < 2


def test_a_talk_begins_anew_at_once_and_ends_when_the_inspector_leaves(floor: Floor) -> None:
    before = len(floor.noted())
    for _ in range(3):  # at once: what was asked about the talk before is answered into the next one
        floor.talk()
        floor.inspector.get_by_role("button", name="结束对讲").click()
    floor.talk()
    floor.inspector.goto("about:blank")
    expect(floor.sign).to_have_attribute("data-state", "waiting", timeout=10_000)
    until(lambda: len(floor.noted()) >= before + 8, 10, "the end of the last talk is noted")
