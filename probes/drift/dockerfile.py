"""Dockerfiles: what the last stage starts, with what it inherits from stages in the same file.

The form is that of the Dockerfile reference (docs.docker.com/reference/dockerfile).
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from probes.drift import judge, shell
from probes.drift.finding import Finding, Place, Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.drift.tree import Tree

_NAMES = re.compile(r"(?:.+\.)?(?:Docker|Container|docker)file|(?:Docker|Container)file\..+")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=.*")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([\w.-]+)\1")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
_FLAGS = re.compile(r"(?:--[\w-]+(?:=\S+)?\s+)*")
_CANONICAL_BASE = re.compile(r"(?:.*/)?airlock(?:[:@].*)?")


class Instruction(NamedTuple):
    """An instruction with its continuation lines joined."""

    line: int
    name: str
    rest: str


class Form(NamedTuple):
    """The words of a command, in exec form or not."""

    line: int
    words: list[str]
    exec: bool


class Stage:
    """A stage with what it inherits; None where it says nothing."""

    def __init__(self, line: int, base: str, parent: Stage | None) -> None:
        self.line = line
        self.base: str = parent.base if parent else base
        self.entrypoint: Form | None = parent.entrypoint if parent else None
        self.command: Form | None = parent.command if parent else None
        self.own_command = False
        self.health: Instruction | None = parent.health if parent else None
        self.exposed: list[tuple[int, str]] = list(parent.exposed) if parent else []
        self.variables: dict[str, str] = dict(parent.variables) if parent else {}
        self.arguments: dict[str, str] = {}
        self.environment_line: int = parent.environment_line if parent else line

    def expand(self, text: str) -> str:
        """Put in the variables that are known; the others stay as they are."""
        return expand(text, {**self.arguments, **self.variables})


def expand(text: str, variables: dict[str, str]) -> str:
    """Put `$NAME`, `${NAME}` and `${NAME:-default}` in, where they are known."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[3], match[2] or "") or match[0], text)


def is_dockerfile(path: str) -> bool:
    """Whether a file is one by its name."""
    name = PurePosixPath(path).name
    return _NAMES.fullmatch(name) is not None and not name.endswith((".dockerignore", ".md"))


def instructions(text: str, line: int = 1) -> list[Instruction]:
    """The instructions of a Dockerfile whose first line has the number `line`."""
    lines = text.replace("\r\n", "\n").split("\n")
    escape, found, at = _escape(lines), [], 0
    while at < len(lines):
        first, joined = at, ""
        while at < len(lines):
            current = lines[at]
            at += 1
            if not current.strip() or current.lstrip().startswith("#"):
                if not joined:
                    break
                continue
            stripped = current.rstrip()
            if not stripped.endswith(escape):
                joined += current
                break
            joined += stripped[:-1]
        name, _, rest = joined.strip().partition(" ")
        if not name:
            continue
        found.append(Instruction(line + first, name.upper(), rest.strip()))
        if name.upper() in ("RUN", "COPY", "ADD"):
            for _, delimiter in _HEREDOC.findall(rest):
                while at < len(lines) and lines[at].lstrip("\t") != delimiter:
                    at += 1
                at += 1
    return found


def _escape(lines: list[str]) -> str:
    for text in lines:
        if match := _ESCAPE.fullmatch(text.strip()):
            return match[1]
        if not _DIRECTIVE.fullmatch(text.strip()):
            break
    return "\\"


def form(line: int, rest: str) -> Form:
    """A command in exec form (JSON) or in shell form, which is anything else."""
    try:
        words = json.loads(rest)
    except (ValueError, RecursionError):
        words = None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return Form(line, words, True)
    try:
        return Form(line, shlex.split(rest), False)
    except ValueError:
        return Form(line, rest.split(), False)


def stages(text: str, line: int = 1) -> list[tuple[str, Stage]]:
    """The stages with their names, lower case and empty where there is none."""
    found: list[tuple[str, Stage]] = []
    arguments: dict[str, str] = {}
    stage = Stage(line, "", None)
    for instruction in instructions(text, line):
        if instruction.name == "FROM":
            words = expand(_FLAGS.sub("", instruction.rest, count=1), arguments).split()
            base = words[0] if words else ""
            parent = next((one for name, one in reversed(found) if name and name == base.lower()), None)
            stage = Stage(instruction.line, base, parent)
            stage.arguments = dict(arguments)
            found.append((words[2].lower() if len(words) == 3 else "", stage))
        elif instruction.name == "ARG" and not found:
            name, _, default = instruction.rest.partition("=")
            arguments[name.strip()] = default.strip().strip("\"'")
        else:
            _apply(stage, instruction)
    return found or [("", stage)]


