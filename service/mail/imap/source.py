"""A mailbox on an IMAP server as a source.

One connection for all folders: IDLE tells of the first one, which is the inbox, within moments; the others are looked
at every `poll_seconds`. Providers allow few connections at a time, and mail that waits for an answer is in the inbox.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from service.mail.imap.connection import Connection
from service.mail.imap.interrupt import Interrupt
from service.mail.imap.session import Session
from service.mail.imap.wire import TIMEOUT

if TYPE_CHECKING:
    from service.mail.imap.settings import ImapSettings
    from service.mail.source import Inbox

_REISSUE = 540.0
"""Seconds of one IDLE: a server may end it after 30 minutes (RFC 2177), a router forgets a silent connection sooner."""
_AT_LEAST = 0.5
"""Seconds of one IDLE, however much a server says that tells of no change."""
_COMPARE = 300.0


class Imap:
    """The mailbox that `settings` and `password` open.

    With `private` the server may be in this machine or in a private network. `size_limit` is in bytes: a larger
    message comes by its header. `timeout` (of each answer), `reissue` (of IDLE) and `compare` (all flags, without
    CONDSTORE) are in seconds.
    """

    def __init__(
        self,
        settings: ImapSettings,
        password: str,
        *,
        private: bool,
        size_limit: int,
        timeout: float = TIMEOUT,
        reissue: float = _REISSUE,
        compare: float = _COMPARE,
    ) -> None:
        self._settings = settings
        self._password = password
        self._private = private
        self._size_limit = size_limit
        self._timeout = timeout
        self._reissue = reissue
        self._compare = compare
        self._interrupt = Interrupt()
        self._session: Session | None = None

    def sync(self, inbox: Inbox) -> None:
        """Bring what is new, changed or gone; connect first where there is no connection."""
        try:
            if self._session is None:
                self._session = self._connect()
            self._session.follow(inbox)
        except BaseException:
            self._drop()
            raise

    def wait(self, timeout: float) -> None:
        """Return when the server tells of a change, or when it is time to look."""
        until = monotonic() + timeout
        try:
            while (left := until - monotonic()) > 0:
                session = self._session
                if session is None or not session.can_listen:
                    self._interrupt.wait(min(left, session.next_look - monotonic()) if session else left)
                    return
                left = min(left, session.next_look - monotonic())
                if left <= 0:
                    return
                rested = monotonic() + min(left, self._reissue, _AT_LEAST)
                if session.listen(min(left, self._reissue), self._interrupt.reader):
                    return
                if self._interrupt.wait(rested - monotonic()):
                    return
        except BaseException:
            self._drop()
            raise
        finally:
            if self._interrupt.clear() and self._session is not None:
                self._session.look_at_all()  # who asks for a sync means every folder

    def interrupt(self) -> None:
        """Have a `wait` return."""
        self._interrupt.set()

    def close(self) -> None:
        """Let go of the connection."""
        self._drop()
        self._interrupt.close()

    def _connect(self) -> Session:
        connection = Connection(
            self._settings,
            self._password,
            private=self._private,
            size_limit=self._size_limit,
            timeout=self._timeout,
        )
        return Session(connection, self._settings, size_limit=self._size_limit, compare=self._compare)

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
