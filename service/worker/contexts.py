"""What is known beside messages: who the user is, and what passed between the user and their senders before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from service.core.bayes import Counts, wanted
from service.core.tokens import tokens
from service.core.triage import Context
from service.store.chunks import chunks
from service.store.tables import Account, Correspondent, Learned, Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from service.core.email import Email


class Contexts:
    """The contexts of some of a user's messages, in their order: each that is noted counts for the next ones."""

    def __init__(self, session: Session, user_id: int, emails: Sequence[Email]) -> None:
        self._session = session
        self._user_id = user_id
        addresses = session.scalars(select(Account.address).where(Account.user_id == user_id))
        self._own = frozenset(address.lower() for address in addresses if address)
        self._known = self._correspondents(sorted({_sender(email) for email in emails}))
        self._mine = self._sent_before(sorted({name for email in emails for name in email.in_reply_to}))
        self._learned = self._taught(emails)
        self._sent: Counter[str] = Counter()
        self._received: Counter[str] = Counter()

    def of(self, email: Email) -> Context:
        """The context of one of the messages."""
        sender = _sender(email)
        sent, received = self._known.get(sender, (0, 0))
        return Context(
            own_addresses=self._own,
            exchanged=sent + self._sent[sender],
            received=received + self._received[sender],
            answers_me=not self._mine.isdisjoint(email.in_reply_to),
            learned=self._learned,
        )

    def note(self, email: Email) -> None:
        """Count a message that is understood now."""
        sender = _sender(email)
        if sender in self._own:
            self._sent.update({person.address for person in (*email.to, *email.cc)})
        else:
            self._received[sender] += 1

    def save(self, session: Session) -> None:
        """Keep what was counted, in a transaction that writes; in the same order everywhere, against deadlocks."""
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        counted = insert(Correspondent)
        added = counted.on_conflict_do_update(
            index_elements=[Correspondent.user_id, Correspondent.address],
            set_={
                "sent": Correspondent.sent + counted.excluded.sent,
                "received": Correspondent.received + counted.excluded.received,
            },
        )
        rows = [
            {
                "user_id": self._user_id,
                "address": address,
                "sent": self._sent[address],
                "received": self._received[address],
            }
            for address in sorted(self._sent.keys() | self._received.keys())
        ]
        if rows:
            session.execute(added, rows)

    def _correspondents(self, addresses: Sequence[str]) -> dict[str, tuple[int, int]]:
        """How often the user wrote to each address, and it to the user."""
        known: dict[str, tuple[int, int]] = {}
        for some in chunks(addresses):
            rows = self._session.execute(
                select(Correspondent.address, Correspondent.sent, Correspondent.received).where(
                    Correspondent.user_id == self._user_id, Correspondent.address.in_(some)
                )
            )
            known |= {row.address: (row.sent, row.received) for row in rows}
        return known

    def _sent_before(self, names: Sequence[str]) -> set[str]:
        """Which of the Message-IDs are of messages that the user sent."""
        mine: set[str] = set()
        for some in chunks(names if self._own else ()):
            mine.update(
                self._session.scalars(
                    select(Message.message_id).where(
                        Message.user_id == self._user_id,
                        Message.message_id.in_(some),
                        Message.sender.in_(self._own),
                    )
                )
            )
        return mine

    def _taught(self, emails: Sequence[Email]) -> Counts | None:
        """What the user's corrections say of the tokens of the messages; None while there is no correction."""
        taught = select(Learned.token, Learned.category, Learned.count).where(Learned.user_id == self._user_id)
        if self._session.execute(taught.limit(1)).first() is None:
            return None
        names = wanted(frozenset().union(*map(tokens, emails)))
        return Counts.of_rows(
            (token, category, count)
            for some in chunks(sorted(names))
            for token, category, count in self._session.execute(taught.where(Learned.token.in_(some)))
        )


def _sender(email: Email) -> str:
    return email.sender.address if email.sender else ""
