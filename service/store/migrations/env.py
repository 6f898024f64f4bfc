"""Runs the migrations on the connection that `service.store.schema` gives, in its transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON, BigInteger

from service.store.tables import Base
from service.store.tables.base import Moment


def render(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A new migration's words for the types that `service.store.tables.base` has."""
    if kind == "type":
        for type_, name in ((Moment, "base.Moment()"), (BigInteger, "base.BIG"), (JSON, "base.DOCUMENT")):
            if isinstance(item, type_):
                return name
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_item=render,
)
context.run_migrations()
