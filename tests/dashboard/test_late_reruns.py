from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.late_reruns import NoLateReruns

LIVE, FOOTAGE, HEALTH = "hash-of-live", "hash-of-footage", "hash-of-health"


def rerun(page: str, fragment: str = "") -> bytes:
    message = BackMsg()
    message.rerun_script.page_script_hash = page
    message.rerun_script.fragment_id = fragment
    return bytes(message.SerializeToString())


def shows(page: str) -> bytes:
    message = ForwardMsg()
    message.navigation.page_script_hash = page
    return bytes(message.SerializeToString())


async def parrot(scope: Scope, receive: Receive, send: Send) -> None:
    """Says in turn what it has heard; after a full rerun also which page it shows."""
    await receive()
    await send({"type": "websocket.accept"})
    while (heard := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": b"" if heard.get("bytes") is None else heard["bytes"]})


class Talk:
    """A browser's side of the websocket."""

    def __init__(self, socket: WebSocketTestSession) -> None:
        self._socket = socket

    def arrives(self, data: bytes) -> bool:
        self._socket.send_bytes(data)
        self._socket.send_bytes(b"?")  # no message of Streamlit's: it always comes through
        heard = self._socket.receive_bytes()
        return heard == data and self._socket.receive_bytes() == b"?"


@pytest.fixture
def browser() -> Iterator[Talk]:
    with TestClient(NoLateReruns(parrot)).websocket_connect("/_stcore/stream") as socket:
        yield Talk(socket)


def test_a_fragment_of_the_page_that_is_shown_is_run(browser: Talk) -> None:
    assert browser.arrives(rerun(""))  # the first message: the page goes by its address
    assert browser.arrives(rerun(LIVE, "wall"))
    assert browser.arrives(rerun(FOOTAGE))
    assert browser.arrives(rerun(FOOTAGE, "player"))


def test_a_fragment_of_the_page_just_left_is_not_run(browser: Talk) -> None:
    assert browser.arrives(rerun(""))
    assert browser.arrives(rerun(FOOTAGE))
    assert not browser.arrives(rerun(LIVE, "talk-back"))
    assert browser.arrives(rerun(FOOTAGE, "player"))


def test_whoever_comes_back_to_a_page_has_its_fragments_again(browser: Talk) -> None:
    assert browser.arrives(rerun(LIVE))
    assert browser.arrives(rerun(FOOTAGE))
    assert browser.arrives(rerun(LIVE))
    assert browser.arrives(rerun(LIVE, "talk-back"))


def test_a_page_that_the_server_itself_has_turned_to_is_the_one_shown(browser: Talk) -> None:
    assert browser.arrives(rerun(LIVE))
    assert browser.arrives(shows(HEALTH))  # the parrot says it as the server would
    assert browser.arrives(rerun(HEALTH, "board"))
    assert not browser.arrives(rerun(LIVE, "wall"))


def test_what_is_no_message_of_streamlits_passes(browser: Talk) -> None:
    assert browser.arrives(b"\xff\xff\xff")