def _apply(stage: Stage, instruction: Instruction) -> None:
    line, name, rest = instruction
    if name == "ENTRYPOINT":
        stage.entrypoint = form(line, rest)
        if not stage.own_command:
            stage.command = None  # a new entrypoint drops the inherited command
    elif name == "CMD":
        stage.command, stage.own_command = form(line, rest), True
    elif name == "HEALTHCHECK":
        stage.health = instruction
    elif name == "EXPOSE":
        stage.exposed += [(line, stage.expand(word)) for word in rest.split()]
    elif name == "ARG":
        argument, _, default = rest.partition("=")
        stage.arguments.setdefault(argument.strip(), default.strip().strip("\"'"))
    elif name == "ENV":
        stage.environment_line = line
        stage.variables |= {key: stage.expand(value) for key, value in _pairs(rest)}


def _pairs(rest: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    if words and "=" not in words[0]:
        yield words[0], " ".join(words[1:])
        return
    for word in words:
        key, _, value = word.partition("=")
        yield key, value


def read(tree: Tree, file: str, text: str, line: int = 1, *, fragment: bool = False) -> Iterator[Seen]:
    """Judge the last stage. A `fragment`, as documentation shows it, need not start anything."""
    _, stage = stages(text, line)[-1]
    for instruction in instructions(text, line):
        if instruction.name == "RUN":
            yield from _run(tree, Place(file, instruction.line), instruction.rest)
    yield from _start(tree, file, stage, fragment)
    ports = judge.ports_of(stage.variables)
    if stage.health:
        yield from _health(tree, Place(file, stage.health.line), stage.health.rest, ports)
    for at, exposed in stage.exposed:
        number = exposed.partition("/")[0]
        if number.isascii() and number.isdigit() and ports:
            yield from judge.port(Place(file, at), "EXPOSE", int(number), ports)
    yield from judge.environment(Place(file, stage.environment_line), stage.variables)


def _start(tree: Tree, file: str, stage: Stage, fragment: bool) -> Iterator[Seen]:
    given = [one for one in (stage.entrypoint, stage.command) if one]
    for one, name in ((stage.entrypoint, "ENTRYPOINT"), (stage.command, "CMD")):
        if one and not one.exec:
            way_out = 'write it as ["python", "-m", "probes"]: with a shell in between, signals do not arrive'
            found = f"{name} is in shell form: `{judge.spell(one.words)}`"
            yield Finding(Place(file, one.line), found, "it should be in exec form", way_out)
    if any(not one.exec for one in given):
        return
    words = start_of(stage)
    if not words:
        if fragment or _CANONICAL_BASE.fullmatch(stage.base) or stage.base.startswith("$"):
            return
        way_out = 'end the last stage with ENTRYPOINT ["python", "-m", "probes"]'
        found = f"the last stage, from {stage.base or 'nothing'}, says nothing of what it starts"
        yield Finding(Place(file, stage.line), found, "it should start `python -m probes`", way_out)
        return
    place = Place(file, given[0].line if given else stage.line)
    yield from judge.must_start(tree, place, "the image", words)


def start_of(stage: Stage) -> list[str]:
    """The whole command line that a stage's image starts with; nothing when that is the base image's business."""
    entrypoint = stage.entrypoint.words if stage.entrypoint else []
    command = stage.command.words if stage.command else []
    if not entrypoint and _CANONICAL_BASE.fullmatch(stage.base) and stage.entrypoint is None and command:
        entrypoint = ["python", "-m", "probes"]
    return entrypoint + command


def _health(tree: Tree, place: Place, rest: str, ports: list[int]) -> Iterator[Seen]:
    options = _FLAGS.match(rest)
    rest = rest[options.end() if options else 0 :]
    kind, _, command = rest.partition(" ")
    if kind.upper() == "NONE":
        way_out = 'write HEALTHCHECK CMD ["python", "-m", "probes", "health"]'
        yield Finding(place, "HEALTHCHECK NONE hides the health of the service", "it should be asked", way_out)
        return
    asked = form(place.line, command.strip())
    if not asked.exec:
        way_out = 'write it as CMD ["python", "-m", "probes", "health"]: the image has no shell'
        found = f"HEALTHCHECK is in shell form: `{command.strip()}`"
        yield Finding(place, found, "it should be `python -m probes health` in exec form", way_out)
        return
    yield from judge.must_be_health(tree, place, "HEALTHCHECK", asked.words, ports)


def _run(tree: Tree, place: Place, rest: str) -> Iterator[Seen]:
    rest = rest[match.end() if (match := _FLAGS.match(rest)) else 0 :]
    exec_form = form(place.line, rest)
    commands = [exec_form.words] if exec_form.exec else [command.words for command in shell.read(rest)]
    for words in commands:
        if words:
            yield from (one for one in judge.look(tree, place, words, one_off=True) if isinstance(one, Finding))
