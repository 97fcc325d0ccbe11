"""The pass that the web process gives with each request to the gateway on behalf of a viewer.

It is signed with the key that both share and good for one request only: this method, this path (camera,
stream and connection stand in it), this web session, for a minute. So a pass that leaks opens nothing else.
"""

from itsdangerous import BadData, URLSafeTimedSerializer

_GOOD_FOR = 60  # seconds


class WrongToken(Exception):
    """Not signed with this key, too old, or made for another request."""


def made(key: str, method: str, path: str, web_session: str) -> str:
    """The pass for one request; `path` with its query, `web_session` names the signed-in browser."""
    token = _signer(key).dumps([method, path, web_session])
    return token if isinstance(token, str) else token.decode()


def web_session_of(token: str, key: str, method: str, path: str) -> str:
    """The web session that the request is made for.

    Raises:
        WrongToken: the pass is not good for this request.
    """
    try:
        its_method, its_path, web_session = _signer(key).loads(token, max_age=_GOOD_FOR)
    except (BadData, ValueError, TypeError) as error:
        raise WrongToken(str(error)) from error
    if (its_method, its_path) != (method, path):
        raise WrongToken(f"made for {its_method} {its_path}")
    return str(web_session)


def _signer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="viewer of the gateway")
