"""Compose files (docs.docker.com/reference/compose-file). Ours are services that are built, or named airlock."""

from __future__ import annotations

import posixpath
import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from probes.drift import dockerfile, judge
from probes.drift.finding import Finding, Seen
from probes.drift.yaml_text import Value, documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree

_OURS = re.compile(r"(?:.*/)?airlock(?:[:@].*)?")
_START = ["python", "-m", "probes"]


def is_compose(path: str) -> bool:
    """Whether a file is one by its name."""
    return re.fullmatch(r"(?:docker-)?compose(?:[.-].+)?\.ya?ml", PurePosixPath(path).name) is not None


def read(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge our services' starts, health checks, ports and environment; of the others, only that they are not ours."""
    for document in documents(file, text, line):
        services = document.get("services")
        for name, service in services.items() if services else []:
            if service.get("build") or _OURS.fullmatch(service.at("image") or ""):
                yield from _ours(tree, file, name, service)
            else:
                yield from _theirs(tree, service)


def _ours(tree: Tree, file: str, name: str, service: Value) -> Iterator[Seen]:
    built = _built(tree, file, service)
    entrypoint, command = service.get("entrypoint"), service.get("command")
    if entrypoint or command:
        # An entrypoint of one's own drops the image's command; a command only replaces the image's.
        inherited = [] if built and built.command and not built.entrypoint else _START
        words = (_words(entrypoint) if entrypoint else inherited) + (_words(command) if command else [])
        place = entrypoint.place if entrypoint else command.place if command else service.place
        yield from judge.must_start(tree, place, f"the service {name}", words)
    variables = _environment(service)
    default = judge.ports_of(built.variables)[:1] if built else []
    ports = judge.ports_of(variables, *default)
    listed = service.get("environment")
    yield from judge.environment((listed or service).place, variables)
    yield from _health(tree, name, service, ports)
    for key in ("ports", "expose"):
        value = service.get(key)
        for one in value.elements() if value else []:
            number = _container_port(one)
            if number is not None and ports:
                yield from judge.port(
                    one.place, f"what {name} {'publishes' if key == 'ports' else 'exposes'}", number, ports
                )


def _built(tree: Tree, file: str, service: Value) -> dockerfile.Stage | None:
    """The stage that the service is built from, if its Dockerfile is in the tree."""
    build = service.get("build")
    if build is None:
        return None
    context = build.text or build.at("context") or "."
    name = build.at("dockerfile") or "Dockerfile"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), context, name))
    if not tree.has(path) or path.startswith(("..", "/")):
        return None
    found = dockerfile.stages(tree.read(path))
    target = (build.at("target") or "").lower()
    return next((stage for name, stage in found if target and name == target), found[-1][1])


def _theirs(tree: Tree, service: Value) -> Iterator[Seen]:
    for key in ("entrypoint", "command"):
        value = service.get(key)
        if value and (words := _words(value)):
            yield from (seen for seen in judge.look(tree, value.place, words) if isinstance(seen, Finding))


def _health(tree: Tree, name: str, service: Value, ports: list[int]) -> Iterator[Seen]:
    check = service.get("healthcheck")
    if check is None:
        return
    test = check.get("test")
    words = test.texts() if test else []
    if check.at("disable") in ("true", "yes") or words[:1] == ["NONE"]:
        way_out = "leave healthcheck out: the image has its own"
        yield Finding(check.place, f"the service {name} has no health check", "it should be asked", way_out)
    elif test and (test.text is not None or words[:1] == ["CMD-SHELL"]):
        way_out = 'write test: ["CMD", "python", "-m", "probes", "health"], or leave it out to have the image\'s'
        found = f"the health check of {name} goes through a shell, which the image does not have"
        yield Finding(test.place, found, "it should be `python -m probes health` in exec form", way_out)
    elif test:
        yield from judge.must_be_health(tree, test.place, f"the health check of {name}", words[1:], ports)


def _words(value: Value) -> list[str]:
    if value.is_list:
        return value.texts()
    try:
        return shlex.split(value.text or "")
    except ValueError:
        return (value.text or "").split()


def _environment(service: Value) -> dict[str, str]:
    listed = service.get("environment")
    if listed is None:
        return {}
    pairs = [text.partition("=")[::2] for text in listed.texts()] or [
        (key, value.text or "") for key, value in listed.items()
    ]
    return {name: dockerfile.expand(text, {}) for name, text in pairs}


def _container_port(value: Value) -> int | None:
    """The container's side of a port in the short or the long form; None for ranges and what is not known."""
    text = dockerfile.expand(value.text or value.at("target") or "", {})
    number = text.partition("/")[0].rpartition(":")[2]
    return int(number) if number.isascii() and number.isdigit() else None
