"""The inbox of one account on the database: what a source brings is kept, whole and once."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from service.core.mime import parse, parse_headers
from service.mail.batches import header
from service.mail.source import Cursor, Full, Known
from service.metrics import MESSAGES, PARSE_SECONDS, STORE_SECONDS
from service.store import accounts, events, placements, quota
from service.store.conversations import Conversations
from service.store.database import one_at_a_time
from service.store.tables import Account, Folder, Message, Placement, Raw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from service.core.email import Email
    from service.mail.source import Arrival
    from service.store.database import Database
    from service.store.queue import Queue


@dataclass(frozen=True, slots=True)
class _Read:
    """An arrival, with what it says and with what tells it from every other message of the account."""

    arrival: Arrival
    email: Email
    identity: str
    outcome: str
    """What it counts as, if it is new."""

    def by_header(self) -> _Read:
        """As it is kept where the quota has no room for all of it."""
        raw = header(self.arrival.raw)
        arrival = replace(self.arrival, raw=raw, size=_size(self.arrival), complete=False)
        return replace(self, arrival=arrival, email=parse_headers(raw, quota.NOTE), outcome="over-quota")


class StoreInbox:
    """`service.mail.source.Inbox` for one account, for as long as `lease` is the one that is valid.

    `quota` are the bytes that all accounts of its owner may store together, 0 for any number.
    """

    def __init__(self, database: Database, queue: Queue, account_id: int, lease: str, quota: int = 0) -> None:
        self._database = database
        self._queue = queue
        self._account_id = account_id
        self._lease = lease
        self._quota = quota

    def cursor(self, folder: str) -> Cursor:
        """How far the folder is read."""
        with self._database.read() as session:
            found = self._folder(session, folder)
            return Cursor(found.uidvalidity, found.uidnext, found.modseq) if found else Cursor()

    def known(self, folder: str, uidvalidity: int) -> Sequence[Known]:
        """What is here of the folder's messages, by ascending UID."""
        with self._database.read() as session:
            rows = session.execute(
                select(Placement.uid, Placement.flags, Placement.key)
                .join(Folder)
                .where(Folder.account_id == self._account_id, Folder.name == folder)
                .where(Placement.uidvalidity == uidvalidity)
                .order_by(Placement.uid)
            )
            return [Known(row.uid, frozenset(row.flags), row.key) for row in rows]

    def deliver(self, folder: str, arrivals: Sequence[Arrival], cursor: Cursor) -> None:
        """Keep the messages and move the cursor, both or neither; events and work to do go along."""
        read = [_read(arrival) for arrival in arrivals]
        began = time.perf_counter()
        with self._database.write() as session:
            account = self._account(session)
            one_at_a_time(session, account.user_id)  # conversations are counted, and may be those of other accounts too
            place = self._moved(session, folder, cursor)
            here = placements.uids(session, place, cursor.uidvalidity, [one.arrival.uid for one in read])
            new_here = [one for one in read if one.arrival.uid not in here]
            ids, made, kept = self._keep(session, account, new_here)
            placements.add(session, place, cursor.uidvalidity, [(one.arrival, ids[one.identity]) for one in new_here])
            if made:
                self._queue.understand(session, account.id)
            old = sorted({ids[one.identity] for one in new_here} - {message.id for message in made})
            changed = placements.refresh(session, account.id, old)
            events.append(session, account.user_id, *map(_arrived, made), *changed)
        _count(account.kind, read, kept, time.perf_counter() - began)

    def change(self, folder: str, flags: Mapping[int, frozenset[str]], removed: Iterable[int], cursor: Cursor) -> None:
        """Note flags that changed and messages that the folder no longer has (by UID), and move the cursor."""
        with self._database.write() as session:
            account = self._account(session)
            place = self._moved(session, folder, cursor)
            touched = placements.flag(session, place, cursor.uidvalidity, flags)
            touched |= placements.remove(session, place, cursor.uidvalidity, removed)
            events.append(session, account.user_id, *placements.refresh(session, account.id, sorted(touched)))

    def settle(self, folder: str, uidvalidity: int) -> None:
        """Forget where messages were under any other UIDVALIDITY."""
        with self._database.write() as session:
            account = self._account(session)
            place = self._folder(session, folder)
            if place is not None:
                touched = placements.forget(
                    session, Placement.folder_id == place.id, Placement.uidvalidity != uidvalidity
                )
                events.append(session, account.user_id, *placements.refresh(session, account.id, sorted(touched)))

    def keep_folders(self, names: Iterable[str]) -> None:
        """Forget the folders that are not among `names`, and where messages were in them."""
        with self._database.write() as session:
            account = self._account(session)
            others = select(Folder.id).where(Folder.account_id == account.id, Folder.name.not_in(list(names)))
            gone = session.scalars(others).all()
            if gone:
                touched = placements.forget(session, Placement.folder_id.in_(gone))
                session.execute(delete(Folder).where(Folder.id.in_(gone)))
                events.append(session, account.user_id, *placements.refresh(session, account.id, sorted(touched)))

    def note_resync(self, reason: str) -> None:
        """Tell the owner that all of the mailbox is compared anew, and why."""
        with self._database.write() as session:
            account = self._account(session)
            told = {"account_id": account.id, "reason": reason}
            events.append(session, account.user_id, events.New("account.resync", told, account.id))

    def stored(self) -> int:
        """The bytes of mail that its owner has stored, of all accounts; 0 when this one is deleted."""
        with self._database.read() as session:
            account = session.get(Account, self._account_id)
            return quota.stored(session, account.user_id) if account is not None else 0

    def shortage(self) -> str:
        """Why of new messages less than all is kept, in words for their owner; "" while there is room."""
        return quota.shortage(self.stored(), self._quota) if self._quota else ""

    def _account(self, session: Session) -> Account:
        """The account, locked until the commit, so that what happens to one account happens in one order."""
        return accounts.leased(session, self._account_id, self._lease)

    def _folder(self, session: Session, name: str) -> Folder | None:
        return session.scalars(
            select(Folder).where(Folder.account_id == self._account_id, Folder.name == name)
        ).one_or_none()

    def _moved(self, session: Session, name: str, cursor: Cursor) -> Folder:
        folder = self._folder(session, name)
        if folder is None:
            folder = Folder(account_id=self._account_id, name=name)
            session.add(folder)
        folder.uidvalidity, folder.uidnext, folder.modseq = cursor.uidvalidity, cursor.uidnext, cursor.modseq
        session.flush()
        return folder

    def _keep(
        self, session: Session, account: Account, read: Sequence[_Read]
    ) -> tuple[dict[str, int], list[Message], list[_Read]]:
        """The ids of the messages by their identities, and those that were not here before, in two ways."""
        identities = [one.identity for one in read]
        known = select(Message.identity, Message.id).where(
            Message.account_id == account.id, Message.identity.in_(identities)
        )
        ids = {row.identity: row.id for row in session.execute(known)}
        new = {one.identity: one for one in reversed(read) if one.identity not in ids}
        fresh = self._fitted(session, account, [one for one in read if new.get(one.identity) is one])
        conversations = Conversations(session, account.user_id, [one.email for one in fresh])
        threads = conversations.place([(one.email, one.arrival.received_at) for one in fresh])
        made = [_message(account, one, thread.id) for one, thread in zip(fresh, threads, strict=True)]
        session.add_all(made)
        session.flush()
        rows = [
            {"message_id": message.id, "data": one.arrival.raw, "complete": one.arrival.complete}
            for message, one in zip(made, fresh, strict=True)
        ]
        if rows:
            session.execute(insert(Raw), rows)
        return ids | {message.identity: message.id for message in made}, made, fresh

    def _fitted(self, session: Session, account: Account, fresh: Sequence[_Read]) -> list[_Read]:
        """New messages as they are kept, and counted: where the quota has no room by their headers. Raises `Full`."""
        before = stored = quota.stored(session, account.user_id) if self._quota else 0
        fitted = []
        for one in fresh:
            if quota.is_exceeded(stored, self._quota):
                raise Full(quota.shortage(stored, self._quota), before)
            fits = not one.arrival.complete or quota.has_room(stored, len(one.arrival.raw), self._quota)
            fitted.append(one if fits else one.by_header())
            stored += len(fitted[-1].arrival.raw)
        account.stored_bytes += stored - before
        return fitted


