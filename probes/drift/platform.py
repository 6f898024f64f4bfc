"""Files of further platforms: fly.toml, heroku.yml, railway.json and railway.toml."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from probes.drift import judge
from probes.drift.finding import Finding, Place, Seen
from probes.drift.yaml_text import documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree


def is_fly(path: str) -> bool:
    """Whether a file is fly.io's by its name."""
    return re.fullmatch(r"fly(?:\..+)?\.toml", PurePosixPath(path).name) is not None


def is_heroku(path: str) -> bool:
    """Whether a file is Heroku's manifest of containers by its name."""
    return PurePosixPath(path).name == "heroku.yml"


def is_railway(path: str) -> bool:
    """Whether a file is Railway's by its name."""
    return PurePosixPath(path).name in ("railway.json", "railway.toml")


def read_fly(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge the processes, the internal ports and the paths of the checks."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield _unreadable(file, line, "TOML", error)
        return
    variables = {key: str(value) for key, value in _table(said, "env").items()}
    for name, command in _table(said, "processes").items():
        yield from judge.text_starts(tree, _find(file, text, line, name), f"the process {name}", str(command))
    if (command := _table(said, "experimental").get("cmd")) is not None:
        place = _find(file, text, line, "cmd")
        words = [str(word) for word in command] if isinstance(command, list) else str(command).split()
        yield from judge.must_start(tree, place, "cmd", words)
    ports = judge.ports_of(variables)
    services = [_table(said, "http_service"), *_tables(said.get("services"))]
    checks = list(_table(said, "checks").values())
    for service in services:
        number = service.get("internal_port")
        if isinstance(number, int) and ports:
            yield from judge.port(_find(file, text, line, "internal_port", number), "internal_port", number, ports)
        checks += _tables(service.get("checks")) + _tables(service.get("http_checks"))
    for check in _tables(checks):
        if "path" in check:
            place = _find(file, text, line, "path", check["path"])
            yield from judge.health_path(place, "the path of a check", str(check["path"]), ready=True)
    yield from judge.environment(_find(file, text, line, "[env]"), variables)


def read_heroku(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge what each process runs."""
    for document in documents(file, text, line):
        run = document.get("run")
        for name, process in run.items() if run else []:
            command = process.get("command") or process
            if command.is_list:
                yield from judge.text_starts(tree, command.place, name, " && ".join(command.texts()))
            elif command.text is not None:
                yield from judge.text_starts(tree, command.place, name, command.text)


def read_railway(tree: Tree, file: str, text: str, line: int = 1) -> Iterator[Seen]:
    """Judge the start command and the health path."""
    kind = "JSON" if file.endswith(".json") else "TOML"
    try:
        said = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        yield _unreadable(file, line, kind, error)
        return
    deploy = _table(said, "deploy")
    if (command := deploy.get("startCommand")) is not None:
        yield from judge.text_starts(tree, _find(file, text, line, "startCommand"), "startCommand", str(command))
    if (path := deploy.get("healthcheckPath")) is not None:
        place = _find(file, text, line, "healthcheckPath")
        yield from judge.health_path(place, "healthcheckPath", str(path), ready=True)


def _unreadable(file: str, line: int, kind: str, error: Exception) -> Finding:
    return Finding(Place(file, line), f"this is not {kind}: {error}", "it should be", "mend the syntax")


def _table(said: Any, name: str) -> dict[str, Any]:
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _find(file: str, text: str, line: int, key: str, value: object = "") -> Place:
    """The line that has the key, and the value where there are several; the first line when there is none."""
    for number, candidate in enumerate(text.splitlines(), line):
        bare = candidate.strip().replace('"', "").replace("'", "")
        if bare.startswith(key) and str(value) in bare:
            return Place(file, number)
    return Place(file, line)
