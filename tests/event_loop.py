"""Async code in an event loop of its own, in a thread of its own.

In the main thread there may be another loop: playwright's, of the browser tests before.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def finished(work: Coroutine[Any, Any, Result], seconds: float = 120) -> Result:
    """What the work returns; fails with TimeoutError when it takes longer."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asyncio.wait_for(work, seconds))).result()


def in_loop(test: Callable[Arguments, Coroutine[object, object, None]]) -> Callable[Arguments, None]:
    """Makes an async test an ordinary one."""

    @functools.wraps(test)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        finished(test(*args, **kwargs))

    return run
