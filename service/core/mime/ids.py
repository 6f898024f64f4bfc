"""Message-IDs (RFC 5322, 3.6.4), without their angle brackets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_IN_BRACKETS = re.compile(r"<([^<>]{1,998})>")
_BARE = re.compile(r"[^\s<>,;\"()]*+")
_LONGEST = 998  # bytes: one line (RFC 5322, 2.1.1); an index of PostgreSQL takes 2,704


def read_ids(values: Iterable[str]) -> tuple[str, ...]:
    """The Message-IDs of header values, each once; without any brackets, the words with an @ in them."""
    found: dict[str, None] = {}
    for value in values:
        in_brackets = _IN_BRACKETS.findall(value)
        for text in in_brackets or [word for word in _BARE.findall(value) if "@" in word]:
            message_id = "".join(text.split())
            if message_id and len(message_id.encode()) <= _LONGEST:
                found[message_id] = None
    return tuple(found)


def oldest_and_newest(ids: tuple[str, ...], most: int) -> tuple[str, ...]:
    """At most so many of a list of ancestors: the root, and those nearest to the message."""
    return ids if len(ids) <= most else (ids[0], *ids[len(ids) - most + 1 :])
