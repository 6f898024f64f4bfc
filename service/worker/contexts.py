"""What is known beside a message: who the user is, and what passed between the user and the sender before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select

from service.core.bayes import Counts, wanted
from service.core.tokens import tokens
from service.core.triage import Context
from service.store.tables import Account, Correspondent, Learned, Message

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.core.email import Email


class Contexts:
    """The contexts of one user's messages, one after the other: each that is noted counts for the next ones."""

    def __init__(self, session: Session, user_id: int) -> None:
        self._session = session
        self._user_id = user_id
        addresses = session.scalars(select(Account.address).where(Account.user_id == user_id))
        self._own = frozenset(address.lower() for address in addresses if address)
        taught = select(Learned.token).where(Learned.user_id == user_id).limit(1)
        self._has_learned = session.scalars(taught).first() is not None
        self._sent: Counter[str] = Counter()
        self._received: Counter[str] = Counter()

    def of(self, email: Email) -> Context:
        """The context of a message."""
        sender = email.sender.address if email.sender else ""
        known = self._session.get(Correspondent, (self._user_id, sender))
        return Context(
            own_addresses=self._own,
            exchanged=(known.sent if known else 0) + self._sent[sender],
            received=(known.received if known else 0) + self._received[sender],
            answers_me=self._answers_me(email),
            learned=self._learned(email) if self._has_learned else None,
        )

    def note(self, email: Email) -> None:
        """Count a message that is understood now."""
        sender = email.sender.address if email.sender else ""
        if sender in self._own:
            self._sent.update({person.address for person in (*email.to, *email.cc)})
        else:
            self._received[sender] += 1

    def save(self, session: Session) -> None:
        """Keep what was counted, in a transaction that writes."""
        for address in sorted(self._sent.keys() | self._received.keys()):
            known = session.get(Correspondent, (self._user_id, address), with_for_update=True)
            if known is None:
                known = Correspondent(user_id=self._user_id, address=address, sent=0, received=0)
                session.add(known)
            known.sent += self._sent[address]
            known.received += self._received[address]

    def _answers_me(self, email: Email) -> bool:
        if not email.in_reply_to or not self._own:
            return False
        mine = select(Message.id).where(
            Message.user_id == self._user_id,
            Message.message_id.in_(email.in_reply_to),
            Message.sender.in_(self._own),
        )
        return self._session.scalars(mine.limit(1)).first() is not None

    def _learned(self, email: Email) -> Counts:
        rows = select(Learned.token, Learned.category, Learned.count).where(
            Learned.user_id == self._user_id, Learned.token.in_(wanted(tokens(email)))
        )
        return Counts.of_rows((token, category, count) for token, category, count in self._session.execute(rows))
