"""Writes the table of values into a chart's README, from the comments in its values.yaml.

python -m charts.values_table [CHART]
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

CHART = Path(__file__).parent / "airlock"
BEGIN, END = "<!-- values: written by `task chart:docs` -->", "<!-- /values -->"


class Undocumented(Exception):
    """A value has no comment, or the README no place for the table."""


@dataclass(frozen=True, slots=True)
class Value:
    """One row: a value that a user may set, its default and what the comment above it says."""

    path: tuple[str, ...]
    default: Any
    meaning: str

    @property
    def key(self) -> str:
        """As it is written after `--set`."""
        return ".".join(self.path)


def values(text: str) -> list[Value]:
    """The values of a values.yaml, in its order. Raises `Undocumented` for one without a comment."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise Undocumented("values.yaml is not a map")
    return list(_rows(root, text.splitlines(), ()))


def table(rows: list[Value]) -> str:
    """The rows in Markdown."""
    lines = ["| value | default | meaning |", "|---|---|---|"]
    lines += [f"| `{row.key}` | `{_default(row.default)}` | {_cell(row.meaning)} |" for row in rows]
    return "\n".join(lines)


def replace(readme: str, text: str) -> str:
    """The README with `text` in its place. Raises `Undocumented` when the marks of that place are missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise Undocumented(f"the README has no place for the table: put {BEGIN} and {END} where it belongs")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def updated(chart: Path) -> str:
    """What the chart's README should be."""
    text = (chart / "values.yaml").read_text(encoding="utf-8")
    return replace((chart / "README.md").read_text(encoding="utf-8"), table(values(text)))


def _rows(node: yaml.MappingNode, lines: list[str], path: tuple[str, ...]) -> Iterator[Value]:
    for key, child in node.value:
        here = (*path, str(key.value))
        if _is_group(child, lines):
            yield from _rows(child, lines, here)
        elif meaning := _comment(key, lines):
            yield Value(here, yaml.SafeLoader("").construct_document(child), meaning)
        else:
            line = key.start_mark.line + 1
            raise Undocumented(f"values.yaml:{line}: {'.'.join(here)} has no comment above it: say what it is for")


def _is_group(node: yaml.Node, lines: list[str]) -> bool:
    """Whether it is a map of documented values; otherwise it is one value itself."""
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return False
    return any(_comment(key, lines) or _is_group(child, lines) for key, child in node.value)


def _comment(key: yaml.Node, lines: list[str]) -> str:
    above = []
    for line in reversed(lines[: key.start_mark.line]):
        if line[: key.start_mark.column + 1] != " " * key.start_mark.column + "#":
            break
        above.append(line.strip().removeprefix("#").strip())
    return " ".join(reversed(above))


def _default(value: Any) -> str:
    return _cell(json.dumps(value, ensure_ascii=False))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def main() -> int:
    """Write the README of the chart that is named; 1 if that cannot be done."""
    chart = Path(sys.argv[1]) if len(sys.argv) > 1 else CHART
    try:
        (chart / "README.md").write_text(updated(chart), encoding="utf-8")
    except Undocumented as error:
        print(f"{chart}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
