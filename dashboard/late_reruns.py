"""Keeps a page that was just left from clearing away the one that has taken its place."""

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Protobuf
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_MOST = 1 << 16  # bytes; the message that names the page shown is shorter, tables are longer


class NoLateReruns:
    """ASGI middleware: drops what fragments of a left page still ask for.

    A part of a page may tell Python something by itself: a connection's state, a timer's end. When it does so
    after a click on another page, before that one is there, Streamlit 1.67 runs the fragment after the new
    page and as one of the old: the browser then clears the new page away, and the screen stays empty.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on, but for late reruns of a websocket."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        page = ShownPage()

        async def receiving() -> Message:
            while True:
                message = await receive()
                if not (message.get("bytes") and page.left(message["bytes"])):
                    return message

        async def sending(message: Message) -> None:
            if message.get("bytes"):
                page.told(message["bytes"])
            await send(message)

        await self.app(scope, receiving, sending)


class ShownPage:
    """The page that a browser shows or has asked for, by the hash that Streamlit gives it."""

    def __init__(self) -> None:
        self._hash = ""  # not known yet

    def told(self, data: bytes) -> None:
        """Takes note of the page that the server says it runs."""
        message = ForwardMsg()
        if len(data) <= _MOST and _understood(message, data) and message.HasField("navigation"):
            self._hash = message.navigation.page_script_hash

    def left(self, data: bytes) -> bool:
        """Whether the browser asks to run a fragment of a page that it has left."""
        message = BackMsg()
        if not _understood(message, data):
            return False  # Streamlit answers it
        asked = message.rerun_script
        if asked.page_script_hash and asked.fragment_id:
            return self._hash not in {"", asked.page_script_hash}
        self._hash = asked.page_script_hash or self._hash
        return False


def _understood(message: Protobuf, data: bytes) -> bool:
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False
    return True
