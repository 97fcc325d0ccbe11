"""Looks at footage that come in dozens leave one audit entry in ten minutes each, not one a request."""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from threading import Lock

from dashboard.access import Viewer
from data_access import audit
from data_access.engine import transaction

_NOTED_FOR, _MOST_KEPT = timedelta(minutes=10), 1000
_noted: OrderedDict[tuple[int, str, str], datetime] = OrderedDict()
_noting = Lock()


def note_look(
    viewer: Viewer, *, action: str, subject: str, detail: dict[str, object], address: str = ""
) -> None:
    """Enters in the audit log that the person looked, unless the same was noted in the last ten minutes."""
    key, now = (viewer.account_id, action, subject), datetime.now(UTC)
    with _noting:
        noted_at = _noted.get(key)
        if noted_at and now - noted_at < _NOTED_FOR:
            return
    with transaction() as session:
        audit.record(
            session, actor=viewer.name, action=action, subject=subject, detail=detail, address=address
        )
    with _noting:
        _noted[key] = now
        _noted.move_to_end(key)
        while len(_noted) > _MOST_KEPT:
            _noted.popitem(last=False)
