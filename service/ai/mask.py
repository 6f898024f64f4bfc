"""Personal data, masked before it leaves and put back afterwards."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_NAMES = 60  # each costs a little at every character
_SHORTEST_NAME = 2
_ARTICLES = frozenset(
    {"a", "an", "and", "at", "das", "de", "del", "der", "des", "die", "el", "for", "from", "la", "las", "le", "les"}
    | {"los", "of", "the", "to", "und", "van", "von", "y"}
)
_EAST_ASIAN = "\u2e80"  # from here on, words have no blanks between them
# Every repetition is bounded, so that the time is linear in the text.
_PATTERNS = {
    "LINK": r"(?:https?://|www\.)[^\s<>\"']{1,2000}",
    "EMAIL": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}",
    "IBAN": r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?(?!\w)",
    "CARD": r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])",
    "PHONE": r"(?<!\w)(?!\d{1,4}(?P<dot>[./-])\d{1,2}(?P=dot)\d{2,4}(?!\d))"  # a date is none
    r"(?:\+\d|\(\+?\d|0[\d(]|\d{3}[ .-]\d{3}[ .-]\d{4})(?:[ ()./-]{0,3}\d){5,14}(?!\w)",
}
KINDS = (*_PATTERNS, "NAME")


class Mask:
    """Placeholders for what a text says of people: the same for the same words, and none that the text has already."""

    def __init__(self, text: str, names: Iterable[str] = ()) -> None:
        self._tag = secrets.token_hex(3)
        while self._tag in text:
            self._tag = secrets.token_hex(3)
        named = {**_PATTERNS, "NAME": _any_of(names)}  # a name within an address is a part of that
        self._wanted = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in named.items() if pattern))
        self._ours = re.compile(rf"\[(?:{'|'.join(KINDS)})_\d{{1,9}}_{self._tag}\]")
        self._placeholders: dict[str, str] = {}
        self._words: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """The text with placeholders."""
        return self._wanted.sub(lambda found: self._placeholder(str(found.lastgroup), found[0]), text)

    def unmask(self, text: str) -> str:
        """The text with the words again. Raises `ValueError` for a placeholder that was never given."""

        def words(found: re.Match[str]) -> str:
            if found[0] not in self._words:
                raise ValueError("a placeholder that was not given")
            return self._words[found[0]]

        return self._ours.sub(words, text)

    def _placeholder(self, kind: str, words: str) -> str:
        if words not in self._placeholders:
            placeholder = f"[{kind}_{len(self._words) + 1}_{self._tag}]"
            self._placeholders[words] = placeholder
            self._words[placeholder] = words
        return self._placeholders[words]


def references(text: str) -> set[str]:
    """The links and addresses in a text, folded, by which an answer is held to its mail."""
    found = re.finditer(f"{_PATTERNS['LINK']}|{_PATTERNS['EMAIL']}", text)
    return {one[0].rstrip(".,;:!?)]").casefold() for one in found}


def _any_of(names: Iterable[str]) -> str:
    """A pattern for whole names and for their parts, the longer first."""
    whole = {" ".join(name.split()) for name in names}
    wanted = {one for name in whole for one in (name, *name.split()) if len(one) >= _SHORTEST_NAME}
    wanted = {name for name in wanted if name.casefold() not in _ARTICLES}
    longest_first = sorted(wanted, key=lambda name: (-len(name), name))[:_MOST_NAMES]
    return "|".join(map(_literal, longest_first))


def _literal(name: str) -> str:
    literal = rf"(?i:{re.escape(name)})"
    return literal if max(name) >= _EAST_ASIAN else rf"(?<!\w){literal}(?!\w)"
