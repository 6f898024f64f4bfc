"""What a server's answers say (RFC 9051, 7): values that are checked, from data that is not to be trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from imapclient.datetime_util import parse_to_datetime
from imapclient.response_parser import parse_response

from service.mail.imap.wire import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NUMBER = 2**32
_MODSEQ = 2**63
_UID = re.compile(rb"[( ]UID (\d{1,10})[ )]", re.IGNORECASE)
_SIZE = re.compile(rb"[( ]RFC822\.SIZE (\d{1,19})[ )]", re.IGNORECASE)

Data = dict[bytes, Any]
"""One message's data items by their names in upper case."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A folder as EXAMINE shows it; `uidnext` and `modseq` are 0 where the server does not tell them."""

    uidvalidity: int
    uidnext: int
    exists: int
    modseq: int


def selected(answer: Mapping[bytes, Any]) -> Selected:
    """What IMAPClient made of an answer to EXAMINE. Raises `BadAnswer`."""
    return Selected(
        uidvalidity=_number(answer, b"UIDVALIDITY", 1, _NUMBER),
        uidnext=_number(answer, b"UIDNEXT", 0, _NUMBER),
        exists=_number(answer, b"EXISTS", 0, _NUMBER),
        modseq=_number(answer, b"HIGHESTMODSEQ", 0, _MODSEQ),
    )


def uids(lines: Iterable[bytes | None]) -> list[int]:
    """The numbers in the lines of answers to UID SEARCH, ascending."""
    words = {word for line in lines if line for word in line.split() if word.isdigit() and len(word) <= 10}
    return sorted(uid for word in words if 0 < (uid := int(word)) < _NUMBER)


def fetched(lines: list[Any]) -> dict[int, Data]:
    """The data of messages by UID; what comes without one is of no use."""
    parts = parse_response(lines)
    found: dict[int, Data] = {}
    for items in parts[1::2]:
        if not isinstance(items, tuple):
            raise BadAnswer("a FETCH answer without data")
        data = {name.upper(): value for name, value in zip(items[::2], items[1::2], strict=True)}
        uid = data.get(b"UID")
        if isinstance(uid, int) and 0 < uid < _NUMBER:
            found.setdefault(uid, {}).update(data)
    return found


def sizes(lines: list[Any]) -> dict[int, int]:
    """RFC822.SIZE by UID, from answers that have nothing but numbers in them."""
    found = {}
    for line in lines:
        if isinstance(line, bytes) and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
            found[int(uid[1])] = int(size[1])
    return found


def flags(data: Data) -> frozenset[str]:
    """The flags, without \\Recent, which tells of the session and not of the message."""
    found = data.get(b"FLAGS") or ()
    names = (flag.decode("ascii", "replace") if isinstance(flag, bytes) else str(flag) for flag in found)
    return frozenset(name for name in names if name != "\\Recent" and name.isprintable())


def received_at(data: Data) -> datetime:
    """INTERNALDATE in UTC; now, where the server has no usable one."""
    try:
        moment: datetime = parse_to_datetime(data[b"INTERNALDATE"], normalise=False)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (KeyError, AttributeError, TypeError, ValueError, OverflowError):
        return datetime.now(UTC)


def _number(answer: Mapping[bytes, Any], name: bytes, least: int, end: int) -> int:
    value = answer.get(name, 0)
    if not isinstance(value, int) or not least <= value < end:
        raise BadAnswer(f"EXAMINE without a usable {name.decode()}")
    return value
