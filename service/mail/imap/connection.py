"""A connection that is logged in: the few commands that following a mailbox takes, and none that changes it."""

from __future__ import annotations

import imaplib
import select
import ssl
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient, SocketTimeout

from service.mail.batches import BYTES
from service.mail.imap import answers
from service.mail.imap.address import connect
from service.mail.imap.wire import TIMEOUT, BadAnswer, Wire
from service.mail.imap.words import in_words, refused
from service.mail.source import NeedsReauth, SourceError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from service.mail.imap.settings import ImapSettings

WHOLE = "(UID FLAGS INTERNALDATE BODY.PEEK[])"
FLAGS = "(UID FLAGS)"
_LONGEST_NAME = 500  # characters of a folder's name; an index of PostgreSQL takes 2,704 bytes
_CHANGES = {"EXISTS", "EXPUNGE", "FETCH", "VANISHED"}


class NoFolder(Exception):
    """The server does not open the folder."""


class Connection:
    """Opened and logged in when it is made. Everything raises `SourceError`; then the connection is of no more use."""

    def __init__(
        self, settings: ImapSettings, password: str, *, private: bool, size_limit: int, timeout: float = TIMEOUT
    ) -> None:
        self._server = f"{settings.host}:{settings.port}"
        with in_words(self._server):
            self._client = _Client(settings, private=private, literals=2 * (size_limit + BYTES), timeout=timeout)
            try:
                _log_in(self._client, settings, password)
                if self._client.has_capability("ENABLE") and self._client.has_capability("CONDSTORE"):
                    self._client.enable("CONDSTORE")
                self.has_idle = self._client.has_capability("IDLE")
            except BaseException:
                self.close()
                raise
        self.selected = ""
        self._exists = 0

    def folders(self) -> list[tuple[str, set[bytes]]]:
        """The names of all folders that can be opened, with their attributes (RFC 6154), in lower case."""
        with in_words(self._server):
            listed = [(str(name), {flag.lower() for flag in flags}) for flags, _, name in self._client.list_folders()]
        closed = {b"\\noselect", b"\\nonexistent"}
        return [(name, flags) for name, flags in listed if not flags & closed and _is_usable(name)]

    def examine(self, folder: str) -> answers.Selected:
        """Open a folder to read. Raises `NoFolder` too."""
        self.selected = ""
        with in_words(self._server):
            try:
                found = answers.selected(self._client.select_folder(folder, readonly=True))
            except imaplib.IMAP4.error as error:
                if isinstance(error, imaplib.IMAP4.abort) or "select failed" not in str(error):
                    raise
                found = None
            self._client.wire.untagged_responses.clear()  # from here on they tell what has changed since
        if found is None:
            raise NoFolder
        self.selected = folder
        self._exists = found.exists
        return found

    def search(self, criteria: str) -> list[int]:
        """The UIDs of the messages that are meant, ascending."""
        with in_words(self._server):
            done, lines = self._client.wire.uid("SEARCH", criteria)
            if done != "OK":
                raise BadAnswer("SEARCH is refused")
            return answers.uids(lines)

    def ask(self, uids: str, items: str, *modifiers: str) -> bytes:
        """Ask for data of messages; `answer` gives it. Several questions may be under way."""
        with in_words(self._server):
            return self._client.wire._command("UID", "FETCH", uids, items, *modifiers)

    def answer(self, asked: bytes) -> dict[int, answers.Data]:
        """The data by UID of the first question that has not been answered; messages that are gone have none."""
        with in_words(self._server):
            return answers.fetched(self._lines(asked))

    def fetch(self, uids: str, items: str, *modifiers: str) -> dict[int, answers.Data]:
        """Ask and wait for the answer."""
        return self.answer(self.ask(uids, items, *modifiers))

    def sizes(self, uids: str) -> dict[int, int]:
        """The sizes of whole messages by UID, in bytes."""
        asked = self.ask(uids, "(UID RFC822.SIZE)")
        with in_words(self._server):
            return answers.sizes(self._lines(asked))

    def idle(self, timeout: float, interrupt: socket.socket) -> set[str]:
        """IDLE in the folder that was examined last (RFC 2177), for at most `timeout` seconds.

        Returns what has changed since then, such as {"EXISTS"}: at once when something has, and nothing when
        `interrupt` became readable.
        """
        with in_words(self._server):
            wire = self._client.wire
            if not self._changes():
                tag = wire._command("IDLE")
                while wire._get_response() is not None:
                    if wire.tagged_commands[tag] is not None:
                        raise BadAnswer("IDLE is refused")
                if not self._changes() and not wire.has_more():
                    poll = select.poll()
                    poll.register(wire.sock, select.POLLIN)
                    poll.register(interrupt, select.POLLIN)
                    poll.poll(timeout * 1000)
                wire.send(b"DONE\r\n")
                wire._command_complete("IDLE", tag)
            return self._changes()

    def close(self) -> None:
        """End it without a word; never raises."""
        self._client.wire.end()

    def _lines(self, asked: bytes) -> list[Any]:
        wire = self._client.wire
        wire._command_complete("FETCH", asked)  # NO when some are gone: what there is has come nevertheless
        return wire.untagged_responses.pop("FETCH", [])

    def _changes(self) -> set[str]:
        told = self._client.wire.untagged_responses
        changes = _CHANGES & told.keys()
        if told.get("EXISTS", [b""])[-1] == str(self._exists).encode():
            changes.discard("EXISTS")  # said again, with no other number
        return changes


