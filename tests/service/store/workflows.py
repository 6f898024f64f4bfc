"""Workflows as DBOS keeps them, without doing them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from service.store.queue import UNDERSTAND

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy.orm import Session

    from service.store.database import Database

_ROWS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
INSERT INTO {table}
    (workflow_uuid, status, name, queue_name, executor_id, created_at, updated_at, completed_at, priority)
SELECT :prefix || n, :status, :name, :name, 'somebody', :at, :at, :completed, 0 FROM numbers
"""
_STEPS = """
INSERT INTO {steps} (workflow_uuid, function_id, function_name) SELECT workflow_uuid, 1, 'a step' FROM {table}
WHERE workflow_uuid LIKE :prefix || '%'
"""


def finish(
    session: Session,
    count: int,
    *,
    ago: timedelta,
    status: str = "SUCCESS",
    prefix: str = "done-",
    name: str = UNDERSTAND,
) -> None:
    """Keep so many workflows of one step each, named by `prefix`, that ended, or began to wait, some time ago."""
    names = {"table": _table(session, "workflow_status"), "steps": _table(session, "operation_outputs")}
    at = int((time.time() - ago.total_seconds()) * 1000)
    completed = None if status in ("ENQUEUED", "PENDING") else at
    row = {"count": count, "prefix": prefix, "status": status, "name": name, "at": at, "completed": completed}
    session.execute(text(_ROWS.format(**names)), row)
    session.execute(text(_STEPS.format(**names)), {"prefix": prefix})


def kept(database: Database, table: str = "workflow_status") -> set[str]:
    """The names of the workflows that have rows in a table."""
    with database.read() as session:
        return set(session.scalars(text(f"SELECT workflow_uuid FROM {_table(session, table)}")))  # noqa: S608


def _table(session: Session, name: str) -> str:
    return name if session.get_bind().dialect.name == "sqlite" else f"dbos.{name}"
