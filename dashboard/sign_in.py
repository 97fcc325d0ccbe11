"""Signing in and out: plain forms, before any Streamlit page is served."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.access import address_of, cookie_name, same_site, set_cookie, token_of
from dashboard.i18n import DEFAULT_LANGUAGE, LANGUAGES, texts
from data_access import accounts, audit
from data_access.engine import transaction

_PAGE = Template((Path(__file__).parent / "sign_in.html").read_text(encoding="utf-8"))


async def show(request: Request) -> Response:
    """The sign-in page; whoever is signed in already goes on."""
    if await to_thread.run_sync(_is_signed_in, token_of(request.scope)):
        return RedirectResponse(_own_path(request.query_params.get("next", "")), status_code=303)
    return _page(request)


async def sign_in(request: Request) -> Response:
    """Checks name and password, and hands out the session cookie."""
    form = await request.form()
    name, password = str(form.get("name", "")).strip(), str(form.get("password", ""))
    if not same_site(request.headers):
        return _page(request, problem="sign_in.wrong", status=403)
    token, problem = await to_thread.run_sync(_try, name, password, address_of(request.scope))
    if token is None:
        return _page(request, problem=problem, name=name, status=401 if problem == "sign_in.wrong" else 429)
    response = RedirectResponse(_own_path(request.query_params.get("next", "")), status_code=303)
    set_cookie(response, token)
    return response


async def sign_out(request: Request) -> Response:
    """Ends the session at once, in every tab of this browser."""
    if same_site(request.headers):
        await to_thread.run_sync(_end, token_of(request.scope), address_of(request.scope))
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(cookie_name(), path="/")
    return response


def _try(name: str, password: str, address: str) -> tuple[str | None, str]:
    """The new session's token, or None and the text key of the reason."""
    now = datetime.now(UTC)
    with transaction() as session:
        if accounts.is_locked(session, name, now=now):
            return None, "sign_in.locked"
        account = accounts.with_password(session, name, password)
        if account is None:
            accounts.note_failure(session, name, address, now=now)
            audit.record(session, actor=name, action="sign_in_failed", subject=name, address=address)
            return None, "sign_in.wrong"
        audit.record(session, actor=account.name, action="sign_in", subject=account.name, address=address)
        return accounts.open_session(session, account.id, address, now=now), ""


def _is_signed_in(token: str) -> bool:
    with transaction() as session:
        return bool(token) and accounts.signed_in(session, token, now=datetime.now(UTC)) is not None


def _end(token: str, address: str) -> None:
    with transaction() as session:
        account = accounts.signed_in(session, token, now=datetime.now(UTC))
        if account is not None:
            audit.record(
                session, actor=account.name, action="sign_out", subject=account.name, address=address
            )
        accounts.close_session(session, token)


def _own_path(wanted: str) -> str:
    """`wanted` when it is a path of this site, else the first page: no redirect leads elsewhere."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_path and not wanted.startswith("/sign-") else "/"


def _page(request: Request, *, problem: str = "", name: str = "", status: int = 200) -> Response:
    chosen = request.query_params.get("lang", DEFAULT_LANGUAGE)
    language = chosen if chosen in LANGUAGES else DEFAULT_LANGUAGE
    words = texts(language)
    other = next(code for code in LANGUAGES if code != language)
    fields = {
        key.replace(".", "_"): escape(text) for key, text in words.items() if key.startswith("sign_in.")
    }
    page = _PAGE.substitute(
        fields,
        language="zh-CN" if language == "zh" else language,
        product=escape(words["app.name"]),
        name=escape(name, quote=True),
        problem=f'<p class="problem" role="alert">{escape(words[problem])}</p>' if problem else "",
        other_url=escape(urlencode({**request.query_params, "lang": other}), quote=True),
        other_language=escape(LANGUAGES[other]),
    )
    return HTMLResponse(page, status_code=status, headers={"cache-control": "no-store"})


routes = [
    Route("/sign-in", show, methods=["GET"]),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["GET", "POST"]),
]
