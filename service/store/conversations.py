"""Which conversation a message belongs to: found by what it refers to, by its subject as the last resort, or begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import false, insert, select, update

from service.core.conversation import WINDOW, Earlier, fallback_key, participants, subject_key, thread_ids, thread_of
from service.store.chunks import chunks
from service.store.tables import Message, Reference, Thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.core.email import Email

_LOOKED_AT = 20  # messages with the same subject


class Conversations:
    """The conversations of one user, for the messages of one transaction."""

    def __init__(self, session: Session, user_id: int, emails: Iterable[Email]) -> None:
        self._session = session
        self._user_id = user_id
        self._known = self._look_up({name for email in emails for name in thread_ids(email)})
        self._joined_to: dict[Thread, Thread] = {}
        self._placed: dict[str, list[Earlier[Thread]]] = {}

    def place(self, mail: Sequence[tuple[Email, datetime]]) -> list[Thread]:
        """The conversation of each message, given with the time when it was received; they are counted from now on."""
        known = set(self._known)
        threads = [self._find(email, received_at) for email, received_at in mail]
        self._session.flush()
        new = {name: self._final(self._known[name]).id for name in self._known if name not in known}
        rows = [{"user_id": self._user_id, "message_id": name, "thread_id": id_} for name, id_ in new.items()]
        if rows:
            self._session.execute(insert(Reference), rows)
        return [self._final(thread) for thread in threads]

    def _find(self, email: Email, received_at: datetime) -> Thread:
        names = thread_ids(email)
        found = {self._final(self._known[name]) for name in names if name in self._known}
        thread = self._joined(found) or self._by_subject(email) or self._begun(email, received_at)
        thread.message_count += 1
        thread.latest_at = max(thread.latest_at, received_at)
        self._known |= dict.fromkeys(names, thread)
        if email.sent:
            earlier = Earlier(thread, email.sent, participants(email))
            self._placed.setdefault(subject_key(email.subject), []).append(earlier)
        return thread

    def _final(self, thread: Thread) -> Thread:
        while thread in self._joined_to:
            thread = self._joined_to[thread]
        return thread

    def _look_up(self, names: set[str]) -> dict[str, Thread]:
        known: dict[str, Thread] = {}
        for some in chunks(sorted(names)):
            rows = self._session.execute(
                select(Reference.message_id, Thread)
                .join(Thread, Thread.id == Reference.thread_id)
                .where(Reference.user_id == self._user_id, Reference.message_id.in_(some))
            )
            known |= {name: thread for name, thread in rows}  # noqa: C416  # rows are no pairs to mypy
        return known

    def _joined(self, threads: set[Thread]) -> Thread | None:
        """The oldest of the conversations, which turn out to be one."""
        if len(threads) < 2:
            return next(iter(threads), None)
        self._session.flush()
        oldest, *others = sorted(threads, key=lambda thread: thread.id)
        for other in others:
            for table in (Message, Reference):
                self._session.execute(update(table).where(table.thread_id == other.id).values(thread_id=oldest.id))
            oldest.message_count += other.message_count
            oldest.latest_at = max(oldest.latest_at, other.latest_at)
            self._session.delete(other)
            self._joined_to[other] = oldest
        return oldest

    def _by_subject(self, email: Email) -> Thread | None:
        """For a reply none of whose ancestors is known: the conversation that has its subject and its people."""
        key = fallback_key(email)
        if not key:
            return None
        found = thread_of(email, {}, [*self._stored(key, email), *self._placed.get(key, ())])
        return self._final(found) if found else None

    def _stored(self, key: str, email: Email) -> Iterator[Earlier[Thread]]:
        latest = (
            select(Thread, Message.sent_at, Message.sender, Message.recipients)
            .join(Message, Message.thread_id == Thread.id)
            .where(
                Thread.user_id == self._user_id,
                Thread.subject_key == key,
                Message.sent_at <= email.sent,
                Message.sent_at >= email.sent - WINDOW if email.sent else false(),
            )
            .order_by(Message.sent_at.desc())
            .limit(_LOOKED_AT)
        )
        for thread, sent, sender, recipients in self._session.execute(latest):
            people = {sender, *(one["address"] for one in recipients)}
            yield Earlier(thread, sent, frozenset(people))

    def _begun(self, email: Email, received_at: datetime) -> Thread:
        thread = Thread(
            user_id=self._user_id,
            subject=email.subject,
            subject_key=subject_key(email.subject),
            latest_at=received_at,
            message_count=0,
        )
        self._session.add(thread)
        return thread
