"""Tells what a command does: the canonical start, another of Airlock's commands, another way to serve, or neither."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from probes.drift import shell

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

COMMANDS = ("check", "drift", "health")
SERVERS = frozenset(
    [
        "daphne",
        "flask",
        "fastapi",
        "granian",
        "gunicorn",
        "hypercorn",
        "sanic",
        "uvicorn",
        "uwsgi",
        "waitress",
        "waitress-serve",
    ]
)
_ONLY_SERVES_WITH = {"flask": ("run",), "fastapi": ("run", "dev")}
_SERVER_SCRIPTS = frozenset(["app", "asgi", "main", "manage", "run", "serve", "server", "start", "worker", "wsgi"])
_PYTHON = re.compile(
    r"(?:.*[/\\])?python(?:3(?:\.\d+)?)?(?:\.exe)?|\$\{?\w*python\w*\}?|\{\{\s*\.?\w*python\w*\s*\}\}", re.IGNORECASE
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_LAUNCHERS = frozenset(
    [
        "catchsegv",
        "command",
        "dumb-init",
        "env",
        "exec",
        "nice",
        "nohup",
        "setsid",
        "stdbuf",
        "sudo",
        "time",
        "timeout",
        "tini",
        "xvfb-run",
    ]
)
_RUNNERS = frozenset(["hatch", "pdm", "pipenv", "pixi", "poetry", "rye", "uv"])
_SHELLS = frozenset(["ash", "bash", "dash", "ksh", "sh", "zsh"])
_FORWARDED = re.compile(r"\{\{.*CLI_ARGS.*\}\}|\$@|\$\*|\$\{@\}", re.DOTALL)


class Does(Enum):
    """What a command comes to."""

    START = "starts the service"
    OTHER_START = "starts a server in another way"
    AIRLOCK = "another command of Airlock"
    UNKNOWN = "a command that Airlock does not have"
    SOMETHING = "something else"


_WEIGHT = (Does.SOMETHING, Does.AIRLOCK, Does.START, Does.UNKNOWN, Does.OTHER_START)


class Command(NamedTuple):
    """A command understood: what it does, whether word for word canonically, and the module that it runs, if one."""

    does: Does
    canonical: bool
    assignments: dict[str, str]
    name: str = ""
    module: str = ""
    url: str = ""


def understand(words: Sequence[str], applications: Collection[str] = ()) -> Command:
    """Understand the words of one command. `applications` are the packages that are served."""
    rest, canonical, assignments = _unwrap(list(words))
    if not rest:
        return Command(Does.SOMETHING, False, assignments)
    program = re.split(r"[/\\]", rest[0])[-1]
    if program in _SHELLS and (script := _shell_script(rest)) is not None:
        inner = [understand(command.words, applications) for command in shell.read(script)]
        worst = max(inner, key=lambda one: _WEIGHT.index(one.does), default=Command(Does.SOMETHING, False, assignments))
        return worst._replace(canonical=False)
    if _PYTHON.fullmatch(rest[0]):
        return _python(rest[1:], applications, canonical, assignments)
    if program == "docker" and (entrypoint := _option(rest, "--entrypoint")):
        return understand([entrypoint, "of a container"], applications)._replace(canonical=False)
    if program == "airlock":
        console_script = _airlock(rest[1:], canonical=False, assignments=assignments)
        return console_script._replace(does=Does.OTHER_START) if console_script.does is Does.START else console_script
    if _serves(program, rest[1:]) or _is_server_script(rest[0], applications):
        return Command(Does.OTHER_START, False, assignments)
    return Command(Does.SOMETHING, False, assignments)


def is_health(words: Sequence[str]) -> bool:
    """Whether it is `python -m probes health [URL]`, word for word."""
    command = understand(words)
    return command.does is Does.AIRLOCK and command.canonical and command.name == "health"


def _unwrap(words: list[str]) -> tuple[list[str], bool, dict[str, str]]:
    """The words without assignments and launchers, whether only canonical ones stood there, and the assignments."""
    canonical, assignments = True, {}
    while words:
        program = re.split(r"[/\\]", words[0])[-1]
        if match := _ASSIGNMENT.fullmatch(words[0]):
            assignments[match[1]] = match[2]
            words = words[1:]
        elif program in _LAUNCHERS:
            canonical = canonical and program in ("env", "exec")
            words = words[1:]
            while words and (
                words[0].startswith("-") or (program == "timeout" and re.fullmatch(r"[\d.]+\w?", words[0]))
            ):
                canonical, words = False, words[1:]
        elif program in _RUNNERS and words[1:2] == ["run"]:
            canonical, words = False, words[2:]
            while words and words[0].startswith("-"):
                words = words[1:]
        else:
            break
    return words, canonical, assignments


def _python(words: list[str], applications: Collection[str], canonical: bool, assignments: dict[str, str]) -> Command:
    module, script, rest = _target(words)
    if module == "probes":
        return _airlock(rest, canonical and words[:2] == ["-m", "probes"], assignments)
    top = module.partition(".")[0]
    starts = (
        _serves(top, rest)
        or top == "probes"
        or top in applications
        or _is_server_script(script, applications)
        or script.rstrip("/") == "probes"
    )
    return Command(Does.OTHER_START if starts else Does.SOMETHING, False, assignments, module=module)


def _target(words: list[str]) -> tuple[str, str, list[str]]:
    """What an interpreter is told to run: (module, script, the words after it)."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in ("-W", "-X", "--check-hash-based-pycs"):
            at += 2
        elif re.fullmatch(r"-[A-Za-z]*c.*", word, re.DOTALL) and not word.startswith("--"):
            return "", "", words[at + 1 :]
        elif match := re.fullmatch(r"-[bBdEiIOPqsSuvx]*m(.*)", word, re.DOTALL):
            rest = [match[1], *words[at + 1 :]] if match[1] else words[at + 1 :]
            return (rest[0] if rest else ""), "", rest[1:]
        elif word.startswith("-"):
            at += 1
        else:
            return "", word, words[at + 1 :]
    return "", "", []


