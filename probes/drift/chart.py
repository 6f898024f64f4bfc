"""Helm charts: the templates as they are written, which are no YAML yet, and the values."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from probes.drift import chart_ports, judge
from probes.drift.finding import Finding, Place, Seen
from probes.drift.outline import outlines, words
from probes.drift.yaml_text import documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probes.drift.outline import Entry
    from probes.drift.tree import Tree
    from probes.drift.yaml_text import Value

_START = ["python", "-m", "probes"]
_OURS = re.compile(r"[\"']?(?:.*/)?airlock(?:[:@].*)?[\"']?")
_ENDS = frozenset({"Job", "CronJob", "Pod"})
_SCRAPED = frozenset({"endpoints", "podMetricsEndpoints"})
_NOT_THE_SERVICE = re.compile(r"sidecar|extra(?!Args)|init|lifecycle|exec|hook|preStop|postStart", re.IGNORECASE)
_ONE_OFF = re.compile(r"job|migrat|test|hook", re.IGNORECASE)
_ROLE = re.compile(r"(startup|readiness|liveness)(?:Probe)?")


def chart_of(tree: Tree, path: str) -> str | None:
    """The folder of the chart that a file belongs to."""
    parents = [parent.as_posix() for parent in PurePosixPath(path).parents]
    return next((parent for parent in parents if tree.has(f"{parent}/Chart.yaml")), None)


def is_template(tree: Tree, path: str) -> bool:
    """Whether a file is a template of a chart."""
    return (
        "templates" in PurePosixPath(path).parts
        and path.endswith((".yaml", ".yml", ".tpl", ".txt"))
        and chart_of(tree, path) is not None
    )


def is_values(tree: Tree, path: str) -> bool:
    """Whether a file holds values of a chart."""
    name = PurePosixPath(path).name
    return re.fullmatch(r"(?:.*[.-])?values(?:[.-].*)?\.ya?ml", name) is not None and chart_of(tree, path) is not None


def read_values(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge the commands and the paths of probes among the values."""
    for document in documents(file, text, line):
        yield from values_of(tree, document)


def values_of(tree: Tree, document: Value) -> Iterator[Seen]:
    """Judge what a mapping says of commands and probes, wherever in it."""
    for path, mapping in document.walk():
        where = ".".join(path)
        asks = path[-1:] == ("httpGet",) or (path and _ROLE.fullmatch(path[-1]))
        if asks and (asked := mapping.get("path")) and asked.text:
            yield from _probe(asked.place, path, asked.text)
        command, arguments = mapping.get("command"), mapping.get("args")
        given = [value for value in (command, arguments) if value and (value.texts() or value.text)]
        if not given or _NOT_THE_SERVICE.search(where):
            continue
        told = [value.texts() or [value.text or ""] if value else [] for value in (command, arguments)]
        full = (told[0] or _START) + told[1]
        what = f"{where}.command" if where else "command"
        if _ONE_OFF.search(where):
            yield from _only_findings(judge.look(tree, given[0].place, full, one_off=True))
        elif not any("{{" in word for word in full):
            yield from judge.must_start(tree, given[0].place, what, full)


def read_template(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge the containers, the probes and the ports of a template."""
    if file.endswith(".txt"):
        for number, current in enumerate(text.splitlines(), line):
            yield from judge.urls(Place(file, number), current)
        return
    values = chart_ports.values(tree, chart_of(tree, file))
    ports = chart_ports.ports(tree, chart_of(tree, file), values)
    for entries in outlines(text, line):
        yield from _containers(tree, file, entries)
        yield from _probes(tree, file, entries, ports)
        for entry in entries:
            named = entry.key in ("containerPort", "targetPort") and ports
            port = chart_ports.number(entry.value, values, text) if named else None
            if port is not None:
                yield from judge.port(Place(file, entry.line), entry.key, port, ports)


def _containers(tree: Tree, file: str, entries: list[Entry]) -> Iterator[Seen]:
    kind = next((entry.value for entry in entries if entry.path == ("kind",)), "")
    ends = kind in _ENDS or any("helm.sh/hook" in entry.key for entry in entries)
    for first in entries:
        if first.above[-1:] not in (("containers",), ("initContainers",)) or first.key not in ("command", "args"):
            continue
        siblings = {entry.key: entry for entry in entries if entry.item == first.item and entry.above == first.above}
        if first.key == "args" and "command" in siblings:
            continue
        image = siblings["image"].value if "image" in siblings else "{{"
        if "{{" not in image and not _OURS.fullmatch(image):
            continue
        told = {key: words(siblings[key], entries) for key in ("command", "args") if key in siblings}
        full = (told.get("command") or _START) + told.get("args", [])
        if full == _START and not told.get("command"):
            continue  # all of it comes from the values
        place = Place(file, first.line)
        if ends or first.above[-1] == "initContainers":
            yield from _only_findings(judge.look(tree, place, full, one_off=True))
        elif not all("{{" in word for word in full[: len(told.get("command", []))] or ["{{"]) or "args" in told:
            yield from judge.must_start(tree, place, f"{first.key} of the container", full)


def _probes(tree: Tree, file: str, entries: list[Entry], ports: Sequence[int]) -> Iterator[Seen]:
    for entry in entries:
        place, above = Place(file, entry.line), entry.above
        if above[-1:] == ("httpGet",) and entry.key == "path" and "{{" not in entry.value:
            yield from _probe(place, above[:-1], entry.value.strip("\"'"))
        elif entry.key == "httpGet" and (match := re.search(r"path:\s*[\"']?(/[\w./-]*)", entry.value)):
            yield from _probe(place, above, match[1])
        elif above[-1:] == ("exec",) and entry.key == "command" and any(key.endswith("Probe") for key in above):
            yield from judge.must_be_health(tree, place, "a probe", words(entry, entries), ports)
        elif _SCRAPED & {*above[-1:]} and entry.key == "path" and not re.search(r"\{\{|/metrics\b", entry.value):
            way_out = "write `path: /metrics`"
            yield Finding(place, f"metrics are read from {entry.value}", "it should be /metrics", way_out)


def _probe(place: Place, above: Sequence[str], path: str) -> Iterator[Finding]:
    role = next((match[1] for key in reversed(above) if (match := _ROLE.fullmatch(key))), "")
    what = f"the {role} probe" if role else "a probe"
    yield from judge.health_path(place, what, path, ready=role == "readiness", alive=role == "liveness")


def _only_findings(seen: Iterator[Seen]) -> Iterator[Finding]:
    return (one for one in seen if isinstance(one, Finding))
