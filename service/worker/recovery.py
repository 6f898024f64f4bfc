"""Signs of life of the workers; and the work of one that is gone for good goes to those that are there."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from dbos import DBOS
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from service.store import schema
from service.store.clock import now
from service.store.tables import Worker

if TYPE_CHECKING:
    from service.store.database import Database

log = logging.getLogger("service.worker")

SILENCE = timedelta(seconds=30)
"""A worker that shows no life for so long is gone. One that comes back takes up its own work by itself."""


def show_life(database: Database, owner: str) -> None:
    """Say that this worker lives, and take up the work of those that do not. A database that is away is borne.

    Raises `Failure` when the schema is another one than this version of the service works with.
    """
    try:
        schema.require_current(database)
        gone = _gone(database, owner)
        if gone:
            log.warning("workers are gone, and their work is taken up here: %s", ", ".join(gone))
            DBOS._recover_pending_workflows(gone)  # what its own recovery service calls; others may do it too
            with database.write() as session:
                session.execute(delete(Worker).where(Worker.id.in_(gone), Worker.seen_at < now(session) - SILENCE))
    except SQLAlchemyError as error:
        log.warning("this worker cannot show that it lives: %s", type(error).__name__)


def _gone(database: Database, owner: str) -> list[str]:
    with database.write() as session:
        at = now(session)
        worker = session.get(Worker, owner) or Worker(id=owner, started_at=at)
        worker.seen_at = at
        session.add(worker)
        return list(session.scalars(select(Worker.id).where(Worker.seen_at < at - SILENCE, Worker.id != owner)))
