"""What every table is made of: the types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from sqlalchemy import JSON, BigInteger, DateTime, ForeignKey, Integer, MetaData, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

if TYPE_CHECKING:
    from sqlalchemy import Dialect


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database; raises ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone is not stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up an INTEGER PRIMARY KEY alone

ONCE = {"sqlite_autoincrement": True}
"""For a table whose ids are seen outside: SQLite gives none of them a second time, as PostgreSQL does not."""

Id = Annotated[int, mapped_column(BIG, primary_key=True, autoincrement=True)]
OfUser = Annotated[int, mapped_column(ForeignKey("users.id", ondelete="CASCADE"))]
OfAccount = Annotated[int, mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))]
OfMessage = Annotated[int, mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))]


class Base(DeclarativeBase):
    """The base of all tables; constraints have names, so that a migration can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own way
        int: BIG,
        datetime: Moment(),
        dict[str, Any]: DOCUMENT,
        list[Any]: DOCUMENT,
    }
