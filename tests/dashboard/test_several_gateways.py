"""Several gateway processes: each is asked how it is."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import health
from data_access.settings import settings
from tests.dashboard.fake_whep_server import FakeServer
from tests.installation import free_ports


@pytest.mark.usefixtures("configured")
def test_the_gateway_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    well, sick, dead = free_ports(3)
    monkeypatch.setenv("MINGJING_GATEWAY_PORT", f"{well},{sick},{dead}")
    settings.cache_clear()
    client = TestClient(Starlette(routes=health.routes))
    with FakeServer(well).serving(), FakeServer(sick, status={"GET": 500}).serving():
        unwell = client.get("/healthz").json()["unwell"]
    assert [name for name in unwell if "gateway" in name] == [f"gateway-{sick}", f"gateway-{dead}"]

    monkeypatch.setenv("MINGJING_GATEWAY_PORT", f"{dead}")
    settings.cache_clear()
    assert "gateway" in client.get("/healthz").json()["unwell"]


@pytest.mark.usefixtures("configured")
def test_with_another_whep_server_no_gateway_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINGJING_WHEP_URL", "http://10.1.2.3:8889/{camera}/whep")
    settings.cache_clear()
    client = TestClient(Starlette(routes=health.routes))
    assert "gateway" not in client.get("/healthz").json()["unwell"]
