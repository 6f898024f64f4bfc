"""Procfiles, `NAME: COMMAND` a line, which Heroku, foreman and honcho give to a shell."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from probes.drift import judge, shell
from probes.drift.command import understand
from probes.drift.finding import Finding, Place, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree

_ENTRY = re.compile(r"([A-Za-z0-9_-]+):\s*(.*?)\s*")
_ONE_OFF = frozenset({"release"})  # Heroku's release phase ends before the processes start


def is_procfile(path: str) -> bool:
    """Whether a file is one by its name."""
    name = PurePosixPath(path).name
    return name == "Procfile" or name.startswith("Procfile.")


def entries(text: str, line: int = 1) -> list[tuple[int, str, str]]:
    """Each entry's line, name and command; other lines are none, as platforms pass over them too."""
    matches = ((number, _ENTRY.fullmatch(entry)) for number, entry in enumerate(text.splitlines(), line))
    return [(number, match[1], match[2]) for number, match in matches if match]


def read(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge every process."""
    for number, name, command in entries(text, line):
        place = Place(file, number)
        if name in _ONE_OFF:
            yield from judge.script(tree, file, command, number, one_off=True)
            continue
        yield from judge.text_starts(tree, place, name, command)
        words = shell.single(command) or []
        if "PORT" in understand(words).assignments:
            way_out = "leave PORT out: the platform sets it, and sends the traffic there"
            yield Finding(place, f"{name} sets PORT", "it should take the platform's", way_out)
