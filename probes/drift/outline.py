"""The outline of YAML that is still a Go template: its lines, each with the keys above it. It takes any text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEPARATOR = re.compile(r"^---[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", re.DOTALL)
_ONLY_TEMPLATE = re.compile(r"\s*(?:-\s+)?\{\{.*\}\}\s*")
_KEY = re.compile(r"(?P<key>\"[^\"]*\"|'[^']*'|[A-Za-z_][\w./-]*)\s*:(?:\s+(?P<value>.*))?")
_TRAILING_COMMENT = re.compile(r"\s+#.*")


class Entry(NamedTuple):
    """A key with its text value (empty when the value is below it) or a list's scalar, which has no key.

    `above` are the keys that lead here; `item` counts list items, so that siblings in one item can be told apart.
    """

    line: int
    above: tuple[str, ...]
    item: int
    key: str
    value: str

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to the value."""
        return (*self.above, self.key)


class _Level(NamedTuple):
    indent: int
    key: str
    item: int


def outlines(text: str, line: int = 1) -> Iterator[list[Entry]]:
    """The outline of each document of a text whose first line has the number `line`."""
    for part in _SEPARATOR.split(text):
        yield outline(part, line)
        line += part.count("\n")


def outline(text: str, line: int = 1) -> list[Entry]:
    """The entries of one document, whose first line has the number `line`."""
    text = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    found: list[Entry] = []
    levels: list[_Level] = []
    items = 0
    for number, current in enumerate(text.splitlines(), line):
        bare = current.strip()
        if not bare or bare.startswith("#"):
            continue
        indent = len(current) - len(current.lstrip())
        is_item = bare.startswith("- ")
        while bare.startswith("- "):
            # A list may stand at the indentation of its key.
            levels = [level for level in levels if level.indent < indent or (level.indent == indent and level.key)]
            after = bare[2:].lstrip()
            indent += len(bare) - len(after)
            bare = after
            items += 1
            levels.append(_Level(indent - 1, "", items))
        if _ONLY_TEMPLATE.fullmatch(current) and not is_item:
            continue
        bare = _without_comment(bare)
        match = None if bare.startswith("{{") else _KEY.fullmatch(bare)
        levels = [level for level in levels if level.indent < indent]
        above = tuple(level.key for level in levels if level.key)
        item = levels[-1].item if levels else 0
        if match:
            key, value = match["key"].strip("\"'"), (match["value"] or "").strip()
            found.append(Entry(number, above, item, key, value))
            if not value or value.startswith(("{{", "&", "|", ">")):
                levels.append(_Level(indent, key, item))
        elif is_item:
            found.append(Entry(number, above, item, "", bare))
    return found


def _without_comment(text: str) -> str:
    return text if text.startswith(("'", '"', "[")) and "#" in text else _TRAILING_COMMENT.sub("", text)


def words(entry: Entry, entries: list[Entry]) -> list[str]:
    """The list that an entry holds, in brackets on its line or as items below it; templates stay as they are."""
    if entry.value.startswith("["):
        return _bracketed(entry.value)
    if entry.value and not entry.value.startswith("{{"):
        return [_unquoted(entry.value)]
    below = [one for one in entries if one.line > entry.line and one.key == "" and one.above == entry.path]
    stop = min(
        (one.line for one in entries if one.line > entry.line and one.above[: len(entry.path)] != entry.path), default=0
    )
    return [_unquoted(one.value) for one in below if not stop or one.line < stop]


def _bracketed(text: str) -> list[str]:
    try:
        parsed = json.loads(text)
        return [str(word) for word in parsed] if isinstance(parsed, list) else []
    except (ValueError, RecursionError):
        inner = text.strip().removeprefix("[").removesuffix("]")
        return [_unquoted(word.strip()) for word in inner.split(",") if word.strip()]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
