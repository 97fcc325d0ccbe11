"""Where rows came from."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from data_access.demo.plan import SOURCE_SYSTEM
from data_access.models import Project


def has_demo_rows(session: Session) -> bool:
    """Whether any project was made by the demo."""
    return bool(session.scalar(select(exists().where(Project.source_system == SOURCE_SYSTEM))))
