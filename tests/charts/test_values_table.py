"""The table of values in the README is made from values.yaml."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from charts.values_table import BEGIN, CHART, END, Undocumented, replace, table, updated, values
from tests.boot import ROOT


def test_the_readme_has_the_table_of_today() -> None:
    """Whoever changes values.yaml runs `task chart:docs`."""
    assert (CHART / "README.md").read_text(encoding="utf-8") == updated(CHART)


_keys = st.from_regex(r"[a-z][a-zA-Z0-9]{0,10}", fullmatch=True)
_printable = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=20)
_scalars = st.one_of(st.integers(), st.booleans(), st.none(), _printable)
_words = st.lists(st.from_regex(r"[a-z`|.]{1,12}", fullmatch=True), min_size=1, max_size=5).map(" ".join)
_documented: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.dictionaries(_keys, st.tuples(_words, _scalars), min_size=1, max_size=4),
    lambda inner: st.dictionaries(_keys, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(tree=_documented)
def test_every_documented_value_becomes_a_row(tree: dict[str, Any]) -> None:
    """Whatever the depth, each value is one row with its path, its default and its comment."""
    text, expected = _written(tree, ())
    rows = values(text)
    assert [(row.path, row.default, row.meaning) for row in rows] == expected
    assert len(table(rows).splitlines()) == len(expected) + 2


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """What is not a documented map of values is an error of YAML's or ours, and no other."""
    try:
        values(text)
    except (Undocumented, yaml.YAMLError):
        pass


def test_a_value_without_a_comment_is_named_with_its_line() -> None:
    """Nobody adds a value without saying what it is for."""
    with pytest.raises(Undocumented, match=r"values\.yaml:3: b has no comment above it"):
        values("# What it is.\na: 1\nb: 2\n")


def test_a_bar_does_not_end_a_cell() -> None:
    """A `|` in a default or in a comment stays in its cell."""
    assert table(values("# This | that.\na: b|c\n")).splitlines()[-1] == r'| `a` | `"b\|c"` | This \| that. |'


def test_only_the_place_of_the_table_is_replaced() -> None:
    """What stands before and after it stays, and writing twice is writing once."""
    readme = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = replace(readme, "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n" == replace(once, "new")


def test_a_readme_without_a_place_is_refused(tmp_path: Path) -> None:
    """The command says what is missing, and changes nothing."""
    (tmp_path / "values.yaml").write_text("# What it is.\na: 1\n")
    (tmp_path / "README.md").write_text("nothing\n")
    command = [sys.executable, "-m", "charts.values_table", str(tmp_path)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert "put <!-- values: written by `task chart:docs` --> and <!-- /values --> where it belongs" in run.stderr
    assert (tmp_path / "README.md").read_text() == "nothing\n"


def _written(tree: dict[str, Any], path: tuple[str, ...]) -> tuple[str, list[tuple[tuple[str, ...], Any, str]]]:
    lines, rows = [], []
    indent = "  " * len(path)
    for key, child in tree.items():
        here = (*path, key)
        if isinstance(child, dict):
            text, inner = _written(child, here)
            lines.append(f"{indent}{key}:\n{text}")
            rows += inner
        else:
            words, value = child
            lines.append(f"{indent}# {words}\n{indent}{key}: {json.dumps(value, ensure_ascii=False)}\n")
            rows.append((here, value, words))
    return "".join(lines), rows
