"""A message as the assistant reads it: plain values, made once from the bytes by `service.core.mime`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox (RFC 5322, 3.4): the display name, "" where there is none, and the address in lower case."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not shown as text: its name and type as declared, and its size in bytes once decoded."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Email:
    """A parsed message. Every text is Unicode without NUL and without lone surrogates; times are in UTC."""

    message_id: str = ""
    """Message-ID without its angle brackets; "" where there is none."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """Message-IDs of the ancestors, the oldest first, each once."""
    subject: str = ""
    sender: Address | None = None
    """The first mailbox of From."""
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    sent: datetime | None = None
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every header by its name in lower case: decoded, unfolded values, in their order."""
    text: str = ""
    """All that a person would read, as plain text; made from the HTML where there is no plain part."""
    html: str = ""
    """The HTML part, sanitised; "" where there is none."""
    body: str = ""
    """What the sender wrote now: `text` without quoted replies and without the signature."""
    quoted: str = ""
    signature: str = ""
    attachments: tuple[Attachment, ...] = ()
    defects: tuple[str, ...] = ()
    """What is wrong with the message, in words, without quoting its content."""

    def header(self, name: str) -> str:
        """The first value of a header, "" where there is none; `name` in lower case."""
        values = self.headers.get(name, ())
        return values[0] if values else ""
