"""The installation is well only while every worker reports."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.health import WORKERS, unwell_in_database
from data_access import workers
from data_access.engine import transaction


@pytest.mark.usefixtures("configured")
def test_a_worker_that_does_not_report_is_named() -> None:
    assert unwell_in_database() == ["recorder", "alerter", "keeper"]
    now = datetime.now(UTC)
    with transaction() as session:
        for worker in WORKERS:
            workers.beat(session, worker, now)
    assert unwell_in_database() == []
    with transaction() as session:
        workers.beat(session, "alerter", now - timedelta(seconds=11))
    assert unwell_in_database() == ["alerter"]
