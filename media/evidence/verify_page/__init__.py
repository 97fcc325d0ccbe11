"""The page that checks a package in a browser, without a server and without a network: one HTML file."""

from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
_SCRIPTS = ("words", "zip", "layout", "check", "page")


@lru_cache(maxsize=1)
def verify_page() -> bytes:
    """The page, all in one."""
    script = "\n".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    page = (_HERE / "page.html").read_text(encoding="utf-8")
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    return page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script).encode()
