"""Understands what has arrived, each message once and in its account's order."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from service.ai import improve
from service.ending import ending
from service.metrics import MESSAGES, UNDERSTAND_SECONDS
from service.store import events, rules
from service.store.database import is_away
from service.store.reading import email_of
from service.store.tables import Account, DeadLetter, Message, Raw
from service.worker import revoking, ruling, sending
from service.worker.contexts import Contexts
from service.worker.judgement import judge
from service.worker.writing import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.core.email import Email
    from service.core.rules import Rule
    from service.settings import Settings
    from service.store.opened import Store
    from service.store.queue import Queue
    from service.worker.judgement import Judgement

log = logging.getLogger("service.worker")

BATCH = 25
"""Messages in one transaction."""
_REST = 2.0  # times what a batch took, while its mailbox is brought for the first time: storing all of it goes first


@dataclass(frozen=True, slots=True)
class _Understood:
    message: Message
    judgement: Judgement


class Understanding:
    """What the steps of `service.worker.workflows` do."""

    def __init__(self, store: Store, queue: Queue, settings: Settings) -> None:
        self._store = store
        self._database = store.database
        self._queue = queue
        self._settings = settings

    def understand_next(self, account_id: int) -> tuple[int, int | None]:
        """Understand the next messages of an account: how many were done, and the id of one that failed, or None."""
        began = time.monotonic()
        with self._database.read() as session:
            waiting = (
                select(Message, Raw)
                .join(Raw, Raw.message_id == Message.id)
                .outerjoin(DeadLetter, DeadLetter.message_id == Message.id)
                .where(Message.account_id == account_id, Message.analysed_at.is_(None), DeadLetter.id.is_(None))
                .order_by(Message.id)
                .limit(BATCH)
            )
            stored = [(message, raw) for message, raw in session.execute(waiting)]
            if not stored:
                return 0, None
            user_id = stored[0][0].user_id
            read, unread = _read_all(stored)
            contexts = Contexts(session, user_id, [email for _, email in read])
            understood, failed = _judge_all(read, contexts, rules.enabled(session, user_id))
        try:
            is_first = self._keep(account_id, understood, contexts)
        except SQLAlchemyError as error:
            if is_away(error):
                raise
            log.warning("a batch is not kept, and its messages are done one by one: %s", type(error).__name__)
            return self._one_by_one([one.message.id for one in understood])
        if is_first:
            ending.sleep(_REST * (time.monotonic() - began))
        return len(understood), failed or unread

    def _one_by_one(self, message_ids: Sequence[int]) -> tuple[int, int | None]:
        """As `understand_next`, so that a message which the database refuses is known."""
        for done, message_id in enumerate(message_ids):
            try:
                self.understand_one(message_id)
            except Exception as error:
                if isinstance(error, SQLAlchemyError) and is_away(error):
                    raise
                log.warning("message %d is not kept: %s", message_id, type(error).__name__)
                return done, message_id
        return len(message_ids), None

    def understand_one(self, message_id: int) -> None:
        """Understand one message; raises what it fails with."""
        with self._database.read() as session:
            message = session.get(Message, message_id)
            if message is None or message.analysed_at is not None:
                return
            email = email_of(session.get_one(Raw, message_id))
            contexts = Contexts(session, message.user_id, [email])
            in_force = rules.enabled(session, message.user_id)
            judgement = judge(email, contexts, in_force, datetime.now(UTC))
        self._keep(message.account_id, [_Understood(message, judgement)], contexts)

    def bury(self, message_id: int, error: str, attempts: int) -> None:
        """Make a dead letter of a message."""
        with self._database.write() as session:
            message = session.get(Message, message_id, with_for_update=True)
            if message is None or message.analysed_at is not None:
                return
            there = select(DeadLetter.id).where(DeadLetter.message_id == message_id)
            if session.scalars(there).first() is not None:
                return
            letter = DeadLetter(
                user_id=message.user_id,
                account_id=message.account_id,
                message_id=message.id,
                error=error,
                attempts=attempts,
                at=datetime.now(UTC),
            )
            session.add(letter)
            told = {"message_id": message.id, "error": error, "attempts": attempts}
            kind = session.get_one(Account, message.account_id).kind
            events.append(session, message.user_id, events.New("message.failed", told, message.account_id))
        MESSAGES.labels(kind, "dead").inc()

    def improve(self, message_id: int) -> None:
        """Have the model improve what is known of a message."""
        improve.improve(self._store, self._settings, message_id)

    def apply_rules(self, user_id: int, after: int) -> int | None:
        """Apply a user's rules to the next stored messages after an id; the id to go on after, or None at the end."""
        return ruling.apply_next(self._database, user_id, after)

    def revoke(self, locked: str, mailbox: str) -> None:
        """Take the access to a mailbox back that is followed no longer."""
        revoking.revoke(self._store, self._settings, locked, mailbox)

    def send(self, draft_id: int) -> None:
        """Send a draft, unless it is sent already."""
        sending.send(self._store, self._settings, draft_id)

    def give_up_sending(self, draft_id: int) -> None:
        """Say that a draft is not sent, or that nobody knows."""
        sending.give_up(self._database, draft_id)

    def _keep(self, account_id: int, understood: Sequence[_Understood], contexts: Contexts) -> bool:
        """Write it down, unless it was done before; whether the account is still brought for the first time."""
        with self._database.write() as session:
            account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()
            if account is None:
                return False
            ids = [one.message.id for one in understood]
            waiting = select(Message.id).where(Message.id.in_(ids), Message.analysed_at.is_(None))
            if len(session.scalars(waiting).all()) < len(ids):
                return False  # it was done before a crash, or by another worker, and what was counted is counted
            now = datetime.now(UTC)
            session.execute(update(Message).where(Message.id.in_(ids)).values(analysed_at=now))
            told = [write(session, one.message, one.judgement, now) for one in understood]
            session.execute(delete(DeadLetter).where(DeadLetter.message_id.in_(ids)))
            contexts.save(session)
            if self._settings.ai_base_url is not None:
                for id_ in ids:
                    self._queue.improve(session, account.user_id, id_)
            events.append(session, account.user_id, *told)
        MESSAGES.labels(account.kind, "understood").inc(len(understood))
        return account.last_success_at is None


def _read_all(stored: Sequence[tuple[Message, Raw]]) -> tuple[list[tuple[Message, Email]], int | None]:
    """What the messages say, up to the first one that cannot be read, and the id of that one."""
    read: list[tuple[Message, Email]] = []
    for message, raw in stored:
        try:
            read.append((message, email_of(raw)))
        except Exception as error:
            log.warning("message %d is not read: %s", message.id, type(error).__name__)
            return read, message.id
    return read, None


def _judge_all(
    read: Sequence[tuple[Message, Email]], contexts: Contexts, in_force: Sequence[Rule]
) -> tuple[list[_Understood], int | None]:
    """What the messages are, up to the first one that fails, and the id of that one."""
    understood: list[_Understood] = []
    now = datetime.now(UTC)
    for message, email in read:
        began = time.perf_counter()
        try:
            judgement = judge(email, contexts, in_force, now)
        except Exception as error:
            log.warning("message %d is not understood: %s", message.id, type(error).__name__)
            return understood, message.id
        UNDERSTAND_SECONDS.observe(time.perf_counter() - began)
        understood.append(_Understood(message, judgement))
    return understood, None
