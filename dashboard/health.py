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
WORKERS = ("recorder", "alerter", "keeper")


async def healthz(_request: Request) -> JSONResponse:
    """200 `{"status": "ok"}` when web, database, workers and gateway are well, else 503 with their names."""
    unwell_workers, unwell_gateways = await asyncio.gather(
        to_thread.run_sync(unwell_in_database), _unwell_gateways()
    )
    unwell = [*unwell_workers, *unwell_gateways]
    if unwell:
        return JSONResponse({"status": "unwell", "unwell": unwell}, status_code=503)
    return JSONResponse({"status": "ok"})


def unwell_in_database() -> list[str]:
    """Names `database` when it does not answer, and each worker whose heartbeat is not fresh."""
    fresh_since = datetime.now(UTC) - HEARTBEAT_LIMIT
    try:
        with transaction() as session:
            well = set(
                session.scalars(select(WorkerHeartbeat.worker).where(WorkerHeartbeat.seen_at > fresh_since))
            )
    except (SQLAlchemyError, NotRunning):
        return ["database"]
    return [worker for worker in WORKERS if worker not in well]


async def _unwell_gateways() -> list[str]:
    """Names each gateway process that does not answer; with another WHEP server there is none."""
    chosen = settings()
    ports = () if chosen.whep_url else chosen.gateway_ports
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
        answers = await asyncio.gather(*(_answers(client, port) for port in ports))
    several = len(ports) > 1
    return [
        f"gateway-{port}" if several else "gateway"
        for port, well in zip(ports, answers, strict=True)
        if not well
    ]


async def _answers(client: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with client.get(f"http://127.0.0.1:{port}/healthz") as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


routes = [Route("/healthz", healthz)]
