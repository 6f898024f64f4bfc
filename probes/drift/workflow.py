"""GitHub workflows and composite actions: the steps that run a shell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from probes.drift import judge
from probes.drift.yaml_text import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.finding import Seen
    from probes.drift.tree import Tree


def is_workflow(path: str) -> bool:
    """Whether a file is one by its path."""
    return re.fullmatch(r"\.github/(?:workflows/[^/]+|actions/.+/action)\.ya?ml", path) is not None


def read(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge what every step runs."""
    for document in documents(file, text, line):
        elsewhere = any("working-directory" in dict(mapping.items()) for _, mapping in document.walk())
        for path, mapping in document.walk():
            run = mapping.get("run")
            if path[-1:] == ("steps",) and run and run.text is not None:
                yield from judge.script(tree, file, run.text, run.text_line, here=not elsewhere)
