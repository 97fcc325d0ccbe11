"""The one table of pages: file, icon, address, group, and who may open it."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.i18n import t
from domain.vocabulary import Role

_FOLDER = Path(__file__).parent.parent / "pages"
_EVERYBODY = frozenset(Role)


@dataclass(frozen=True)
class Entry:
    """A page. `name` is its file in pages/ and its text key nav.<name>."""

    name: str
    icon: str
    url_path: str
    group: str = ""
    roles: frozenset[Role] = _EVERYBODY
    hidden: bool = False

    def page(self) -> st.Page:
        """What Streamlit's navigation takes."""
        return st.Page(
            _FOLDER / f"{self.name}.py",
            title=t(f"nav.{self.name}"),
            icon=f":material/{self.icon}:",
            url_path=self.url_path,
            default=not self.url_path,
            visibility="hidden" if self.hidden else "visible",
        )


PAGES = (
    Entry("overview", "monitoring", ""),
    Entry("live", "videocam", "live", "watch"),
    Entry("footage", "history", "footage", "watch"),
    Entry("openings", "gavel", "openings", "business"),
    Entry("opening", "gavel", "opening", "business", hidden=True),
    Entry("trading", "bar_chart", "trading", "business"),
    Entry("penalties", "person_alert", "penalties", "business"),
    Entry("penalty", "person_alert", "penalty", "business", hidden=True),
    Entry("enterprises", "domain", "enterprises", "business"),
    Entry(
        "import_data", "upload_file", "import", "data", roles=frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
    ),
)


def pages_for(role: Role) -> dict[str, list[st.Page]]:
    """The pages a role may open, by group heading. A page that is not in here cannot be reached."""
    groups: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        if role in entry.roles:
            groups.setdefault(t(f"nav.{entry.group}") if entry.group else "", []).append(entry.page())
    return groups


def file_of(name: str) -> str:
    """The page's file, for `st.switch_page` and `st.page_link`."""
    return str(_FOLDER / f"{name}.py")
