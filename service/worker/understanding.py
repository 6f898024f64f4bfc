"""Understands what has arrived: triage, rules, summary, action items, dates and a draft, kept once for each message."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from service.core.mime import parse, parse_headers
from service.metrics import MESSAGES, STAGE_SECONDS
from service.store import events
from service.store.tables import Account, Analysis, DeadLetter, Message, Raw
from service.worker.contexts import Contexts
from service.worker.judgement import Judgement, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.core.email import Email
    from service.store.database import Database
    from service.store.queue import Queue

log = logging.getLogger("service.worker")

BATCH = 25
"""Messages in one transaction."""


@dataclass(frozen=True, slots=True)
class _Understood:
    message: Message
    judgement: Judgement


class Understanding:
    """The part of `service.worker.workflows.Work` that has to do with new mail."""

    def __init__(self, database: Database, queue: Queue, *, improves: bool) -> None:
        self._database = database
        self._queue = queue
        self._improves = improves

    def understand_next(self, account_id: int) -> tuple[int, int | None]:
        """Understand the next messages of an account: how many were done, and the id of one that failed, or None."""
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
            contexts = Contexts(session, stored[0][0].user_id)
            understood, failed = _judge_all(stored, contexts)
        self._keep(account_id, understood, contexts)
        return len(understood), failed

    def understand_one(self, message_id: int) -> None:
        """Understand one message; raises what it fails with."""
        with self._database.read() as session:
            message = session.get(Message, message_id)
            if message is None or message.analysed_at is not None:
                return
            contexts = Contexts(session, message.user_id)
            judgement = judge(_email(session.get_one(Raw, message_id)), contexts)
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
            events.append(session, message.user_id, events.New("message.failed", told, message.account_id))
        MESSAGES.labels("dead").inc()

    def improve(self, message_id: int) -> None:
        """Have the model improve what is known of a message."""

    def apply_rules(self, user_id: int, after: int) -> int | None:
        """Apply a user's rules to the next stored messages after an id; the id to go on after, or None at the end."""
        del user_id, after
        return None

    def _keep(self, account_id: int, understood: Sequence[_Understood], contexts: Contexts) -> None:
        with self._database.write() as session:
            account = session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one_or_none()
            if account is None:
                return
            ids = [one.message.id for one in understood]
            open_ = select(Message).where(Message.id.in_(ids), Message.analysed_at.is_(None))
            waiting = {message.id: message for message in session.scalars(open_)}
            if len(waiting) < len(ids):
                return  # it was done already, before a crash or by another worker, and what was counted is counted
            now = datetime.now(UTC)
            for one in understood:
                waiting[one.message.id].analysed_at = now
            session.add_all(_analysis(one) for one in understood)
            session.execute(delete(DeadLetter).where(DeadLetter.message_id.in_(ids)))
            contexts.save(session)
            if self._improves:
                for id_ in ids:
                    self._queue.improve(session, account.user_id, id_)
            events.append(session, account.user_id, *(_told(one, account_id) for one in understood))
        MESSAGES.labels("understood").inc(len(understood))


def _judge_all(stored: Sequence[tuple[Message, Raw]], contexts: Contexts) -> tuple[list[_Understood], int | None]:
    """What the messages are, up to the first one that fails."""
    understood: list[_Understood] = []
    for message, raw in stored:
        began = time.perf_counter()
        try:
            judgement = judge(_email(raw), contexts)
        except Exception as error:
            log.warning("message %d is not understood: %s", message.id, type(error).__name__)
            return understood, message.id
        STAGE_SECONDS.labels("understand").observe(time.perf_counter() - began)
        understood.append(_Understood(message, judgement))
    return understood, None


def _email(raw: Raw) -> Email:
    return parse(raw.data) if raw.complete else parse_headers(raw.data)


def _analysis(one: _Understood) -> Analysis:
    verdict = one.judgement.verdict
    return Analysis(
        message_id=one.message.id,
        user_id=one.message.user_id,
        category=verdict.category,
        score=verdict.score,
        reasons=[{"words": reason.words, "weight": reason.weight} for reason in verdict.reasons],
        summary="",
        actions=[],
        dates=[],
        labels=[],
    )


def _told(one: _Understood, account_id: int) -> events.New:
    told = {"message_id": one.message.id, "category": one.judgement.verdict.category}
    return events.New("message.understood", told, account_id)
