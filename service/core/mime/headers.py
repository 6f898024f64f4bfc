"""A header block: its fields, unfolded (RFC 5322, 2.2), and where the body begins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from service.core.mime.charset import decode, storable
from service.core.mime.words import decode_words

if TYPE_CHECKING:
    from service.core.mime.limits import Defects, Limits

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_ENVELOPE = re.compile(rb">?From [^\n]*\n")  # the line that mbox files put before a message
_FOLD = re.compile(r"\s*\n\s*")


class Headers:
    """The fields of one part, by name in lower case, unfolded and not yet decoded."""

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        """Add a field behind those of the same name."""
        self._fields.setdefault(name, []).append(value)

    def first(self, name: str) -> str:
        """The first value, "" where there is none; encoded words are still encoded."""
        values = self._fields.get(name)
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        """All values, in their order; encoded words are still encoded."""
        return self._fields.get(name, [])

    def decoded(self) -> dict[str, tuple[str, ...]]:
        """Every field, decoded."""
        return {name: tuple(map(decode_words, values)) for name, values in self._fields.items()}

    def __bool__(self) -> bool:
        return bool(self._fields)


def read_headers(data: bytes, start: int, end: int, limits: Limits, defects: Defects) -> tuple[Headers, int]:
    """The headers of the part in `data[start:end]`, whose lines end with LF, and where its body begins.

    A line that is no field is left out; where only such lines are left, they are the body (its blank line is missing).
    """
    headers = Headers()
    envelope = _ENVELOPE.match(data, start, end)
    at = envelope.end() if envelope else start
    if data.startswith(b"\n", at, end):
        return headers, at + 1
    blank = data.find(b"\n\n", at, end)
    stop, body = (blank + 1, blank + 2) if blank >= 0 else (end, end)
    if stop - at > limits.header_bytes:
        defects.add(f"its headers are longer than {limits.header_bytes:,} bytes; the rest of them is not read")
        stop = at + limits.header_bytes
    fields, strange = 0, -1
    while at < stop:
        field = _FIELD.match(data, at, stop)
        if field is None:
            strange = at if strange < 0 else strange
            at = data.find(b"\n", at, stop) + 1 or stop
            continue
        if strange >= 0:
            defects.add("a line among its headers is no header")
            strange = -1
        fields += 1
        if fields > limits.header_fields:
            defects.add(f"it has more than {limits.header_fields:,} header fields; the rest of them is not read")
            break
        at = field.end()
        headers.add(field[1].decode("ascii").lower(), _value(field[2], defects))
    if strange >= 0:
        defects.add("no blank line ends its headers" if headers else "it has no headers")
        return headers, strange
    return headers, body


def _value(data: bytes, defects: Defects) -> str:
    text, utf8 = decode(data, "utf-8")
    if not utf8:
        defects.add("a header holds bytes that are not UTF-8")
    text = storable(text).strip()
    return _FOLD.sub(" ", text) if "\n" in text else text
