"""Work for later: enqueued in the transaction that makes it necessary, so that neither is there without the other.

DBOS keeps it in tables of its own in the same database; `service.worker` runs it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSClient
from sqlalchemy import column, func, select, table, text

if TYPE_CHECKING:
    from datetime import datetime

    from dbos import EnqueueOptions
    from sqlalchemy import TableClause
    from sqlalchemy.orm import Session

    from service.store.database import Database

APPLICATION = "airlock"
VERSION = "1"
"""The version of the workflows: raised when one of them takes other steps than before."""
UNDERSTAND = "understand"
IMPROVE = "improve"
APPLY_RULES = "apply-rules"
REVOKE = "revoke"
SEND = "send"
KEPT = timedelta(days=7)
"""How long a workflow that has ended is kept, for who wants to see what was done."""
QUEUES = (UNDERSTAND, IMPROVE, APPLY_RULES, REVOKE, SEND)

_UNDONE = text("status IN ('ENQUEUED', 'PENDING')")  # none is delayed; in the words of the index that DBOS has

logging.getLogger("dbos").setLevel(logging.WARNING)


class Queue:
    """What other processes, or this one, shall do once the transaction is committed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._client = DBOSClient(
            system_database_engine=database.engine,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )

    def understand(self, session: Session, account_id: int) -> None:
        """Understand what has arrived in an account; in its order, after what is enqueued for it already."""
        self._client.enqueue_in_transaction(session, _options(UNDERSTAND, partition=account_id), account_id)

    def improve(self, session: Session, user_id: int, message_id: int) -> None:
        """Have the model at AI_BASE_URL improve the summary and the draft of a message."""
        self._client.enqueue_in_transaction(session, _options(IMPROVE, partition=user_id), message_id)

    def apply_rules(self, session: Session, user_id: int) -> None:
        """Apply the user's rules to the mail that is stored already."""
        self._client.enqueue_in_transaction(session, _options(APPLY_RULES, partition=user_id), user_id)

    def revoke(self, session: Session, user_id: int, locked: bytes, mailbox: str) -> None:
        """Take the access to a mailbox back at its provider: the secret as the vault locked it, and `Vault.mailbox`."""
        self._client.enqueue_in_transaction(session, _options(REVOKE, partition=user_id), locked.decode(), mailbox)

    def send(self, session: Session, user_id: int, draft_id: int) -> None:
        """Send a draft that its writer wants sent."""
        self._client.enqueue_in_transaction(session, _options(SEND, partition=user_id), draft_id)

    def forget(self, before: datetime, limit: int) -> int:
        """Forget workflows that ended before a time, with their steps; returns how many there were.

        What has taken access back is forgotten whenever it ended: it was given a secret. At most `limit` of either.
        """
        with self._database.read() as session:
            kept = _kept(session)
            ended = select(kept.c.workflow_uuid).order_by(kept.c.completed_at).limit(limit)
            found = set(session.scalars(ended.where(kept.c.completed_at < int(before.timestamp() * 1000))))
            had_a_secret = ended.where(kept.c.queue_name == REVOKE, kept.c.completed_at.is_not(None))
            found |= set(session.scalars(had_a_secret))
        if found:
            self._client.delete_workflows(list(found))
        return len(found)


def accounts_with_work(session: Session) -> set[int]:
    """The accounts for which understanding is enqueued or goes on."""
    kept = _kept(session)
    keys = select(kept.c.queue_partition_key).where(kept.c.queue_name == UNDERSTAND, _UNDONE)
    return {int(key) for key in session.scalars(keys.distinct())}


def depths(session: Session) -> dict[str, int]:
    """How many workflows are enqueued or go on, by their queue."""
    kept = _kept(session)
    undone = select(kept.c.queue_name, func.count()).where(kept.c.queue_name.in_(QUEUES), _UNDONE)
    found = {name: number for name, number in session.execute(undone.group_by(kept.c.queue_name))}  # noqa: C416  # rows are no pairs to mypy
    return dict.fromkeys(QUEUES, 0) | found


def pending(session: Session, executor: str) -> set[str]:
    """The ids of the workflows that an executor has begun and not ended."""
    kept = _kept(session)
    begun = select(kept.c.workflow_uuid).where(kept.c.executor_id == executor, kept.c.status == "PENDING")
    return set(session.scalars(begun))


def _kept(session: Session) -> TableClause:
    """The table of DBOS with its workflows, as https://docs.dbos.dev/explanations/system-tables describes it."""
    names = ("workflow_uuid", "status", "executor_id", "queue_name", "queue_partition_key", "completed_at")
    schema = None if session.get_bind().dialect.name == "sqlite" else "dbos"
    return table("workflow_status", *map(column, names), schema=schema)


def migrate(database: Database) -> None:
    """Bring DBOS's own tables up to date."""
    DBOS.migrate(database.url.url().render_as_string(hide_password=False))


def _options(name: str, partition: int) -> EnqueueOptions:
    return {"workflow_name": name, "queue_name": name, "queue_partition_key": str(partition), "app_version": VERSION}
