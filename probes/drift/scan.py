"""Reads every deployment file below a root, and puts what was seen together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from probes.drift import chart, compose, dockerfile, judge, markdown, platform, procfile, render, taskfile, workflow
from probes.drift.finding import Finding, Place, Seen, Start
from probes.drift.tree import Tree
from probes.drift.yaml_text import YamlError

if TYPE_CHECKING:
    from pathlib import Path

Reader = Callable[[Tree, str, str], Iterator[Seen]]


class Kind(NamedTuple):
    """A kind of file: its name, which files are of it, and how to read them."""

    name: str
    takes: Callable[[Tree, str], bool]
    read: Reader


class Examined(NamedTuple):
    """A file that was read, and how many starts are in it."""

    file: str
    kind: str
    starts: int


class Drift(NamedTuple):
    """What a scan saw."""

    examined: list[Examined]
    starts: list[Start]
    findings: list[Finding]


def _named(takes: Callable[[str], bool]) -> Callable[[Tree, str], bool]:
    return lambda _, path: takes(path)


def _is_script(tree: Tree, path: str) -> bool:
    return path.endswith(".sh") or ("." not in path.rpartition("/")[2] and tree.is_script(path))


KINDS = (
    Kind("Dockerfile", _named(dockerfile.is_dockerfile), dockerfile.read),
    Kind("Procfile", _named(procfile.is_procfile), procfile.read),
    Kind("Render blueprint", _named(render.is_blueprint), render.read),
    Kind("chart template", chart.is_template, chart.read_template),
    Kind("chart values", chart.is_values, chart.read_values),
    Kind("compose file", _named(compose.is_compose), compose.read),
    Kind("Taskfile", _named(taskfile.is_taskfile), taskfile.read),
    Kind("GitHub workflow", _named(workflow.is_workflow), workflow.read),
    Kind("fly.toml", _named(platform.is_fly), platform.read_fly),
    Kind("heroku.yml", _named(platform.is_heroku), platform.read_heroku),
    Kind("Railway's file", _named(platform.is_railway), platform.read_railway),
    Kind("Markdown", _named(markdown.is_markdown), markdown.read),
    Kind("shell script", _is_script, judge.script),
)


def scan(root: Path) -> Drift:
    """Read every file of a known kind below `root`."""
    tree = Tree(root)
    drift = Drift([], [], [])
    for path in tree.files:
        try:
            kind = next((kind for kind in KINDS if kind.takes(tree, path)), None)
            if kind is None:
                continue
            seen = list(_read(tree, path, kind))
        except OSError as error:
            way_out = "let this user read it, or take it away"
            drift.findings.append(
                Finding(Place(path, 1), f"it cannot be read: {error.strerror}", "it should be readable", way_out)
            )
            continue
        starts = [one for one in seen if isinstance(one, Start)]
        drift.examined.append(Examined(path, kind.name, len(starts)))
        drift.starts.extend(starts)
        drift.findings.extend(one for one in dict.fromkeys(seen) if isinstance(one, Finding))
    drift.findings.sort(key=lambda finding: finding.place)
    return drift


def _read(tree: Tree, path: str, kind: Kind) -> Iterator[Seen]:
    try:
        yield from kind.read(tree, path, tree.read(path))
    except YamlError as error:
        yield error.finding
