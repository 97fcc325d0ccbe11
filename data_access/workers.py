"""What the worker processes report of themselves."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from data_access.models import WorkerHeartbeat


def beat(session: Session, worker: str, at: datetime) -> None:
    """Says that the worker is alive."""
    new = insert(WorkerHeartbeat).values(worker=worker, seen_at=at)
    session.execute(new.on_conflict_do_update(index_elements=["worker"], set_={"seen_at": at}))
