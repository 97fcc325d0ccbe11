"""What all tables share."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, MetaData, Numeric, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

Id = Annotated[int, mapped_column(primary_key=True)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Money = Annotated[Decimal, mapped_column(Numeric(18, 2))]


class Base(DeclarativeBase):
    """Money is NUMERIC(18,2) in yuan, instants are timestamptz, short codes are text with a check."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), Decimal: Numeric(18, 2)}  # noqa: RUF012


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """A check that `column` holds a code of the enumeration; easier to widen than an enum type."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Sourced:
    """Where a row came from: importing the same row twice changes nothing."""

    source_system: Mapped[str] = mapped_column(
        String(40), comment="the system or workbook kind the row came from"
    )
    source_key: Mapped[str] = mapped_column(Text, comment="the row's key there")
    batch_id: Mapped[int | None] = mapped_column(
        ForeignKey("import_batch.id"), comment="the import that wrote it last"
    )

    @declared_attr.directive
    def __table_args__(cls) -> tuple[object, ...]:  # noqa: N805
        name = cls.__tablename__  # type: ignore[attr-defined]
        return (
            Index(f"uq_{name}_source", "source_system", "source_key", unique=True),
            *getattr(cls, "constraints", ()),
        )
