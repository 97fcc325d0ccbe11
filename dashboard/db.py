"""How pages read: one cached call to a query of `data_access`."""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st
from sqlalchemy.orm import Session

from data_access.engine import engine

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def read(
    query: Callable[Concatenate[Session, Arguments], Result],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result:
    """Runs `query(session, ...)` in a read-only transaction; the answer is shared for 15 s.

    The cache is shared by all viewers, so whatever a viewer may see must be an argument of the query.
    """
    return _cached(f"{query.__module__}.{query.__qualname__}", query, args, tuple(sorted(kwargs.items())))  # type: ignore[no-any-return]


@st.cache_data(ttl=15, max_entries=500, show_spinner=False)
def _cached(name: str, _query: Callable[..., Any], args: tuple[Any, ...], kwargs: tuple[Any, ...]) -> Any:
    return read_fresh(_query, *args, **dict(kwargs))


def read_fresh(
    query: Callable[Concatenate[Session, Arguments], Result],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result:
    """Like `read`, never cached: for what is on now and for what follows a change."""
    with Session(engine()) as session:
        session.connection(execution_options={"postgresql_readonly": True})
        return query(session, *args, **kwargs)
