"""The protocol's lines and literals on a socket, with bounds on what a server may have us read and wait for."""

from __future__ import annotations

import imaplib
import ssl
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from _typeshed import ReadableBuffer

TIMEOUT = 30.0
"""Seconds that a server may be silent while we wait for its answer."""
_ANSWER = 600.0
"""Seconds for a whole answer: 10 MB at 17 KB/s."""
_TEXT = 10_000_000
"""Bytes of an answer's lines: a list of a million UIDs is 8 MB."""
_CHUNK = 65_536


class BadAnswer(Exception):
    """The server goes beyond the bounds or breaks the protocol."""


class Wire(imaplib.IMAP4):
    """A connection that `connect` opens. `literals` bounds the bytes of messages in one answer.

    What is sent begins a new answer. `timeout` is for each step of it, in seconds.
    """

    def __init__(self, connect: Callable[[], socket.socket], host: str, literals: int, timeout: float) -> None:
        self._connect_now = connect
        self._timeout = timeout
        self._literals = literals
        self._buffer = bytearray()
        self._begin()
        super().__init__(host)

    def read(self, size: int) -> bytes:
        """A literal of `size` bytes."""
        self._literals_left -= size
        if self._literals_left < 0:
            raise BadAnswer(f"a literal of {size} bytes is more than was asked for")
        while len(self._buffer) < size:
            self._receive()
        return self._take(size)

    def readline(self) -> bytes:
        """A line with its end."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > self._text_left:
                break
            self._receive()
        size = (end if end >= 0 else searched) + 1
        self._text_left -= size
        if self._text_left < 0:
            raise BadAnswer("the lines of an answer have no end")
        return self._take(size)

    def send(self, data: ReadableBuffer) -> None:
        """Send, and be ready for an answer."""
        self._begin()
        super().send(data)

    def secure(self, context: ssl.SSLContext) -> None:
        """Go on with TLS (STARTTLS). What came before is forgotten: anybody may have written it."""
        done, _ = self.xatom("STARTTLS")
        if done != "OK" or self._buffer:
            raise BadAnswer("STARTTLS is refused or followed by plain text")
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)
        _, found = self.capability()
        self.capabilities = tuple(found[-1].decode("ascii").upper().split())

    def has_more(self) -> bool:
        """Whether there is something to read that the socket does not show."""
        return bool(self._buffer) or (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0)

    def end(self) -> None:
        """Close the connection without a word; never raises."""
        try:
            self.shutdown()
        except OSError:
            pass

    def _create_socket(self, timeout: float | None) -> socket.socket:  # noqa: ARG002  # the socket has one
        opened = self._connect_now()
        opened.settimeout(self._timeout)
        return opened

    def _begin(self) -> None:
        self._until = monotonic() + _ANSWER
        self._text_left = _TEXT
        self._literals_left = self._literals

    def _receive(self) -> None:
        if monotonic() > self._until:
            raise TimeoutError
        received = self.sock.recv(_CHUNK)
        if not received:
            raise ConnectionAbortedError(0, "the server closed it")
        self._buffer += received

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    if TYPE_CHECKING:
        # What IMAPClient uses of its superclass, too.
        def _command(self, name: str, *args: str) -> bytes: ...
        def _command_complete(self, name: str, tag: bytes) -> tuple[str, list[Any]]: ...
        def _get_response(self) -> bytes | None: ...