def _read(arrival: Arrival) -> _Read:
    with PARSE_SECONDS.time():
        email = parse(arrival.raw) if arrival.complete else parse_headers(arrival.raw)
    return _Read(arrival, email, _identity(email, arrival.raw), "stored" if arrival.complete else "too-large")


def _count(kind: str, read: Sequence[_Read], kept: Sequence[_Read], seconds: float) -> None:
    """Count what became of messages, which took so long together."""
    outcomes = {one.identity: one.outcome for one in kept}
    for one in read:
        STORE_SECONDS.observe(seconds / len(read))
        MESSAGES.labels(kind, outcomes.pop(one.identity, "duplicate")).inc()


def _identity(email: Email, raw: bytes) -> str:
    """The same for copies of a message, as in two folders; a forged Message-ID alone hides no other message."""
    if not email.message_id:
        return hashlib.sha256(raw).hexdigest()
    sender = email.sender.address if email.sender else ""
    told = "\0".join((email.message_id, sender, str(email.sent), email.subject))
    return hashlib.sha256(told.encode()).hexdigest()


def _message(account: Account, read: _Read, thread_id: int) -> Message:
    email, arrival = read.email, read.arrival
    return Message(
        user_id=account.user_id,
        account_id=account.id,
        thread_id=thread_id,
        identity=read.identity,
        message_id=email.message_id,
        subject=email.subject,
        sender_name=email.sender.name if email.sender else "",
        sender=email.sender.address if email.sender else "",
        recipients=_recipients(email),
        sent_at=email.sent,
        received_at=arrival.received_at,
        stored_at=datetime.now(UTC),
        size=_size(arrival),
        text=email.text,
        html=email.html,
        attachments=[{"name": part.name, "type": part.type, "size": part.size} for part in email.attachments],
        defects=list(email.defects),
        **placements.state([arrival.flags]),
    )


def _size(arrival: Arrival) -> int:
    return arrival.size or len(arrival.raw)


def _recipients(email: Email) -> list[Any]:
    kinds = (("to", email.to), ("cc", email.cc))
    return [{"kind": kind, "name": one.name, "address": one.address} for kind, people in kinds for one in people]


def _arrived(message: Message) -> events.New:
    told = {
        "message_id": message.id,
        "thread_id": message.thread_id,
        "subject": message.subject,
        "from": {"name": message.sender_name, "address": message.sender},
        "received_at": message.received_at.isoformat(),
        "seen": message.seen,
    }
    return events.New("message.new", told, message.account_id)
