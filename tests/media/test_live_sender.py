"""What a viewer is sent: counted, repeated when it was lost, in as few system calls as may be."""

import asyncio
import errno
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiortc.rtp import RtpPacket, unwrap_rtx

from media import live_sender
from media.live_sender import _Packets, _ReadySender, _runs, _Turns, _Wire
from tests.event_loop import in_loop
from tests.media.camera_clip import make_clip
from tests.media.watching import camera_at, running_gateway, until, watcher


def packets(extension: bytes = b"") -> _Packets:
    return _Packets(101, 4711, extension, marks_ends=True)


def test_the_packets_of_a_picture_follow_each_other_and_the_last_is_marked() -> None:
    made = packets()
    sent = [RtpPacket.parse(data) for data in [*made.of([b"a", b"b", b"c"], 90), *made.of([b"d"], 180)]]
    first = sent[0].sequence_number
    assert [packet.sequence_number - first for packet in sent] == [0, 1, 2, 3]
    assert [packet.marker for packet in sent] == [0, 0, 1, 1]
    assert [packet.timestamp for packet in sent] == [90, 90, 90, 180]
    assert {(packet.payload_type, packet.ssrc) for packet in sent} == {(101, 4711)}


def test_the_count_goes_on_at_its_end() -> None:
    made = packets()
    made._number = 0xFFFF
    numbers = [RtpPacket.parse(data).sequence_number for data in made.of([b"a", b"b"], 0)]
    assert numbers == [0xFFFF, 0]


def test_a_lost_packet_is_sent_again_in_its_own_stream() -> None:
    made = packets()
    lost = [RtpPacket.parse(data) for data in made.of([b"a", b"b"], 90)][1]
    again = made.again(lost.sequence_number, 102, 4712, 7)
    assert again is not None
    repeated = RtpPacket.parse(again)
    assert (repeated.payload_type, repeated.ssrc, repeated.sequence_number) == (102, 4712, 7)
    found = unwrap_rtx(repeated, 101, 4711)
    assert (found.sequence_number, found.payload, found.marker) == (lost.sequence_number, b"b", 1)


def test_without_a_stream_for_it_the_same_packet_goes_again() -> None:
    made = packets()
    (data,) = made.of([b"a"], 90)
    assert made.again(RtpPacket.parse(data).sequence_number, None, 0, 0) == data


def test_what_was_lost_long_ago_is_gone() -> None:
    made = packets()
    numbers = [RtpPacket.parse(data).sequence_number for data in made.of([b"a"] * 600, 90)]
    assert made.again(numbers[0], None, 0, 0) is None
    assert made.again(numbers[-500], None, 0, 0) is not None


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [
        ([], []),
        ([5], [[5]]),
        ([5, 5, 3], [[5, 5, 3]]),
        ([3, 5, 5, 2, 5], [[3], [5, 5, 2], [5]]),
        ([5] * 41, [[5] * 40, [5]]),
    ],
)
def test_datagrams_of_one_size_go_together(sizes: list[int], runs: list[list[int]]) -> None:
    assert [list(map(len, run)) for run in _runs([bytes(size) for size in sizes])] == runs


class Line:
    """A transport over a real socket, which the system may refuse to send many datagrams at once."""

    def __init__(self, refuses: bool) -> None:
        self.other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.other.bind(("127.0.0.1", 0))
        self.other.settimeout(5)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._refuses = refuses
        self.calls = 0
        self._sock = self

    def sendmsg(self, *arguments: Any) -> None:
        self.calls += 1
        if self._refuses:
            raise OSError(errno.EIO, "no segmentation here")
        self._socket.sendmsg(*arguments)

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self.calls += 1
        self._socket.sendto(data, address)


@pytest.mark.parametrize(("refuses", "calls"), [(False, 2), (True, 10)], ids=["together", "one by one"])
def test_every_datagram_arrives_whether_or_not_the_system_takes_many(refuses: bool, calls: int) -> None:
    line, wire = Line(refuses), _Wire()
    datagrams = [bytes([number]) * 100 for number in range(4)] + [b"end"]
    for _ in range(2):
        wire.send(cast("asyncio.DatagramTransport", line), datagrams, line.other.getsockname())
        assert [line.other.recv(2000) for _ in datagrams] == datagrams
    assert line.calls == calls + refuses  # refused once, not asked again


@in_loop
async def test_many_that_send_at_once_leave_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty viewers get a key picture: others' work is done between them, and each has one turn."""
    now = 0.0
    monkeypatch.setattr(live_sender, "time", SimpleNamespace(monotonic=lambda: now))
    turns, done, rounds = _Turns(), list[int](), 0

    async def send(number: int) -> None:
        nonlocal now
        await turns.take()
        now += 0.001
        done.append(number)

    async def others() -> None:
        nonlocal rounds
        while len(done) < 40:
            rounds += 1
            before = len(done)
            await asyncio.sleep(0)
            assert len(done) - before <= 4

    await asyncio.gather(others(), *(send(number) for number in range(40)))
    assert sorted(done) == list(range(40))
    assert rounds >= 10


@in_loop
async def test_a_viewer_gets_what_was_lost_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every tenth packet is lost; the viewer asks for it again, and sees every picture."""
    send, count = _Wire.send, 0

    def lossy(self: _Wire, transport: Any, datagrams: list[bytes], address: tuple[str, int]) -> None:
        nonlocal count
        kept = []
        for datagram in datagrams:
            count += 1
            if len(datagrams) == 1 or count % 10:
                kept.append(datagram)
        send(self, transport, kept, address)

    asked: list[int] = []
    retransmit = _ReadySender._retransmit

    async def remembered(self: _ReadySender, number: int) -> None:
        asked.append(number)
        await retransmit(self, number)

    monkeypatch.setattr(_Wire, "send", lossy)
    monkeypatch.setattr(_ReadySender, "_retransmit", remembered)
    clip = make_clip(tmp_path / "clip.ts", 6, size=(960, 540), sound="")
    async with running_gateway(camera_at(str(clip))) as gateway, watcher() as viewer:
        await viewer.watch(gateway)
        await until(lambda: viewer.pictures > 60)
        assert asked
