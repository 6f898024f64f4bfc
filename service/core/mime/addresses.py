"""Address lists (RFC 5322, 3.4), as they are really written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.email import Address
from service.core.mime.words import decode_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r'(?P<quoted>"(?P<text>(?:[^"\\]++|\\.)*+)"?)|(?P<angle><[^<>]*+>?)|(?P<blank>\s++)'
    r'|(?P<special>[(),:;>])|(?P<atom>[^"<>(),:;\s]++)',
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LONGEST = 320  # characters: 64 before the @, 255 behind it (RFC 5321, 4.5.3.1)


def read_addresses(value: str) -> Iterator[Address]:
    """The mailboxes of a header value that is not yet decoded: those of groups too, none without an address."""
    if value.replace('\\"', "").count('"') % 2:
        value = " ".join(value.rsplit('"', 1))  # a quote that is never closed would swallow the address
    mailbox = _Mailbox()
    comment: list[str] = []
    depth = 0
    for token in _TOKEN.finditer(value):
        kind, text = token.lastgroup, token[0]
        if text == "(" or depth:
            depth += {"(": 1, ")": -1}.get(text, 0)
            comment.append(text)
            if depth == 0:
                mailbox.comment = "".join(comment)[1:-1]
                comment = []
        elif kind == "quoted":
            mailbox.add(text, _ESCAPED.sub(r"\1", token["text"]))
        elif kind == "angle":
            mailbox.angle = (mailbox.angle or "") + text.strip("<>")
        elif kind == "blank":
            mailbox.end_word()
        elif kind == "atom":
            mailbox.add(text, text)
        elif text in ",;":
            yield from mailbox.finished()
            mailbox = _Mailbox()
        elif text == ":" and mailbox.angle is None:
            mailbox = _Mailbox()  # the name of a group
    yield from mailbox.finished()


class _Mailbox:
    """One mailbox while it is read."""

    def __init__(self) -> None:
        self.angle: str | None = None
        self.comment = ""
        self._words: list[tuple[str, str]] = []
        self._raw: list[str] = []
        self._shown: list[str] = []

    def add(self, raw: str, shown: str) -> None:
        self._raw.append(raw)
        self._shown.append(shown)

    def end_word(self) -> None:
        if self._raw:
            self._words.append(("".join(self._raw), "".join(self._shown)))
            self._raw, self._shown = [], []

    def finished(self) -> Iterator[Address]:
        self.end_word()
        address = self._bare_address() if self.angle is None else self.angle
        if address.startswith("@"):
            address = address.rpartition(":")[2]  # the obsolete route (RFC 5322, 4.4)
        address = decode_words(address).lower()
        address = (" " if '"' in address else "").join(address.split())
        if address and len(address) <= _LONGEST:
            name = decode_words(" ".join(shown for _, shown in self._words)) or decode_words(self.comment)
            yield Address(" ".join(name.split()), address)

    def _bare_address(self) -> str:
        """The word with an @ in it, or the only word: a local user."""
        for index, (raw, _) in enumerate(self._words):
            local, _, domain = raw.rpartition("@")
            if local and domain and '"' not in domain:
                return self._words.pop(index)[0]
        return self._words.pop()[0] if len(self._words) == 1 and '"' not in self._words[0][0] else ""
