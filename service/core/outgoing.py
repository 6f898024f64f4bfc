"""A reply as the message that is sent (RFC 5322)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_ID = re.compile(r"[!-;=?-~]{1,990}")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(
    rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)"
)  # RFC 5322, 3.4.1
_POLICY = SMTP.clone(max_line_length=998)  # a Message-ID that is longer than a usual line has to stay in one piece


class Unsendable(ValueError):
    """A reply that cannot be a message; the sentence is for its writer."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply; Message-IDs without angle brackets, people as `(name, address)`."""

    sender: str
    to: Sequence[tuple[str, str]]
    subject: str
    text: str
    message_id: str
    in_reply_to: str
    references: Sequence[str]


def compose(reply: Outgoing, at: datetime) -> bytes:
    """The message. Raises `Unsendable`."""
    if not reply.to:
        raise Unsendable("the draft is addressed to nobody: name somebody first")
    message = EmailMessage(_POLICY)
    message["From"] = _address("", reply.sender)
    message["To"] = [_address(*one) for one in reply.to]
    message["Subject"] = _line(reply.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{reply.message_id}>"
    references = [one for one in reply.references if _ID.fullmatch(one)]
    if _ID.fullmatch(reply.in_reply_to):
        message["In-Reply-To"] = f"<{reply.in_reply_to}>"
        references = [*(one for one in references if one != reply.in_reply_to), reply.in_reply_to]
    if references:
        message["References"] = " ".join(f"<{one}>" for one in references)
    message.set_content(reply.text)
    return message.as_bytes()


def _address(name: str, address: str) -> Address:
    found = _ADDRESS.fullmatch(address)
    if found is None or len(address) > 254:
        raise Unsendable("one of the addresses of the draft is none that mail can be sent to: write it anew")
    return Address(_line(name), found["local"], found["domain"])


def _line(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
