"""An IMAP server that says what a test has it say: what no server that keeps the protocol can be brought to."""

from __future__ import annotations

import socket
import threading
from typing import BinaryIO, Self

GREETING = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n"
CLOSE = b"\0close"
"""An answer that ends the connection."""
USUAL = {
    "CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n%s OK .\r\n",
    "AUTHENTICATE": b"+ \r\n",
    "PASSWORD": b"%s OK .\r\n",
    "EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] .\r\n* OK [UIDNEXT 2] .\r\n%s OK [READ-ONLY] .\r\n",
    "UID SEARCH": b"* SEARCH 1\r\n%s OK .\r\n",
    "SIZES": b"* 1 FETCH (UID 1 RFC822.SIZE 3)\r\n%s OK .\r\n",
    "IDLE": b"+ idling\r\n",
    "DONE": b"%s OK .\r\n",
    "UID FETCH": b'* 1 FETCH (UID 1 INTERNALDATE "01-Feb-2024 10:00:00 +0000" BODY[] {3}\r\nabc)\r\n%s OK .\r\n',
}


class ScriptedServer:
    """Answers each command with what `answers` has for its name, or with the usual; `%s` is the command's tag.

    `usual` and `answers` are by "GREETING", "PASSWORD" (the second half of AUTHENTICATE), "SIZES" (UID FETCH of
    RFC822.SIZE) and the names of commands. What is left of several answers in a list is for the next command.
    A test may put others into `answers` between two syncs.
    """

    def __init__(self, answers: dict[str, bytes | list[bytes]]) -> None:
        self.answers: dict[str, bytes | list[bytes]] = {"GREETING": GREETING, **USUAL, **answers}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.commands: list[str] = []
        self._tag = b""
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for opened in filter(None, (self._listener, self._client)):
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # closed already
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                self._serve(client)
            except OSError:
                pass
            finally:
                client.close()

    def _serve(self, client: socket.socket) -> None:
        self._client = client
        client.settimeout(20)
        with client.makefile("rb") as lines:
            self._converse(client, lines)

    def _converse(self, client: socket.socket, lines: BinaryIO) -> None:
        name = "GREETING"
        while self._say(client, name) and (line := lines.readline()):
            words = line.decode().split()
            if name == "AUTHENTICATE":
                name = "PASSWORD"
            elif words == ["DONE"]:
                name = "DONE"  # which ends IDLE, whose tag is answered now (RFC 2177)
            else:
                self._tag = words[0].encode()
                name = " ".join(words[1:3]).upper() if words[1].upper() == "UID" else words[1].upper()
                if b"RFC822.SIZE)" in line:
                    name = "SIZES"
            self.commands.append(name)

    def _say(self, client: socket.socket, name: str) -> bool:
        found = self.answers.get(name, b"%s BAD unknown\r\n")
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        client.sendall(found.replace(b"%s", self._tag).removesuffix(CLOSE))
        return not found.endswith(CLOSE)
