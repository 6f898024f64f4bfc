"""One folder of an IMAP account: how the inbox is brought to where the server is (RFC 9051; RFC 7162; RFC 4549)."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from service.mail.batches import HEADER, batches
from service.mail.imap import answers
from service.mail.imap.connection import FLAGS, WHOLE, sequence_set
from service.mail.source import Arrival, Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from service.mail.imap.connection import Connection
    from service.mail.source import Inbox

_WINDOW = 1000
"""How many messages' sizes or flags are asked for at once."""
_AHEAD = 2
"""How many batches are asked for before the first of them has come: the next travels while one is stored."""
_HEADER = f"(UID FLAGS INTERNALDATE BODY.PEEK[HEADER]<0.{HEADER}>)"
_BODIES = (b"BODY[]", b"BODY[HEADER]<0>", b"BODY[HEADER]")


class Folder:
    """What the inbox has of a folder, as far as it was told by us; made anew after any error."""

    def __init__(self, inbox: Inbox, name: str, size_limit: int) -> None:
        self.name = name
        self._inbox = inbox
        self._size_limit = size_limit
        self._cursor = inbox.cursor(name)
        self._known: dict[int, frozenset[str]] = {}
        self._loaded = 0
        self._settled = 0
        self._missed = False
        self.withheld = 0
        """How many messages the server lists and does not give, not even by their headers."""

    def follow(self, connection: Connection, *, compare_flags: bool, compare: bool) -> bool:
        """Bring what is new and changed, and with `compare` what is gone; whether the inbox has all as it is then.

        Without CONDSTORE flags are looked at with `compare_flags` alone. Raises `NoFolder` and `SourceError`.
        """
        found = connection.examine(self.name)
        if self._loaded != found.uidvalidity:
            self._load(found)
        if found.exists and not 0 < found.uidnext <= self._cursor.uidnext:
            arrived = connection.search(f"UID {max(self._cursor.uidnext, 1)}:*")
            self._deliver(connection, [uid for uid in arrived if uid >= self._cursor.uidnext])
        flags = self._changed_flags(connection, found, compare_flags=compare_flags)
        uidnext = max(self._cursor.uidnext, found.uidnext, 1)
        differs = self._missed or len(self._known) != found.exists
        removed = self._compare(connection, uidnext) if differs and compare else []
        cursor = Cursor(found.uidvalidity, uidnext, found.modseq or self._cursor.modseq)
        if flags or removed or cursor != self._cursor:
            self._inbox.change(self.name, flags, removed, cursor)
            self._cursor = cursor
            self._known.update(flags)
            for uid in removed:
                del self._known[uid]
        if differs and not compare:
            return False
        if self._settled != found.uidvalidity:
            self._inbox.settle(self.name, found.uidvalidity)
            self._settled = found.uidvalidity
        return True

    def _load(self, found: answers.Selected) -> None:
        self._known = {known.uid: known.flags for known in self._inbox.known(self.name, found.uidvalidity)}
        self._loaded = found.uidvalidity
        if self._cursor.uidvalidity != found.uidvalidity:
            # All that will be brought is at least as new as this moment: changes count from here.
            self._cursor = Cursor(found.uidvalidity, 0, found.modseq)

    def _changed_flags(
        self, connection: Connection, found: answers.Selected, *, compare_flags: bool
    ) -> dict[int, frozenset[str]]:
        changed: dict[int, frozenset[str]] = {}
        if not self._known or not found.exists:
            return changed
        if found.modseq >= self._cursor.modseq > 0:
            if found.modseq > self._cursor.modseq:
                data = connection.fetch("1:*", FLAGS, f"(CHANGEDSINCE {self._cursor.modseq})")
                changed = {uid: answers.flags(item) for uid, item in data.items() if b"FLAGS" in item}
        elif compare_flags or found.modseq:
            for uids in _windows(sorted(self._known)):
                data = connection.fetch(f"{uids[0]}:{uids[-1]}", FLAGS)
                changed |= {uid: answers.flags(item) for uid, item in data.items() if b"FLAGS" in item}
        return {uid: flags for uid, flags in changed.items() if uid in self._known and self._known[uid] != flags}

    def _compare(self, connection: Connection, uidnext: int) -> list[int]:
        """Bring what is missing here below `uidnext`; returns what is missing there."""
        for whole in (True, False):
            there = set(connection.search("ALL"))
            missing = sorted(uid for uid in there - self._known.keys() if uid < uidnext)
            if not missing:
                break
            self._deliver(connection, missing, whole=whole)
        else:
            there = set(connection.search("ALL"))
        self.withheld = sum(uid < uidnext for uid in there - self._known.keys())
        self._missed = False
        return sorted(self._known.keys() - there)

    def _deliver(self, connection: Connection, uids: Sequence[int], *, whole: bool = True) -> None:
        for window in _windows(uids):
            told = connection.sizes(sequence_set(window))
            sizes = {uid: told[uid] for uid in window if uid in told}
            large = {uid for uid, size in sizes.items() if size > self._size_limit or not whole}
            for arrivals in self._arrivals(connection, sizes, large):
                uidnext = max(self._cursor.uidnext, arrivals[-1].uid + 1)
                cursor = Cursor(self._cursor.uidvalidity, uidnext, self._cursor.modseq)
                self._inbox.deliver(self.name, arrivals, cursor)
                self._cursor = cursor
                self._known.update((arrival.uid, arrival.flags) for arrival in arrivals)
            self._missed |= not self._known.keys() >= set(window)

    def _arrivals(self, connection: Connection, sizes: dict[int, int], large: set[int]) -> Iterator[list[Arrival]]:
        plan = batches((uid, HEADER if uid in large else size) for uid, size in sizes.items())
        asked: deque[tuple[list[int], list[bytes]]] = deque()
        came: dict[int, answers.Data] = {}
        while True:
            for batch in islice(plan, _AHEAD - len(asked)):
                questions = ((WHOLE, [u for u in batch if u not in large]), (_HEADER, [u for u in batch if u in large]))
                asked.append((batch, [connection.ask(sequence_set(uids), items) for items, uids in questions if uids]))
            if not asked:
                return
            awaited = {uid for batch, _ in asked for uid in batch}
            batch, tags = asked.popleft()
            for tag in tags:
                for uid, data in connection.answer(tag).items():
                    if uid in awaited:  # of this batch or the next: a server may answer several questions together
                        came.setdefault(uid, {}).update(data)
            arrivals = [_arrival(uid, came.pop(uid, {}), sizes[uid], complete=uid not in large) for uid in batch]
            if present := [arrival for arrival in arrivals if arrival is not None]:
                yield present


def _arrival(uid: int, data: answers.Data, size: int, *, complete: bool) -> Arrival | None:
    raw = next((data[name] for name in _BODIES if isinstance(data.get(name), bytes)), None)
    if raw is None:
        return None  # only a change of flags that came along, or a message that is gone
    return Arrival(
        uid=uid,
        raw=raw,
        received_at=answers.received_at(data),
        flags=answers.flags(data),
        size=len(raw) if complete else size,
        complete=complete,
    )


def _windows(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (uids[at : at + _WINDOW] for at in range(0, len(uids), _WINDOW))
