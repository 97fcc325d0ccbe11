"""Requests as an attacker writes them: straight to the application, without a client that mends them."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def asked(
    app: ASGIApp, path: str, query: bytes = b"", headers: Mapping[str, bytes] | None = None
) -> Answer:
    """The answer to a GET; whatever the application raises is raised here."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "query_string": query,
        "root_path": "",
        "headers": [(name.encode(), value) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8501),
        "state": {},
    }
    messages: list[Message] = []

    unread = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if not unread:
            await asyncio.Event().wait()  # nobody hangs up
        return unread.pop()

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start = next(one for one in messages if one["type"] == "http.response.start")
    body = b"".join(one.get("body", b"") for one in messages if one["type"] == "http.response.body")
    told = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], told, body)
