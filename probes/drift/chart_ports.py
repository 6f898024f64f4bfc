"""The ports that a chart makes the service listen on, as far as its templates say so without being rendered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from probes.drift import judge
from probes.drift.outline import outlines
from probes.drift.yaml_text import Value, YamlError, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree

_NAMES = ("PORT", "MANAGEMENT_PORT")
_FROM_VALUES = re.compile(r"[\"']?(?:\{\{-?|\()?[^{}()]*?([$\w]*)\.([\w.]+)[^{}()]*(?:\}\}|\))?[\"']?")
_ALIAS = re.compile(r"\$(\w+)\s*:=\s*[$\w.]*?\.?Values((?:\.\w+)*)\s*-?\}\}")
_PAIR = re.compile(r"\"(MANAGEMENT_PORT|PORT)\"\s+(\([^()]*\)|\S+)")
_COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}|^[ \t]*#[^\n]*", re.DOTALL | re.MULTILINE)


def values(tree: Tree, chart: str | None) -> Value | None:
    """The default values of a chart, if they can be read."""
    path = f"{chart}/values.yaml"
    if chart is None or not tree.has(path):
        return None
    try:
        return next(iter(documents(path, tree.read(path))), None)
    except YamlError:
        return None


def ports(tree: Tree, chart: str | None, given: Value | None) -> list[int]:
    """The numbers of PORT and MANAGEMENT_PORT, PORT first; none when a template sets one in a way that is not known."""
    if chart is None:
        return [judge.DEFAULT_PORT]
    templates = [path for path in tree.files if path.startswith(f"{chart}/templates/") and not path.endswith(".txt")]
    texts = [_COMMENT.sub("", tree.read(path)) for path in templates]
    found: list[int] = []
    for name in _NAMES:
        numbers = {
            port for text in texts for told in _told(name, text) if (port := number(told, given, text)) is not None
        }
        mentioned = any(re.search(rf"(?<![\w.$]){name}\b", text) for text in texts)
        if mentioned and not numbers:
            return []
        found += sorted(numbers) or ([judge.DEFAULT_PORT] if name == "PORT" else [])
    return found


def _told(name: str, text: str) -> Iterator[str]:
    """What a template gives to a variable: as a variable of the container, as a key, or in a `dict`."""
    for entries in outlines(text):
        for entry in entries:
            if entry.key == name:
                yield entry.value
            elif entry.key == "name" and entry.value.strip("\"'") == name:
                yield from (one.value for one in entries if one.item == entry.item and one.key == "value")
    yield from (match[2] for match in _PAIR.finditer(text) if match[1] == name)


def number(text: str, given: Value | None, template: str = "") -> int | None:
    """A number that is written there, or that the default values give it; `template` knows other names for those."""
    if (match := _FROM_VALUES.fullmatch(text)) and given:
        aliases = {f"${name}": path for name, path in _ALIAS.findall(template)}
        root, path = match[1], match[2]
        path = path.removeprefix("Values.") if root in ("", "$", "$root") else f"{aliases.get(root, '.?')}.{path}"
        text = given.at(*path.strip(".").split(".")) or ""
    text = text.strip("\"'")
    return int(text) if text.isascii() and text.isdigit() else None