class _Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient on a connection of ours."""

    def __init__(self, settings: ImapSettings, *, private: bool, literals: int, timeout: float) -> None:
        self._settings = settings
        self._private = private
        self._literals = literals
        super().__init__(settings.host, settings.port, ssl=False, timeout=SocketTimeout(timeout, timeout))
        self.wire.debug = 0  # or each message would be formatted for a log

    @property
    def wire(self) -> Wire:
        imap: Wire = self._imap
        return imap

    def _create_IMAP4(self) -> Wire:  # noqa: N802
        settings = self._settings
        context = ssl.create_default_context()

        def opened() -> socket.socket:
            plain = connect(settings.host, settings.port, private=self._private, clear=settings.security == "none")
            if settings.security != "tls":
                return plain
            plain.settimeout(self._timeout.read)
            return context.wrap_socket(plain, server_hostname=settings.host)

        wire = Wire(opened, settings.host, self._literals, self._timeout.read)
        if settings.security == "starttls":
            try:
                if "STARTTLS" not in wire.capabilities:
                    raise SourceError(
                        f"the mail server {settings.host}:{settings.port} has no STARTTLS: choose 'tls', which goes "
                        "with port 993 as a rule"
                    )
                wire.secure(context)
            except BaseException:
                wire.end()
                raise
        return wire


def _log_in(client: _Client, settings: ImapSettings, password: str) -> None:
    server = f"{settings.host}:{settings.port}"
    wire = client.wire
    if wire.state != "NONAUTH":
        return
    try:
        if "AUTH=PLAIN" in wire.capabilities:  # takes any character (RFC 4616)
            wire.authenticate("PLAIN", lambda _: f"\0{settings.username}\0{password}".encode())
        elif "LOGINDISABLED" in wire.capabilities:
            raise SourceError(f"the mail server {server} takes no password without TLS: choose 'tls' or 'starttls'")
        elif not f"{settings.username}{password}".isascii() or not password.isprintable():
            raise NeedsReauth(f"the mail server {server} takes a user name and a password in ASCII alone: enter others")
        else:
            wire.login(_quoted(settings.username), password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise refused(server, error) from None


def _is_usable(folder: str) -> bool:
    return folder.isprintable() and len(folder) <= _LONGEST_NAME


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def sequence_set(uids: Iterable[int]) -> str:
    """Ascending UIDs as a sequence set (RFC 9051, 4.1.1): 1, 2, 3 and 5 are 1:3,5."""
    ranges: list[list[int]] = []
    for uid in uids:
        if ranges and ranges[-1][1] == uid - 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in ranges)
