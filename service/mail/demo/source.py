"""The demo as a source: its mails arrive one after the other, counted from when the account was made."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

from service.mail.demo.mailbox import due, mails, moment
from service.mail.source import Arrival, Cursor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.mail.source import Inbox

UIDVALIDITY = 1
"""Raised when mails change their places in the order, which are their UIDs."""


class DemoSource:
    """The mailbox of an account that was made at `made_at`; needs nothing outside, and ends when all have arrived."""

    def __init__(self, made_at: datetime, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._made_at = made_at
        self._clock = clock
        self._arrived = 0
        self._interrupted = threading.Event()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """As the settings of an account that `service.mail.demo.account` made say."""
        return cls(datetime.fromisoformat(settings["made_at"]))

    def sync(self, inbox: Inbox) -> None:
        """Bring what is due by now, in its order: an answer never comes before what it answers."""
        now = self._clock()
        self._arrived = sum(due(number, self._made_at) <= now for number in range(len(mails())))
        read = {folder: _read_to(inbox.cursor(folder)) for folder in {mail.folder for mail in mails()}}
        new = [number for number in range(self._arrived) if _uid(number) >= read[mails()[number].folder]]
        for folder, numbers in groupby(new, key=lambda number: mails()[number].folder):
            arrivals = [self._arrival(number) for number in numbers]
            inbox.deliver(folder, arrivals, Cursor(UIDVALIDITY, arrivals[-1].uid + 1))

    def wait(self, timeout: float) -> None:
        """Return when the next mail is due, after `timeout` seconds, or on `interrupt`."""
        if self._arrived < len(mails()):
            left = (due(self._arrived, self._made_at) - self._clock()).total_seconds()
            timeout = min(timeout, max(0.0, left))
        self._interrupted.wait(timeout)
        self._interrupted.clear()

    def interrupt(self) -> None:
        """Have a `wait` return now, or the next one at once."""
        self._interrupted.set()

    def close(self) -> None:
        """There is nothing to let go of."""

    def _arrival(self, number: int) -> Arrival:
        mail = mails()[number]
        date = moment(mail.at, self._made_at) if mail.at else due(number, self._made_at)
        raw = mail.raw(self._made_at, date)
        return Arrival(_uid(number), raw, date, frozenset(mail.flags), len(raw))


def _read_to(cursor: Cursor) -> int:
    return cursor.uidnext if cursor.uidvalidity == UIDVALIDITY else 0


def _uid(number: int) -> int:
    return number + 1