def _airlock(rest: list[str], canonical: bool, assignments: dict[str, str]) -> Command:
    rest = list(rest)
    while rest:
        if rest[0] == "--contract" and len(rest) > 1:
            rest = rest[2:]
        elif rest[0].startswith("--contract=") or _FORWARDED.fullmatch(rest[0]):
            rest = rest[1:]
        else:
            break
    if not rest:
        return Command(Does.START, canonical, assignments, module="probes")
    known = rest[0] in COMMANDS or rest[0] in ("-h", "--help", "--version")
    does = Does.AIRLOCK if known or rest[0].startswith(("$", "{{")) else Does.UNKNOWN
    url = next((word for word in rest[1:] if not word.startswith("-")), "") if rest[0] == "health" else ""
    return Command(does, canonical, assignments, name=rest[0], module="probes", url=url)


def _serves(program: str, arguments: Sequence[str]) -> bool:
    if program not in SERVERS or (arguments and set(arguments) <= {"--version", "--help", "-h", "-V"}):
        return False
    needed = _ONLY_SERVES_WITH.get(program)
    return needed is None or any(word in arguments for word in needed)


def _is_server_script(script: str, applications: Collection[str]) -> bool:
    if not script.endswith(".py"):
        return False
    *folders, name = script.removeprefix("./").split("/")
    return (
        name.removesuffix(".py") in _SERVER_SCRIPTS
        or folders[:1] == ["probes"]
        or bool({*folders[:1]} & {*applications})
    )


def _shell_script(words: list[str]) -> str | None:
    for at, word in enumerate(words[1:], 1):
        if re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", word):
            return words[at + 1] if at + 1 < len(words) else None
        if not word.startswith("-"):
            return None
    return None


def _option(words: list[str], name: str) -> str:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""
