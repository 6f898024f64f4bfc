"""Every value that is documented does something, and every one that is accepted is documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.charts.alterations import VALUES, renders
from tests.charts.chart import CHART


@pytest.mark.parametrize("key", VALUES)
def test_every_value_changes_what_is_rendered(key: str) -> None:
    """No value is dead: another one makes other objects."""
    before, after = renders(key)
    assert list(before) != list(after)


def test_the_schema_and_the_values_name_the_same_keys() -> None:
    """Each key that the schema accepts is in values.yaml with a comment, and each one there is in the schema."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    accepted = set(_leaves(schema, schema, ()))
    documented = {value.path for value in VALUES.values()}
    assert {path for path in documented if not _accepts(path, accepted)} == set()
    assert {path for path in accepted if not _accepts(path, documented)} == set()


def test_the_schema_is_closed_but_for_free_maps() -> None:
    """A map of named keys takes no others; what parent charts put into `global` is theirs."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    named = [(path, node) for path, node in _maps(schema, ()) if "properties" in node]
    assert len(named) > 30
    assert [path for path, node in named if node.get("additionalProperties") is not False] == [("properties", "global")]


def _leaves(schema: dict[str, Any], node: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    if "properties" not in node:
        yield path
    for key, child in node.get("properties", {}).items():
        yield from _leaves(schema, child, (*path, key))


def _accepts(path: tuple[str, ...], others: set[tuple[str, ...]]) -> bool:
    """Whether it is one of the others, or one is a map of which the other is a part."""
    return any(path[: len(other)] == other or other[: len(path)] == path for other in others)


def _maps(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for key, child in node.items():
            yield from _maps(child, (*path, key))
