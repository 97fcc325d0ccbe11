"""Whether the installation is well: open to all, names only, no detail."""

import asyncio
from datetime import UTC, datetime, timedelta

import aiohttp
from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from data_access.embedded_postgres import NotRunning
from data_access.engine import transaction
from data_access.models import WorkerHeartbeat
from data_access.settings import settings

HEARTBEAT_LIMIT = timedelta(seconds=10)


async def healthz(_request: Request) -> JSONResponse:
    """200 `{"status": "ok"}` when web, database, recorder and gateway are well, else 503 with their names."""
    unwell_workers, gateway_is_well = await asyncio.gather(
        to_thread.run_sync(unwell_in_database), _gateways_are_well()
    )
    unwell = [*unwell_workers, *([] if gateway_is_well else ["gateway"])]
    if unwell:
        return JSONResponse({"status": "unwell", "unwell": unwell}, status_code=503)
    return JSONResponse({"status": "ok"})


def unwell_in_database() -> list[str]:
    """Names `database` when it does not answer, `recorder` when its heartbeat is not fresh."""
    try:
        with transaction() as session:
            seen = session.scalar(select(WorkerHeartbeat.seen_at).where(WorkerHeartbeat.worker == "recorder"))
    except (SQLAlchemyError, NotRunning):
        return ["database"]
    return [] if seen is not None and datetime.now(UTC) - seen < HEARTBEAT_LIMIT else ["recorder"]


async def _gateways_are_well() -> bool:
    """Every gateway process answers; with another WHEP server there is none."""
    if settings().whep_url:
        return True
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
            for port in settings().gateway_ports:
                async with client.get(f"http://127.0.0.1:{port}/healthz") as answer:
                    if answer.status != 200:
                        return False
    except (aiohttp.ClientError, TimeoutError):
        return False
    return True


routes = [Route("/healthz", healthz)]
