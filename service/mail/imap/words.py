"""What went wrong with a server, in sentences for the account's owner; a server's own words are not among them."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.mail.imap.wire import BadAnswer
from service.mail.source import NeedsReauth, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CODE = re.compile(r"\[([A-Z-]{1,40})[ \]]")
_GARBAGE = (
    " command error: BAD",
    "unexpected response",
    "unexpected tagged response",
    "unterminated line",
    "compliant",
)
"""What imaplib's errors have in them when a server breaks the protocol."""
_NO_IMAP = "see that host and port are those of an IMAP server"
_LATER = {"CONTACTADMIN", "INUSE", "LIMIT", "OVERQUOTA", "SERVERBUG", "UNAVAILABLE"}
"""Response codes (RFC 5530) that do not say that the credentials are wrong."""
_BUSY = re.compile("too many|try again|temporar", re.IGNORECASE)
"""What servers without such codes say instead; Gmail does, of too many connections."""


@contextmanager
def in_words(server: str) -> Iterator[None]:
    """Turns whatever a connection to `server` (HOST:PORT) raises into `SourceError`."""
    try:
        yield
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"the mail server {server} {_what(error)}") from error


def refused(server: str, error: imaplib.IMAP4.error) -> SourceError:
    """What a refused login means: `NeedsReauth` unless the server says that it is for another reason."""
    said = str(error)
    found = _CODE.search(said)
    code = found[1] if found else ""
    is_bad = " command error: BAD" in said
    if code in _LATER or is_bad or _BUSY.search(said):
        reason = code or ("BAD" if is_bad else "NO")
        return SourceError(f"the mail server {server} lets nobody in now ({reason}): it is asked again later")
    return NeedsReauth(
        f"the mail server {server} refuses the user name or the password{f' ({code})' if code else ''}: enter them "
        "again; some providers want a password made for this one application"
    )


def _what(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "is not found: see that its name is spelled as the provider says, and that names are resolved here"
        case ssl.SSLCertVerificationError():
            return (
                f"shows a certificate that is not trusted ({error.verify_message}): use the name that the certificate "
                "was made for, or have the operator add the authority that signed it to SSL_CERT_FILE"
            )
        case ssl.SSLError():
            return (
                "does not speak TLS as it should: 'tls' goes with port 993 as a rule, 'starttls' with port 143 "
                f"({error.reason or 'no reason given'})"
            )
        case TimeoutError():
            return "does not answer: see that host and port are right and that a firewall lets them through"
        case ConnectionRefusedError():
            return "refuses the connection: see that the port is right and that the server runs"
        case OSError():
            reason = error.strerror or type(error).__name__
            return f"is not reached, or the connection is lost ({reason}): it is tried again"
        case BadAnswer():
            return f"answers in a way that is no IMAP ({error}): {_NO_IMAP}"
        case imaplib.IMAP4.error() if not any(sign in str(error) for sign in _GARBAGE):
            return "breaks off or refuses what it was asked: it is tried again"
        case _:
            return f"answers in a way that is no IMAP: {_NO_IMAP}"
