"""Taskfiles (taskfile.dev): the task that runs the service, and every other command."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from probes.drift import judge
from probes.drift.finding import Finding, Seen, Start
from probes.drift.yaml_text import Value, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree

_RUNS = frozenset({"run", "serve", "start"})


def is_taskfile(path: str) -> bool:
    """Whether a file is one by its name."""
    name = PurePosixPath(path).name.lower()
    return name in {f"taskfile{dist}.{ending}" for dist in ("", ".dist") for ending in ("yml", "yaml")}


def read(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge every command; a task named `run`, `serve` or `start` has to start the service."""
    for document in documents(file, text, line):
        tasks = document.get("tasks")
        for name, task in tasks.items() if tasks else []:
            yield from _task(tree, file, name, task)


def _task(tree: Tree, file: str, name: str, task: Value) -> Iterator[Seen]:
    here = task.get("dir") is None
    seen = [
        one
        for command in _commands(task)
        for one in judge.script(tree, file, command.text or "", command.text_line, here=here)
    ]
    yield from seen
    if name in _RUNS and _runs_something(task) and not any(isinstance(one, Start | Finding) for one in seen):
        way_out = 'let it run "{{.PYTHON}} -m probes {{.CLI_ARGS}}"'
        found = f"the task {name} does not start the service"
        yield Finding(task.place, found, "it should run `python -m probes`", way_out)


def _runs_something(task: Value) -> bool:
    return bool(_commands(task))


def _commands(task: Value) -> list[Value]:
    """The commands of a task in each of its forms: a text, a list, `cmd`, `cmds`, and in those `cmd` and `defer`."""
    if task.text is not None:
        return [task]
    listed = task.elements() or [
        one for key in ("cmd", "cmds") if (value := task.get(key)) for one in value.elements() or [value]
    ]
    found = [value if value.text is not None else value.get("cmd") or value.get("defer") for value in listed]
    return [value for value in found if value is not None and value.text is not None]
