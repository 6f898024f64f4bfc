"""YAML as nodes that know their lines. PyYAML is imported here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from probes.drift.finding import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_MERGES = 20
_DEPTH = 60


class YamlError(Exception):
    """The text is not YAML; it carries the finding that says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class Value:
    """A value in a file: a mapping, a list or a scalar, which stays the text that it is written as."""

    def __init__(self, node: yaml.Node, file: str, above: int) -> None:
        self._node = node
        self._file = file
        self._above = above

    @property
    def place(self) -> Place:
        """Where the value begins."""
        return Place(self._file, self._above + self._node.start_mark.line + 1)

    @property
    def text(self) -> str | None:
        """A scalar's text, None for anything else and for null."""
        node = self._node
        if isinstance(node, yaml.ScalarNode) and node.tag != "tag:yaml.org,2002:null":
            return str(node.value)
        return None

    @property
    def text_line(self) -> int:
        """The line on which a scalar's text begins, below the `|` of a block."""
        return self.place.line + (isinstance(self._node, yaml.ScalarNode) and self._node.style in ("|", ">"))

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    def items(self, merges: int = _MERGES) -> list[tuple[str, Value]]:
        """A mapping's keys and values, with what `<<` merges into it; nothing for anything else."""
        if not isinstance(self._node, yaml.MappingNode):
            return []
        own: dict[str, Value] = {}
        merged: dict[str, Value] = {}
        for key, node in self._node.value:
            value = self._of(node)
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value == "<<" and merges:
                for source in value.elements() if value.is_list else [value]:
                    for name, inherited in source.items(merges - 1):
                        merged.setdefault(name, inherited)
            else:
                own[str(key.value)] = value
        return [*own.items(), *((name, value) for name, value in merged.items() if name not in own)]

    def get(self, *path: str) -> Value | None:
        """The value at the end of the path of keys, if it is there."""
        found: Value | None = self
        for key in path:
            found = dict(found.items()).get(key) if found else None
        return found

    def elements(self) -> list[Value]:
        """A list's elements; nothing for anything else."""
        return [self._of(node) for node in self._node.value] if isinstance(self._node, yaml.SequenceNode) else []

    def at(self, *path: str) -> str | None:
        """The text at the end of the path of keys, if it is there."""
        value = self.get(*path)
        return value.text if value else None

    def texts(self) -> list[str]:
        """The texts of a list's scalars."""
        return [value.text for value in self.elements() if value.text is not None]

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value]]:
        """Every mapping in it, this one included, with the keys that lead there."""
        yield from self._walk(path, set())

    def _walk(self, path: tuple[str, ...], seen: set[int]) -> Iterator[tuple[tuple[str, ...], Value]]:
        if id(self._node) in seen or len(path) > _DEPTH:
            return
        seen.add(id(self._node))
        items = self.items()
        if items:
            yield path, self
        for key, value in items:
            yield from value._walk((*path, key), seen)
        for value in self.elements():
            yield from value._walk(path, seen)

    def _of(self, node: yaml.Node) -> Value:
        return Value(node, self._file, self._above)


def documents(file: str, text: str, line: int = 1) -> list[Value]:
    """The documents of a text whose first line has the number `line`. Raises `YamlError`."""
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise YamlError(_unreadable(file, line + (mark.line if mark else 0), said)) from None
    except (RecursionError, ValueError) as error:
        raise YamlError(_unreadable(file, line, str(error))) from None
    return [Value(node, file, line - 1) for node in nodes if node is not None]


def _unreadable(file: str, line: int, said: str) -> Finding:
    return Finding(Place(file, line), f"this is not YAML: {said}", "it should be", "mend the syntax in that line")
