"""Packages to take along, and what anybody needs to check one.

GET /evidence/{id}.zip         the package, for whom it is
GET /evidence/public-key.pem   open to all: what the installation's signatures are checked with
GET /evidence/verify.html      open to all: the page that checks a package, also without a network
"""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from dashboard.access import address_of, viewer_of
from dashboard.evidence_actions import person_of, take
from data_access.settings import settings
from media.evidence.verify_page import verify_page
from media.signing import UnusableKey, public_key_pem

_HIGHEST_ID = 2**31 - 1
_NOTED_FOR, _NOTED_KEPT = timedelta(minutes=10), 1000
_noted: OrderedDict[tuple[int, int], datetime] = OrderedDict()


async def package(request: Request) -> Response:
    """The zip or a range of it; taking it leaves an audit entry, once for a download in ranges."""
    person = person_of(viewer_of(request.scope), address=address_of(request.scope))
    package_id: int = request.path_params["package_id"]
    if package_id > _HIGHEST_ID:
        return _not_there()
    noted = request.method == "GET" and _is_new(person.account_id, package_id, request)
    found = await to_thread.run_sync(lambda: take(person, package_id, noted=noted))
    if found is None:
        return _not_there()
    if not found.path:
        return _plain(409, "证据包尚未制成 / the package is not built yet")
    file = settings().exports_folder / found.path
    if not await to_thread.run_sync(file.is_file):
        return _plain(
            410, "证据包文件缺失，请联系系统管理员 / the package's file is missing; ask the administrator"
        )
    headers = {"cache-control": "private, no-cache"}
    return FileResponse(file, headers=headers, media_type="application/zip", filename=f"{found.number}.zip")


def _is_new(account_id: int, package_id: int, request: Request) -> bool:
    """Whether to note it: always from the beginning, a later range only if there was none lately."""
    key, now = (account_id, package_id), datetime.now(UTC)
    noted_at, begins = _noted.get(key), request.headers.get("range", "bytes=0-").startswith("bytes=0-")
    if not begins and noted_at and now - noted_at < _NOTED_FOR:
        return False
    _noted[key] = now
    while len(_noted) > _NOTED_KEPT:
        _noted.popitem(last=False)
    return True


async def key(_request: Request) -> Response:
    """The installation's public key."""
    try:
        pem = await to_thread.run_sync(public_key_pem)
    except UnusableKey as unusable:
        return _plain(503, str(unusable))
    return PlainTextResponse(pem, media_type="application/x-pem-file")


async def page(request: Request) -> Response:
    """The page that checks packages; with `?download=1` as a file."""
    headers = {"cache-control": "no-cache"}
    if request.query_params.get("download") == "1":
        headers["content-disposition"] = 'attachment; filename="verify.html"'
    return Response(verify_page(), media_type="text/html", headers=headers)


def _not_there() -> Response:
    # The same for what is not there and what is not for this person.
    return _plain(404, "没有这个证据包，或您无权下载 / there is no such package for you")


def _plain(status: int, why: str) -> Response:
    return PlainTextResponse(why, status, {"cache-control": "no-store"})


routes = [
    Route("/evidence/public-key.pem", key),
    Route("/evidence/verify.html", page),
    Route("/evidence/{package_id:int}.zip", package),
]
