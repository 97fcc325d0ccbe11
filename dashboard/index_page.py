"""The page that every address of the app starts from: Streamlit's own, under the product's name.

Streamlit's page looks for its server below the page's own path first, which costs two failing requests;
told where the server is, it connects at once.
"""

from functools import lru_cache
from pathlib import Path

import streamlit
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from dashboard.i18n import DEFAULT_LANGUAGE, texts
from dashboard.navigation import PAGES

_SERVER_IS_HERE = "<script>window.__streamlit = { BACKEND_BASE_URL: window.location.origin }</script>"


@lru_cache(maxsize=1)
def index_html() -> str:
    """Streamlit's index page with the product's name, its language and the address of its server.

    Raises:
        ValueError: the installed Streamlit's page has changed its form.
    """
    html = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    changes = {
        '<html lang="en">': '<html lang="zh-CN">',
        "<title>Streamlit</title>": f"<title>{texts(DEFAULT_LANGUAGE)['app.name']}</title>{_SERVER_IS_HERE}",
    }
    for old, new in changes.items():
        if old not in html:
            raise ValueError(f"streamlit's index.html has no {old} any more: see dashboard/index_page.py")
        html = html.replace(old, new)
    return html


async def show(_request: Request) -> HTMLResponse:
    """The index page; never kept, as it names the script files of the installed version."""
    return HTMLResponse(index_html(), headers={"cache-control": "no-cache"})


routes = [Route(f"/{entry.url_path}", show) for entry in PAGES]
