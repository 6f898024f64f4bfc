"""An inbox in memory, which keeps what `service.mail.source.Inbox` promises; for tests of sources alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from service.mail.source import Cursor, Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from service.mail.source import Arrival


class MemoryInbox:
    """What was delivered and is still there, by (folder, UIDVALIDITY, UID), and every call in order.

    `before` is called with the name of each call that writes, before it has any effect.
    """

    def __init__(self) -> None:
        self.messages: dict[tuple[str, int, int], Arrival] = {}
        self.cursors: dict[str, Cursor] = {}
        self.calls: list[str] = []
        self.batches: list[int] = []
        self.before: Callable[[str], None] = undisturbed

    def cursor(self, folder: str) -> Cursor:
        """How far the folder is read."""
        return self.cursors.get(folder, Cursor())

    def known(self, folder: str, uidvalidity: int) -> Sequence[Known]:
        """What is here of the folder, by ascending UID."""
        here = sorted(place for place in self.messages if place[:2] == (folder, uidvalidity))
        return [Known(place[2], self.messages[place].flags, self.messages[place].key) for place in here]

    def deliver(self, folder: str, arrivals: Sequence[Arrival], cursor: Cursor) -> None:
        """Keep the messages that are not here yet."""
        self._note("deliver")
        self.batches.append(len(arrivals))
        for arrival in arrivals:
            self.messages.setdefault((folder, cursor.uidvalidity, arrival.uid), arrival)
        self.cursors[folder] = cursor

    def change(self, folder: str, flags: Mapping[int, frozenset[str]], removed: Iterable[int], cursor: Cursor) -> None:
        """Note flags and removals of messages that are here."""
        self._note("change")
        for uid, changed in flags.items():
            place = (folder, cursor.uidvalidity, uid)
            if place in self.messages:
                self.messages[place] = replace(self.messages[place], flags=changed)
        for uid in removed:
            self.messages.pop((folder, cursor.uidvalidity, uid), None)
        self.cursors[folder] = cursor

    def settle(self, folder: str, uidvalidity: int) -> None:
        """Forget the folder's messages under any other UIDVALIDITY."""
        self._note("settle")
        self._keep(lambda place: place[0] != folder or place[1] == uidvalidity)

    def keep_folders(self, names: Iterable[str]) -> None:
        """Forget other folders."""
        self._note("keep_folders")
        kept = set(names)
        self._keep(lambda place: place[0] in kept)
        self.cursors = {name: cursor for name, cursor in self.cursors.items() if name in kept}

    def note_resync(self, reason: str) -> None:
        """Note that there was one."""
        self._note(f"resync: {reason}")

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """The subjects of the folder's messages by ascending UID."""
        return [subject(self.messages[place].raw) for place in sorted(self.messages) if place[0] == folder]

    def flags(self, folder: str = "INBOX") -> dict[str, set[str]]:
        """The flags of the folder's messages by subject."""
        here = [arrival for place, arrival in self.messages.items() if place[0] == folder]
        return {subject(arrival.raw): set(arrival.flags) for arrival in here}

    def _note(self, call: str) -> None:
        self.before(call)
        self.calls.append(call)

    def _keep(self, wanted: Callable[[tuple[str, int, int]], bool]) -> None:
        self.messages = {place: arrival for place, arrival in self.messages.items() if wanted(place)}


def undisturbed(call: str) -> None:
    """Nothing happens before a call."""


def subject(raw: bytes) -> str:
    """The Subject of a message, as it stands."""
    line = next((line for line in raw.splitlines() if line.startswith(b"Subject: ")), b"")
    return line.removeprefix(b"Subject: ").decode()


def letter(subject: str, body: str = "Hello.") -> bytes:
    """A small message."""
    return (
        f"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@example.org>\r\n\r\n{body}\r\n"
    ).encode()
