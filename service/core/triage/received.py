"""How the message came here: the trace that servers leave (RFC 5321, 4.4), the topmost last in time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from service.core.domains import organisation

HOPS = 8
"""Received headers that are read, from the topmost."""
_HOST = r"(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}"
_BY = re.compile(rf"\bby ({_HOST})(?![\w.-])")
_FROM = re.compile(r"^from (\S{1,253})")
_KNOWN_AS = re.compile(rf"\((?:[\w-]{{1,64}}@)?({_HOST})\.? ?\[")
# qmail and Exim put the name that they found first, before the address.
_FOUND_FIRST = re.compile(
    rf"^from ({_HOST}) \((?:helo [^\s()]{{1,253}} ?\) ?\()?(?:\d{{1,3}}\.){{3}}\d{{1,3}}\)"
    rf"|^from ({_HOST}) \(\[[\d.]{{7,15}}\] helo="
)
_NUMBER = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_PRIVATE = re.compile(r"(?:127|10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.")


@dataclass(frozen=True, slots=True)
class Hop:
    """One server that handed the message to another; the organisations of host names, "" where there is none."""

    helo: str
    """What the server called itself."""
    name: str
    """What its address is known as (reverse DNS)."""
    by: str
    """Who took the message."""
    public: bool
    """Whether it has an address on the Internet, so that a name is due."""


def hops(values: tuple[str, ...]) -> tuple[Hop, ...]:
    """The hops of the first `HOPS` Received headers."""
    return tuple(_hop(value[:1000].casefold()) for value in values[:HOPS])


def received_at(values: tuple[str, ...]) -> datetime | None:
    """When the topmost server took the message, in UTC; None where it does not say."""
    if not values:
        return None
    try:
        found = parsedate_to_datetime(values[0].rpartition(";")[2].strip()[:100])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _hop(value: str) -> Hop:
    called, by = _FROM.search(value), _BY.search(value)
    helo = organisation(called[1]) if called and "." in called[1] and not _NUMBER.search(called[1]) else ""
    before_by = value[: by.start()] if by else value
    address = _NUMBER.search(before_by) if called else None
    public = bool(address) and not _PRIVATE.match(address.group() if address else "")
    return Hop(helo, _name(before_by), organisation(by[1]) if by else "", public)


def _name(value: str) -> str:
    known = _KNOWN_AS.search(value) or _FOUND_FIRST.search(value)
    return organisation(known[known.lastindex or 1]) if known else ""
