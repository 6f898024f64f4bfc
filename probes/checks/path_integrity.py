"""Path integrity: names that must not become importable by the way the service is started."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from probes import Failure
from probes.checks import search_path

if TYPE_CHECKING:
    from collections.abc import Iterable


def check(forbidden: Iterable[str]) -> None:
    """None of the `forbidden` names ends a path on sys.path, or can be imported. Raises `Failure` with all that do.

    Only whole names count, /usr/src/app is innocent of "src"; and so are the directories of installed packages.
    """
    problems: list[str] = []
    steps: list[str] = []
    entries = [
        entry
        for entry in search_path.entries()
        if not search_path.in_standard_library(entry.directory)
        and not search_path.in_installed_packages(entry.directory)
    ]
    for name in forbidden:
        for directory, source in entries:
            if os.path.basename(directory) == name:
                problems.append(f"{directory} is on sys.path, and {name!r} is forbidden there")
                steps.append(_way_out(directory, source))
        if place := _importable(name):
            problems.append(f"{name!r} is forbidden, but can be imported from {place}")
            steps.append(f"install what is in {place} as packages of their own, or start where it is not found")
    if problems:
        raise Failure("\n".join(dict.fromkeys(problems)), *dict.fromkeys(steps))


def _importable(name: str) -> str | None:
    spec = search_path.find(name) if name.isidentifier() else None
    if spec is None:
        return None
    return next(iter(search_path.places(spec)), spec.origin)


def _way_out(directory: str, source: str) -> str:
    match source:
        case "PYTHONPATH":
            return f"take {directory} out of PYTHONPATH"
        case "":
            return f"take {directory} out of the .pth file or the code that adds it to sys.path"
        case _:
            return f"start from another directory than {directory}: install the project, or start above it"
