"""What a source of mail is, and the inbox that it fills.

A source is used by one thread at a time; `interrupt` alone may be called from another one. It changes nothing where the
mail is kept: nothing is marked as read, moved or deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

INBOX = "INBOX"
"""The folder that every mailbox has."""


class SourceError(Exception):
    """The source cannot be used now; the message is a sentence for the account's owner, without secrets.

    `after` are the seconds that the server wants to be left alone, 0 where it does not say.
    """

    def __init__(self, sentence: str, after: float = 0.0) -> None:
        super().__init__(sentence)
        self.after = after


class NeedsReauth(SourceError):
    """The credentials are refused. Nobody tries again until the owner has entered new ones."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a folder is read: all below `uidnext` of `uidvalidity` (RFC 9051, 2.3.1.1), and changes up to `modseq`.

    `modseq` is HIGHESTMODSEQ (RFC 7162), 0 where the server has none. All are 0 for a folder that was never read.
    """

    uidvalidity: int = 0
    uidnext: int = 0
    modseq: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that a folder holds and that its cursor has not passed yet."""

    uid: int
    raw: bytes
    """The whole message (RFC 5322); the header alone when `complete` is false."""
    received_at: datetime
    """When the mailbox got it (INTERNALDATE), in UTC."""
    flags: frozenset[str] = frozenset()
    """As IMAP names them: "\\Seen", "\\Flagged", "\\Answered", and keywords."""
    size: int = 0
    """Bytes of the whole message."""
    complete: bool = True
    """Whether `raw` is all of it: a message over the size limit is brought by its header alone."""
    key: str = ""
    """The source's own name for it where UIDs are made up, such as the unique part of a Maildir's file name."""


@dataclass(frozen=True, slots=True)
class Known:
    """A message that the inbox has from a folder."""

    uid: int
    flags: frozenset[str] = field(default_factory=frozenset)
    key: str = ""


class Inbox(Protocol):
    """Where one account's mail goes. Each call is one transaction: after a crash it has happened, or it has not.

    Calling again with what is there already changes nothing. Each raises the database's errors, and `Gone` when the
    account is no longer followed by this worker; `deliver` raises `Full`, too.
    """

    def cursor(self, folder: str) -> Cursor:
        """How far the folder is read."""
        ...

    def known(self, folder: str, uidvalidity: int) -> Sequence[Known]:
        """What is here of the folder's messages, by ascending UID."""
        ...

    def deliver(self, folder: str, arrivals: Sequence[Arrival], cursor: Cursor) -> None:
        """Keep the messages and move the cursor, both or neither; events and work to do go along."""
        ...

    def change(self, folder: str, flags: Mapping[int, frozenset[str]], removed: Iterable[int], cursor: Cursor) -> None:
        """Note flags that changed and messages that the folder no longer has (by UID), and move the cursor."""
        ...

    def settle(self, folder: str, uidvalidity: int) -> None:
        """Forget where messages were under any other UIDVALIDITY: under this one the folder is read to its end."""
        ...

    def keep_folders(self, names: Iterable[str]) -> None:
        """Forget the folders that are not among `names`, and where messages were in them."""
        ...

    def note_resync(self, reason: str) -> None:
        """Tell the owner that all of the mailbox is compared anew, and why."""
        ...


class Full(Exception):
    """The inbox takes no new message now; the sentence is for the account's owner. What arrives waits where it is.

    `used` are the bytes that its owner has stored: with fewer there may be room.
    """

    def __init__(self, sentence: str, used: int) -> None:
        super().__init__(sentence)
        self.used = used


class Gone(Exception):
    """The account was deleted or paused, or another worker follows it now."""


class Source(Protocol):
    """A mailbox. Made from an account's settings; it connects with the first `sync`."""

    def sync(self, inbox: Inbox) -> None:
        """Bring all that is new or changed; returns when the inbox has it. Raises `SourceError`."""
        ...

    def wait(self, timeout: float) -> None:
        """Return when something may have changed, after `timeout` seconds, or on `interrupt`. Raises `SourceError`."""
        ...

    def interrupt(self) -> None:
        """Have a `wait` return now, or the next one at once. From any thread."""
        ...

    def close(self) -> None:
        """Let go of connections and files; never raises."""
        ...
