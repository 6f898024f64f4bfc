"""How much of one message is read; the rest becomes a defect in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Limits:
    """Far above what honest mail has, and low enough that no message costs more than a second or two."""

    header_bytes: int = 262_144
    """Of one header block, unfolded or not."""
    header_fields: int = 2_000
    """Of one header block."""
    addresses: int = 1_000
    """Of one header."""
    references: int = 100
    """Of the ancestors; the oldest one and the newest stay."""
    parts: int = 1_000
    depth: int = 20
    """Multiparts within multiparts."""
    text: int = 1_000_000
    """Characters of text, and as many of HTML."""
    html: int = 4_000_000
    """Characters of sanitised HTML, which has the tags that lacked."""
    tags: int = 15_000
    """Of all the HTML; building the tree of an HTML document takes quadratic time where elements are not closed."""
    entities: int = 40_000


LIMITS = Limits()


class Defects:
    """What is found wrong with one message: sentences, each once, in the order of their discovery."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Note a sentence about the message; it never quotes the message."""
        self._sentences[sentence] = None

    def __iter__(self) -> Iterator[str]:
        return iter(self._sentences)
