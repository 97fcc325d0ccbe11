"""What the web process asks of the server of live pictures: our gateway, or another WHEP server instead.

The gateway gets a signed pass with every request (media/viewer_token.py). Another server, MINGJING_WHEP_URL,
gets the user and password that stand in that address, if any, and nothing else gets them.
"""

from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth
from yarl import URL

from data_access.settings import settings
from media import viewer_token

_PATIENCE = ClientTimeout(total=12)  # the gateway waits up to 7 s for a camera's first picture
_CREATED = 201


class Refused(Exception):
    """The request ends here, with this status and a JSON body that says why."""

    def __init__(self, status: int, error: str, zh: str, en: str, reason: str | None = None) -> None:
        super().__init__(en)
        self.status = status
        self.body = {"error": error, "reason": reason, "zh": zh, "en": en}


@dataclass(frozen=True)
class Opened:
    """A connection that the server has made."""

    answer: bytes  # SDP
    upstream: str  # where the server keeps it; empty: it did not say
    transcoded: str | None  # why the picture is converted for browsers: codec, b_frames


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    url: URL
    location: str | None
    transcoded: str | None
    json: dict[str, str | None] | None


def uses_gateway() -> bool:
    """True when the pictures come from our own gateway."""
    return not settings().whep_url


async def connect(camera_id: int, stream: str, web_session: bytes, offer: bytes) -> Opened:
    """Makes a connection to the camera's `stream`, sub or main.

    Raises:
        Refused: the server does not answer, or does not want to; in its words when it is our gateway.
    """
    answer = await _ask("POST", _endpoint(camera_id, stream), web_session, offer)
    if answer.status != _CREATED:
        raise _refusal(answer)
    upstream = str(answer.url.join(URL(answer.location)).with_user(None)) if answer.location else ""
    return Opened(answer.body, upstream, answer.transcoded)


async def renew(upstream: str, web_session: bytes) -> bool:
    """Tells the gateway that the viewer may still watch; False when it knows the connection no longer.

    Another server is not told: WHEP has no such request; there the web process ends connections.

    Raises:
        Refused: the gateway does not answer.
    """
    if not _is_gateway(URL(upstream)):
        return True
    answer = await _ask("PATCH", URL(upstream), web_session)
    if answer.status in {401, 404}:
        return False
    if answer.status >= 400:
        raise _refusal(answer)
    return True


async def close(upstream: str, web_session: bytes) -> None:
    """Ends a connection; that it is over already is as good.

    Raises:
        Refused: the server does not answer.
    """
    if upstream:
        await _ask("DELETE", URL(upstream), web_session)


def _endpoint(camera_id: int, stream: str) -> URL:
    chosen = settings()
    if chosen.whep_url:
        return URL(chosen.whep_url.replace("{camera}", str(camera_id)).replace("{stream}", stream))
    port = chosen.gateway_port_of(camera_id)
    return URL(f"http://127.0.0.1:{port}/whep/{camera_id}?stream={stream}")


def _is_gateway(url: URL) -> bool:
    return url.host == "127.0.0.1" and url.port in settings().gateway_ports and uses_gateway()


def _authorization(method: str, url: URL, web_session: bytes) -> dict[str, str]:
    chosen = settings()
    if _is_gateway(url):
        token = viewer_token.made(chosen.gateway_key(), method, url.path_qs, web_session.hex())
        return {"Authorization": f"Bearer {token}"}
    other = URL(chosen.whep_url)
    if other.user is None or other.origin() != url.origin():
        return {}
    return {"Authorization": encode_basic_auth(other.user, other.password or "")}


async def _ask(method: str, url: URL, web_session: bytes, body: bytes | None = None) -> _Answer:
    headers = _authorization(method, url, web_session)
    if body is not None:
        headers["Content-Type"] = "application/sdp"
    try:
        async with (
            ClientSession(timeout=_PATIENCE) as http,
            http.request(method, url.with_user(None), data=body, headers=headers) as answer,
        ):
            return _Answer(
                answer.status,
                await answer.read(),
                answer.url,
                answer.headers.get("Location"),
                answer.headers.get("Mingjing-Transcoded"),
                await answer.json() if answer.content_type == "application/json" else None,
            )
    except (ClientError, TimeoutError, ValueError) as error:
        raise Refused(
            503, "no_gateway", "实时视频服务无应答，正在恢复", "the live video service does not answer"
        ) from error


def _refusal(answer: _Answer) -> Refused:
    told = answer.json or {}
    if _is_gateway(answer.url) and told.get("error") and answer.status != 401:
        return Refused(
            answer.status,
            str(told["error"]),
            str(told.get("zh")),
            str(told.get("en")),
            told.get("reason"),
        )
    if answer.status == 404:
        return Refused(
            404,
            "unknown_camera",
            "媒体服务器上没有这一路画面，请联系管理员",
            "the media server has no picture of this camera; tell the administrator",
        )
    return Refused(
        502,
        "refused",
        f"媒体服务器拒绝了播放请求（{answer.status}），请联系管理员",
        f"the media server refused ({answer.status}); tell the administrator",
    )
