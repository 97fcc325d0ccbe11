"""Who is looking, and the middleware that lets nobody anonymous in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote

import streamlit as st
from anyio import to_thread
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.i18n import t
from data_access import accounts
from data_access.engine import transaction
from data_access.settings import settings
from domain.vocabulary import Role, RoomType

# What is needed to check an evidence package is for everybody who is given one.
OPEN_PATHS = frozenset({"/sign-in", "/healthz", "/evidence/public-key.pem", "/evidence/verify.html"})

# The stream of a browser camera, for recorder and gateway: its route asks for the key in the camera's URL.
_STREAM = re.compile(r"/off-site/[0-9]+\.ts")
_LONGEST_PATH = 2000  # Python reads no number of more than 4300 digits: routing would fail there
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_FORWARDED = frozenset({b"x-forwarded-for", b"x-real-ip", b"forwarded", b"via"})

# 招标投标法 art. 38: evaluation is confidential, so its rooms are for approved inspectors only.
RESTRICTED_ROOMS = frozenset({RoomType.EVALUATION, RoomType.NEGOTIATION, RoomType.EXPERT_DRAW})


@dataclass(frozen=True)
class Viewer:
    """The signed-in person."""

    account_id: int
    name: str
    display_name: str
    role: Role


def cookie_name() -> str:
    """The session cookie's name; with the port, as browsers share cookies between the ports of a host."""
    prefix = "__Host-" if settings().https else ""
    return f"{prefix}mingjing-{settings().port}"


def may_watch(role: Role, room_type: str) -> bool:
    """True when the role may see live pictures and footage of such a room."""
    return role is Role.INSPECTOR or room_type not in RESTRICTED_ROOMS


def may_mark(role: Role, room_type: str) -> bool:
    """True when the role may mark what it sees in such a room, and see the marks of others.

    Those who supervise; not those who are supervised or who keep the system running.
    """
    return role in {Role.INSPECTOR, Role.SUPERVISOR} and may_watch(role, room_type)


def viewer_of(scope: Scope) -> Viewer:
    """The signed-in person of a request that has passed the middleware."""
    found: Viewer = scope["state"]["viewer"]
    return found


def viewer() -> Viewer:
    """The signed-in person of this script run.

    The session is looked up anew in every run: an open page of a signed-out or revoked account stops here.
    """
    found = _signed_in(st.context.cookies.get(cookie_name(), ""))
    if found is None:
        st.warning(t("access.session_ended"), icon=":material/lock:")
        st.link_button(t("access.sign_in_again"), "/sign-in", type="primary")
        st.stop()
    return found


def _signed_in(token: str) -> Viewer | None:
    if not token:
        return None
    with transaction() as session:
        account = accounts.signed_in(session, token, now=datetime.now(UTC))
    return Viewer(account.id, account.name, account.display_name, account.role) if account else None


def token_of(scope: Scope) -> str:
    """The session token that a request brings, or an empty text."""
    cookies: SimpleCookie = SimpleCookie()
    for name, value in _headers(scope):
        if name == b"cookie":
            try:
                cookies.load(value.decode("latin-1"))
            except CookieError:
                return ""
    found = cookies.get(cookie_name())
    return found.value if found else ""


def address_of(scope: Scope) -> str:
    """The network address that a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _headers(scope: Scope) -> Iterable[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = scope.get("headers", [])
    return headers


class SignedInOnly:
    """ASGI middleware: every http and websocket scope needs a signed-in session, but for a few open paths."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on with `scope["state"]["viewer"]`, or refuses it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if scope["type"] == "http" and len(scope["path"]) > _LONGEST_PATH:
            refusal = JSONResponse({"error": "地址过长 / the address is too long"}, status_code=414)
            await refusal(scope, receive, _with_security_headers(send))
            return
        if scope["type"] == "http" and (scope["path"] in OPEN_PATHS or _is_stream_for_workers(scope)):
            await self.app(scope, receive, _with_security_headers(send))
            return
        found = await to_thread.run_sync(_signed_in, token_of(scope))
        if found is None:
            await _refuse(scope, receive, send)
            return
        scope.setdefault("state", {})["viewer"] = found
        await self.app(scope, receive, _with_security_headers(send))


def _is_stream_for_workers(scope: Scope) -> bool:
    """A browser camera's stream, asked for with a key, by this machine itself and not through a proxy."""
    if not _STREAM.fullmatch(scope["path"]) or b"key=" not in scope["query_string"]:
        return False
    if any(name in _FORWARDED for name, _ in _headers(scope)):
        return False
    here, there = (scope.get("server") or ("",))[0], address_of(scope)
    return there in _LOOPBACK or (bool(there) and there == here)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()  # websocket.connect; closing before accepting answers 403
        await send({"type": "websocket.close", "code": 4401, "reason": "sign in first"})
        return
    await _refusal(scope)(scope, receive, _with_security_headers(send))


def _refusal(scope: Scope) -> Response:
    wants_page = any(name == b"accept" and b"text/html" in value for name, value in _headers(scope))
    if scope["method"] == "GET" and wants_page:
        query = scope["query_string"].decode("latin-1")
        wanted = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='')}", status_code=303)
    return JSONResponse({"error": "请先登录 / sign in first"}, status_code=401)


def _with_security_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers: list[tuple[bytes, bytes]] = list(message.get("headers", []))
            headers += [
                (b"x-content-type-options", b"nosniff"),
                (b"x-frame-options", b"SAMEORIGIN"),
                (b"referrer-policy", b"same-origin"),
            ]
            message = {**message, "headers": headers}
        await send(message)

    return sending


def set_cookie(response: Response, token: str) -> None:
    """Hands the browser its session token: unreadable for scripts, never sent by other sites."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=int(accounts.SESSION_LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings().https,
    )


def same_site(headers: Any) -> bool:
    """False for a form sent by another site (forged sign-in or sign-out)."""
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
