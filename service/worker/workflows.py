"""The workflows: which steps the work has, which of them are tried again, and what happens when all tries failed.

DBOS remembers each step that is done, so after a crash a workflow goes on with the one that was not.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol, TypeVar

from dbos import DBOS
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from service.backoff import Backoff
from service.ending import ending
from service.store import queue
from service.store.database import is_away

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

log = logging.getLogger("service.worker")

ATTEMPTS = 4
"""How often a message is tried before it is a dead letter; pauses of 1, 2 and 4 s lie between."""
REVOCATIONS = 7
"""How often a provider is asked to take access back; pauses of 2 s to 34 min lie between."""
SENDINGS = 5
"""How often it is tried to send a draft; pauses of 2 s to 54 s lie between."""
_RECOVERIES = 1_000_000  # that a worker is killed says nothing about its work


class Work(Protocol):
    """What the steps do. Each may be done again after a crash, and then changes nothing more."""

    def understand_next(self, account_id: int) -> tuple[int, int | None]:
        """Understand the next messages of an account: how many were done, and the id of one that failed, or None."""
        ...

    def understand_one(self, message_id: int) -> None:
        """Understand one message; raises what it fails with."""
        ...

    def bury(self, message_id: int, error: str, attempts: int) -> None:
        """Make a dead letter of a message."""
        ...

    def improve(self, message_id: int) -> None:
        """Have the model improve what is known of a message."""
        ...

    def apply_rules(self, user_id: int, after: int) -> int | None:
        """Apply a user's rules to the next stored messages after an id; the id to go on after, or None at the end."""
        ...

    def revoke(self, locked: str, mailbox: str) -> None:
        """Take the access to a mailbox back that is followed no longer; raises what it fails with."""
        ...

    def send(self, draft_id: int) -> None:
        """Send a draft, unless it is sent already; raises what it fails with where that may pass."""
        ...

    def give_up_sending(self, draft_id: int) -> None:
        """Say that a draft is not sent, or that nobody knows."""
        ...


work: Work | None = None
"""What this process works with, from the engine's start on."""


@DBOS.workflow(name=queue.UNDERSTAND, max_recovery_attempts=_RECOVERIES)
def understand(account_id: int) -> None:
    """Understand all that has arrived in an account, in its order; one that fails holds the others up, not for ever."""
    while True:
        done, failed = understand_next(account_id)
        if failed is not None:
            _insist(failed)
        elif not done:
            return


def _insist(message_id: int) -> None:
    try:
        understand_one(message_id)
    except dbos_error.DBOSMaxStepRetriesExceeded as exceeded:
        bury(message_id, _words(exceeded.errors[-1]), ATTEMPTS)


@DBOS.step()
def understand_next(account_id: int) -> tuple[int, int | None]:
    """One batch; see `Work`."""
    return _patiently(lambda: _working().understand_next(account_id))


@DBOS.step(retries_allowed=True, max_attempts=ATTEMPTS, interval_seconds=1.0, backoff_rate=2.0)
def understand_one(message_id: int) -> None:
    """One message, several times if it has to be; see `Work`."""
    _patiently(lambda: _working().understand_one(message_id))


@DBOS.step()
def bury(message_id: int, error: str, attempts: int) -> None:
    """A dead letter; see `Work`."""
    _patiently(lambda: _working().bury(message_id, error, attempts))


@DBOS.workflow(name=queue.IMPROVE, max_recovery_attempts=_RECOVERIES)
def improve(message_id: int) -> None:
    """Have the model improve what is known of a message, when there is one."""
    improve_one(message_id)


@DBOS.step()
def improve_one(message_id: int) -> None:
    """One message; see `Work`."""
    _patiently(lambda: _working().improve(message_id))


@DBOS.workflow(name=queue.APPLY_RULES, max_recovery_attempts=_RECOVERIES)
def apply_rules(user_id: int) -> None:
    """Apply a user's rules to the mail that is stored, from the first message to the last."""
    after: int | None = 0
    while after is not None:
        after = apply_rules_next(user_id, after)


@DBOS.step()
def apply_rules_next(user_id: int, after: int) -> int | None:
    """One batch; see `Work`."""
    return _patiently(lambda: _working().apply_rules(user_id, after))


@DBOS.workflow(name=queue.REVOKE, max_recovery_attempts=_RECOVERIES)
def revoke(locked: str, mailbox: str) -> None:
    """Take the access to a mailbox back at its provider, as far as that can be reached within most of an hour."""
    try:
        revoke_one(locked, mailbox)
    except dbos_error.DBOSMaxStepRetriesExceeded:
        log.warning("access to a mailbox that was forgotten is not taken back: its provider was not reached in time")


@DBOS.step(retries_allowed=True, max_attempts=REVOCATIONS, interval_seconds=2.0, backoff_rate=4.0)
def revoke_one(locked: str, mailbox: str) -> None:
    """One mailbox; see `Work`."""
    _patiently(lambda: _working().revoke(locked, mailbox))


@DBOS.workflow(name=queue.SEND, max_recovery_attempts=_RECOVERIES)
def send(draft_id: int) -> None:
    """Send a draft, once, as far as Gmail can be reached within some minutes."""
    try:
        send_one(draft_id)
    except dbos_error.DBOSMaxStepRetriesExceeded:
        give_up_sending(draft_id)


@DBOS.step(retries_allowed=True, max_attempts=SENDINGS, interval_seconds=2.0, backoff_rate=3.0)
def send_one(draft_id: int) -> None:
    """One draft; see `Work`."""
    _patiently(lambda: _working().send(draft_id))


@DBOS.step()
def give_up_sending(draft_id: int) -> None:
    """One draft; see `Work`."""
    _patiently(lambda: _working().give_up_sending(draft_id))


def _words(error: Exception) -> str:
    """Why a message is not understood, for its owner: what an error says may quote the message, and is left out."""
    kind = type(error).__name__
    if isinstance(error, SQLAlchemyError):
        return f"the database refuses what was made of it ({kind})"
    return f"the service has a fault that this message shows ({kind})"


def _patiently(do: Callable[[], T]) -> T:
    """Do it, again and again while the database cannot be used: that is no fault of a message.

    Of a step in which the process ends DBOS writes down no outcome, so it is done again.
    """
    backoff = Backoff(first=0.2, longest=10.0)
    while True:
        ending.check()
        try:
            return do()
        except SQLAlchemyError as error:
            if not is_away(error):
                raise
            log.warning("the database cannot be used, which is waited for: %s", type(error).__name__)
        ending.sleep(backoff.next())


def _working() -> Work:
    if work is None:
        raise RuntimeError("the engine has not been started")
    return work
