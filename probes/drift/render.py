"""Render blueprints (render.com/docs/blueprint-spec)."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from probes.drift import judge
from probes.drift.finding import Finding, Seen
from probes.drift.yaml_text import Value, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree

_PREFERS = "Render takes a Dockerfile before a start command, and a start command before a Procfile"
_COMPUTE = frozenset({"web", "pserv", "worker"})


def is_blueprint(path: str) -> bool:
    """Whether a file is one by its name."""
    return re.fullmatch(r"render(?:[.-].+)?\.ya?ml", PurePosixPath(path).name) is not None


def read(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge every service that runs something of ours."""
    for document in documents(file, text, line):
        for path, mapping in document.walk():
            if path[-1:] == ("services",) and mapping.at("type") in _COMPUTE and mapping.at("runtime") != "static":
                yield from _service(tree, mapping)


def _service(tree: Tree, service: Value) -> Iterator[Seen]:
    name = service.at("name") or "a service without a name"
    runtime = service.at("runtime") or service.at("env")
    if runtime in ("docker", "image"):
        yield from _container(tree, service, name)
    elif start := service.get("startCommand"):
        yield from judge.text_starts(tree, start.place, f"startCommand of {name}", start.text or "")
    else:
        way_out = f"add `startCommand: python -m probes`. {_PREFERS}"
        yield Finding(service.place, f"{name} has no startCommand", "it should start `python -m probes`", way_out)
    if service.at("type") == "web":
        yield from _health(service, name)
    yield from _variables(service)


def _container(tree: Tree, service: Value, name: str) -> Iterator[Seen]:
    if command := service.get("dockerCommand"):
        way_out = "leave dockerCommand out: the image starts by itself"
        found = f"dockerCommand of {name} is `{command.text}`"
        yield Finding(command.place, found, "it should be the Dockerfile's own start", way_out)
    if command := service.get("startCommand"):
        way_out = f"leave startCommand out. {_PREFERS}: it is never run here"
        yield Finding(command.place, f"startCommand of {name} is `{command.text}`", "it should not be there", way_out)
    if service.at("runtime") == "image" or service.get("repo"):
        return
    for key, default in (("dockerfilePath", "./Dockerfile"), ("dockerContext", ".")):
        value = service.get(key)
        path = (value.text if value else None) or default
        if not tree.has(PurePosixPath(service.at("rootDir") or "", path).as_posix()):
            place = (value or service).place
            found = f"{key} of {name} is {path}, and there is no such path"
            yield Finding(place, found, "it should name the Dockerfile and its context", f"mend {key}")


def _health(service: Value, name: str) -> Iterator[Seen]:
    path = service.get("healthCheckPath")
    if path is None:
        way_out = "add `healthCheckPath: /health`: without it an open port counts as ready, and ours opens first"
        yield Finding(service.place, f"{name} has no healthCheckPath", "it should be /health", way_out)
    else:
        yield from judge.health_path(path.place, f"healthCheckPath of {name}", path.text or "", ready=True)


def _variables(service: Value) -> Iterator[Seen]:
    listed = service.get("envVars")
    given = listed.elements() if listed else []
    values = {key: text for one in given if (key := one.at("key")) and (text := one.at("value")) is not None}
    yield from judge.environment(listed.place if listed else service.place, values)
