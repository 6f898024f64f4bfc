"""Work for later: enqueued in the transaction that makes it necessary, so that neither is there without the other.

DBOS keeps it in tables of its own in the same database; `service.worker` runs it.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSClient

if TYPE_CHECKING:
    from dbos import EnqueueOptions
    from sqlalchemy.orm import Session

    from service.store.database import Database

APPLICATION = "airlock"
VERSION = "1"
"""The version of the workflows: raised when one of them takes other steps than before."""
UNDERSTAND = "understand"
IMPROVE = "improve"
APPLY_RULES = "apply-rules"

logging.getLogger("dbos").setLevel(logging.WARNING)


class Queue:
    """What other processes, or this one, shall do once the transaction is committed."""

    def __init__(self, database: Database) -> None:
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


def migrate(database: Database) -> None:
    """Bring DBOS's own tables up to date."""
    DBOS.migrate(database.url.url().render_as_string(hide_password=False))


def _options(name: str, partition: int) -> EnqueueOptions:
    return {"workflow_name": name, "queue_name": name, "queue_partition_key": str(partition), "app_version": VERSION}
