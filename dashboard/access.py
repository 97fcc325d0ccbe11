"""Who is looking: sign-in, session cookie and the middleware that lets nobody anonymous in."""

from dataclasses import dataclass

from domain.vocabulary import Role


@dataclass(frozen=True)
class Viewer:
    """The signed-in person."""

    account_id: int
    name: str
    display_name: str
    role: Role


def viewer() -> Viewer:
    """The signed-in person of this script run; stops the script when the session has ended."""
    raise NotImplementedError
