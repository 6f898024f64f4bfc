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
_GONE = {"EXPUNGE", "VANISHED"}


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
        self._kept: list[str] = []
        self._missing: list[str] = []
        self._folders: dict[str, Folder] = {}
        self._changed: set[str] = set()
        self._all = True
        self._next_poll = 0.0
        self._next_compare = 0.0

    def follow(self, inbox: Inbox) -> None:
        """Bring what is new, changed or gone: in the first folder when the server told of it, else in all.

        What has gone from the first folder may be in another one now, so then all are looked at too.
        """
        changed, self._changed = self._changed, set()
        self._missing = []
        if self._all or not changed or changed & _GONE or monotonic() >= self._next_poll:
            self._follow_all(inbox)
        else:
            self._follow(inbox, self._names[0], flags="FETCH" in changed)
        self._complain()

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

    def look_at_all(self) -> None:
        """Have the next `follow` look at all folders."""
        self._all = True

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _follow_all(self, inbox: Inbox) -> None:
        self._all = False
        self._names = names = self._chosen()
        flags = monotonic() >= self._next_compare
        alone = len(names) == 1
        differing = [name for name in names if not self._follow(inbox, name, flags=flags, compare=alone)]
        # By now a message that was moved has been found where it is, and may be missed where it was. The first folder
        # comes last, so that it is the one that the server tells of.
        for name in [] if alone else [*(name for name in differing if name != names[0]), names[0]]:
            self._follow(inbox, name, flags=False)
        if names != self._kept:
            inbox.keep_folders(names)
            self._folders = {name: folder for name, folder in self._folders.items() if name in names}
            self._kept = names
        self._next_poll = monotonic() + self._settings.poll_seconds
        if flags:
            self._next_compare = monotonic() + self._compare

    def _follow(self, inbox: Inbox, name: str, *, flags: bool, compare: bool = True) -> bool:
        folder = self._folders.get(name) or Folder(inbox, name, self._size_limit)
        try:
            complete = folder.follow(self._connection, compare_flags=flags, compare=compare)
        except NoFolder:
            self._folders.pop(name, None)
            self._missing.append(name)
            return True
        self._folders[name] = folder
        return complete

    def _complain(self) -> None:
        server = f"the mail server {self._settings.host}:{self._settings.port}"
        if self._missing:
            raise SourceError(
                f"{server} does not open the folder {' and '.join(map(repr, dict.fromkeys(self._missing)))}: choose "
                "others, or see that it is still there"
            )
        for name in self._names:
            if withheld := self._folders[name].withheld:
                raise SourceError(
                    f"{server} lists {withheld} messages in the folder '{name}' that it does not give: it is tried "
                    "again; if it stays so, move them to another folder"
                )

    def _chosen(self) -> list[str]:
        if self._settings.folders == "all":
            listed = [name for name, flags in self._connection.folders() if not flags & _LEFT_OUT]
            names = sorted({INBOX if name.upper() == INBOX else name for name in listed} | {INBOX})
        else:
            names = list(self._settings.folders)
        return sorted(names, key=lambda name: name != INBOX)
