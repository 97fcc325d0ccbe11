"""The one table of pages: file, icon, address, group, and who may open it."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.i18n import t
from domain.vocabulary import Role

_FOLDER = Path(__file__).parent.parent / "pages"
_EVERYBODY = frozenset(Role)
_ON_THE_FLOOR = frozenset({Role.STAFF, Role.ADMINISTRATOR})
_SUPERVISING = frozenset({Role.INSPECTOR, Role.SUPERVISOR})


@dataclass(frozen=True)
class Entry:
    """A page. `name` is its file in pages/ and its text key nav.<name>."""

    name: str
    icon: str
    url_path: str
    group: str = ""
    roles: frozenset[Role] = _EVERYBODY
    hidden: bool = False
    """Reached from a row of another page, not from the navigation."""
    has_period: bool = False
    """Its figures follow the period filter."""

    def page_for(self, role: Role) -> st.Page:
        """What Streamlit's navigation takes: the page, or for a role that may not open it a plain refusal."""
        return st.Page(
            _FOLDER / f"{self.name}.py" if role in self.roles else _refuse,
            title=t(f"nav.{self.name}"),
            icon=f":material/{self.icon}:",
            url_path=self.url_path,
            default=not self.url_path,
        )


def _refuse() -> None:
    st.title(t("access.not_allowed"), anchor=False)
    st.info(t("access.not_allowed_help"), icon=":material/lock:")


PAGES = (
    Entry("overview", "monitoring", "", has_period=True),
    Entry("live", "videocam", "live", "watch"),
    Entry("footage", "history", "footage", "watch"),
    Entry("evidence", "inventory_2", "evidence", "watch", roles=_SUPERVISING),
    Entry("off_site", "video_camera_front", "off-site", "watch", roles=_ON_THE_FLOOR),
    Entry("talk_back", "record_voice_over", "talk-back", "watch", roles=_ON_THE_FLOOR | {Role.INSPECTOR}),
    Entry("health", "monitor_heart", "health", "watch"),
    Entry("openings", "gavel", "openings", "business", has_period=True),
    Entry("opening", "gavel", "opening", "business", hidden=True, has_period=True),
    Entry("trading", "bar_chart", "trading", "business", has_period=True),
    Entry("penalties", "person_alert", "penalties", "business", has_period=True),
    Entry("penalty", "person_alert", "penalty", "business", hidden=True, has_period=True),
    Entry("enterprises", "domain", "enterprises", "business", has_period=True),
    Entry(
        "import_data", "upload_file", "import", "data", roles=frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
    ),
    Entry("cameras", "add_a_photo", "cameras", "system", roles=frozenset({Role.ADMINISTRATOR, Role.STAFF})),
)


def pages_for(role: Role) -> list[Entry]:
    """The pages that a role may open. What is not in here cannot be reached."""
    return [entry for entry in PAGES if role in entry.roles]


def file_of(name: str) -> str:
    """The page's file, for links within the app."""
    return str(_FOLDER / f"{name}.py")


def entry_of(name: str) -> Entry:
    """The page of a name.

    Raises:
        StopIteration: there is none.
    """
    return next(entry for entry in PAGES if entry.name == name)
