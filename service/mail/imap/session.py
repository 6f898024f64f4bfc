"""What is done with one connection: all chosen folders are followed, and the first one is listened to."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from service.mail.imap.connection import Connection, NoFolder
from service.mail.imap.folder import Folder
from service.mail.source import INBOX, SourceError

if TYPE_CHECKING:
    import socket

    from service.mail.imap.settings import ImapSettings
    from service.mail.source import Inbox

_LEFT_OUT = {b"\\all", b"\\drafts", b"\\flagged", b"\\important", b"\\junk", b"\\trash"}
"""Folders (RFC 6154, RFC 8457) that are no part of "all": unfinished, unwanted, or views of what is elsewhere."""


class Session:
    """What a connection told is forgotten with it: the inbox knows what was brought.

    `compare` is the time between looks at all flags where the server does not keep count of changes, in seconds.
    """

    def __init__(self, connection: Connection, settings: ImapSettings, *, size_limit: int, compare: float) -> None:
        self._connection = connection
        self._settings = settings
        self._size_limit = size_limit
        self._compare = compare
        self._names: list[str] = []
        self._folders: dict[str, Folder] = {}
        self._changed: set[str] = set()
        self._next_poll = 0.0
        self._next_compare = 0.0

    def follow(self, inbox: Inbox) -> None:
        """Bring what is new, changed or gone: in the first folder when the server told of it, else in all."""
        changed, self._changed = self._changed, set()
        if changed and monotonic() < self._next_poll:
            missing = [] if self._follow(inbox, self._names[0], flags="FETCH" in changed) else self._names[:1]
        else:
            missing = self._follow_all(inbox)
        if missing:
            raise SourceError(
                f"the mail server {self._settings.host}:{self._settings.port} does not open the folder "
                f"{' and '.join(map(repr, dict.fromkeys(missing)))}: choose others, or see that it is still there"
            )

    def listen(self, timeout: float, interrupt: socket.socket) -> bool:
        """Whether the server tells of a change in the first folder, within `timeout` seconds or before `interrupt`."""
        if not self._changed:
            self._changed = self._connection.idle(timeout, interrupt)
        return bool(self._changed)

    @property
    def can_listen(self) -> bool:
        """Whether the server tells of changes."""
        return self._connection.has_idle and self._connection.selected == self._names[0]

    @property
    def next_look(self) -> float:
        """When to look at what the server does not tell of, on the monotonic clock."""
        return float("inf") if self.can_listen and len(self._names) == 1 else self._next_poll

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _follow_all(self, inbox: Inbox) -> list[str]:
        names = self._chosen()
        if names != self._names:
            inbox.keep_folders(names)
            self._names = names
        flags = monotonic() >= self._next_compare
        again = names[:1] if len(names) > 1 else []  # so that it is the one that the server tells of
        missing = [name for name in [*names, *again] if not self._follow(inbox, name, flags=flags)]
        self._next_poll = monotonic() + self._settings.poll_seconds
        if flags:
            self._next_compare = monotonic() + self._compare
        return missing

    def _follow(self, inbox: Inbox, name: str, *, flags: bool) -> bool:
        folder = self._folders.get(name) or Folder(inbox, name, self._size_limit)
        try:
            folder.follow(self._connection, compare_flags=flags)
        except NoFolder:
            return False
        self._folders[name] = folder
        return True

    def _chosen(self) -> list[str]:
        if self._settings.folders == "all":
            listed = [name for name, flags in self._connection.folders() if not flags & _LEFT_OUT]
            names = sorted({INBOX if name.upper() == INBOX else name for name in listed} | {INBOX})
        else:
            names = list(self._settings.folders)
        return sorted(names, key=lambda name: name != INBOX)
