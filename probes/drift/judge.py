"""Judges commands, health paths, ports and environments, wherever a reader of files found them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from probes.drift import shell
from probes.drift.command import Command, Does, understand
from probes.drift.finding import HEALTH, START, Finding, Place, Seen, Start
from probes.environment import Environment, UsageError
from probes.gate.answers import PROBE_PATHS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from probes.drift.tree import Tree

DEFAULT_PORT = 8000
_SHOULD_START = f"it should be `{START}`"
_LOCAL_URL = re.compile(
    r"(?<![\w.])(?:https?://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::[\w${}:-]+?)?(/[\w./-]*)", re.ASCII
)
_LIKE_A_PROBE = re.compile(r"/(?:_?health|live|ready|readiness|metrics|ping\b|status\b|up\b)[\w./-]*", re.ASCII)


def must_start(tree: Tree, place: Place, what: str, words: Sequence[str] | None, text: str = "") -> Iterator[Seen]:
    """The command in a place that starts the service. `words` is None where `text` is more than one command."""
    shown = text or spell(words or [])
    command = understand(words or [], tree.applications)
    if words and command.does is Does.START and command.canonical:
        yield Start(place, shown)
        yield from environment(place, command.assignments)
        return
    yield Finding(place, f"{what} starts `{_short(shown)}`", _SHOULD_START, _way_out(tree, command, words))


def must_be_health(tree: Tree, place: Place, what: str, words: Sequence[str], ports: Sequence[int]) -> Iterator[Seen]:
    """The command in a place that asks for the health of a running instance, which listens on `ports`."""
    command = understand(words, tree.applications)
    if command.does is not Does.AIRLOCK or command.name != "health" or not command.canonical:
        resolution = f"write it as {shlex.split(HEALTH)}: it needs no shell and no curl in the image".replace("'", '"')
        yield Finding(place, f"{what} runs `{_short(spell(words))}`", f"it should be `{HEALTH}`", resolution)
    elif match := re.fullmatch(r"https?://(?:\[[^\]]*\]|[^/:]*)(?::(\d+))?(/[^?#]*)?.*", command.url):
        yield from health_path(place, what, match[2] or "/", ready=True)
        if match[1] and ports:
            yield from port(place, what, int(match[1]), ports)


def look(tree: Tree, place: Place, words: Sequence[str], *, one_off: bool = False, here: bool = True) -> Iterator[Seen]:
    """A command among others, which is nobody's concern unless it starts a server, or a module that there is not.

    A `one_off` (a job, a build step) may run what belongs to the application. Its folder is the root if it is `here`.
    """
    command = understand(words, () if one_off else tree.applications)
    shown = _short(spell(words))
    missing = tree.missing(command.module) if here else ""
    if command.does is Does.START:
        yield Start(place, shown)
        yield from environment(place, command.assignments)
    elif command.does is Does.OTHER_START and not one_off:
        yield Finding(place, f"`{shown}` starts a server", _SHOULD_START, _way_out(tree, command, words))
    elif command.does is Does.UNKNOWN:
        way_out = "see `python -m probes --help` for the commands"
        yield Finding(place, f"`{shown}` is no command of Airlock", "it should be one that there is", way_out)
    elif missing:
        way_out = f"name a module that exists, or add {command.module}"
        yield Finding(place, f"`{shown}` runs a module: {missing}", "it should be one that there is", way_out)


def script(
    tree: Tree, file: str, text: str, line: int = 1, *, one_off: bool = False, here: bool = True
) -> Iterator[Seen]:
    """The commands of a shell text, whose first line has the number `line`, and the health paths that they ask for."""
    for command in shell.read(text, line):
        yield from look(tree, Place(file, command.line), command.words, one_off=one_off, here=here)
        for word in command.words:
            yield from urls(Place(file, command.line), word)


def urls(place: Place, text: str) -> Iterator[Finding]:
    """The addresses of this machine in a text: one that looks like a probe has to be one."""
    for match in _LOCAL_URL.finditer(text):
        if _LIKE_A_PROBE.fullmatch(match[1]):
            yield from health_path(place, "an address", match[1])


def health_path(place: Place, what: str, path: str, *, ready: bool = False, alive: bool = False) -> Iterator[Finding]:
    """A path that a platform asks for; one for readiness (`ready`) or liveness (`alive`), or any of the probes'."""
    path = path.partition("?")[0]
    known = ", ".join(PROBE_PATHS)
    if path not in PROBE_PATHS:
        way_out = f"the paths that answer are {known}"
        expected = "/health" if ready else "/healthz" if alive else f"one of {known}"
        yield Finding(place, f"{what} is at {path}, which does not exist", f"it should be {expected}", way_out)
    elif ready and path != "/health":
        way_out = "/healthz says 200 while the service boots; only /health says whether it may have traffic"
        yield Finding(place, f"{what} asks {path} for readiness", "it should be /health", way_out)
    elif alive and path != "/healthz":
        way_out = "/health says 503 while the service boots and drains; to be restarted for that would never end"
        yield Finding(place, f"{what} asks {path} for liveness", "it should be /healthz", way_out)


def port(place: Place, what: str, number: int, ports: Sequence[int]) -> Iterator[Finding]:
    """A port that has to be one on which the service listens."""
    if number not in ports:
        listens = " and ".join(map(str, ports))
        way_out = f"name {ports[0]} there, or set PORT={number}"
        yield Finding(
            place, f"{what} is port {number}, but the service listens on {listens}", f"it should be {ports[0]}", way_out
        )


def ports_of(variables: Mapping[str, str], default: int = DEFAULT_PORT) -> list[int]:
    """The ports that an environment makes the service listen on, PORT first; none when that can't be known."""
    listens = [variables.get("PORT") or str(default)]
    if variables.get("MANAGEMENT_PORT"):
        listens.append(variables["MANAGEMENT_PORT"])
    return [int(text) for text in listens] if all(text.isascii() and text.isdigit() for text in listens) else []


def environment(place: Place, variables: Mapping[str, str]) -> Iterator[Finding]:
    """The gate's own variables have to be usable; those with an expansion or a template are not known yet."""
    known = {name: text for name, text in variables.items() if not re.search(r"\$|\{\{|`", text)}
    try:
        Environment(known)
    except UsageError as error:
        for problem in str(error).splitlines():
            found, _, expected = problem.partition(": accepted is ")
            way_out = "mend the value, or leave it out to have the default"
            yield Finding(place, found, f"accepted is {expected}" if expected else "it should be usable", way_out)


def text_starts(tree: Tree, place: Place, what: str, text: str) -> Iterator[Seen]:
    """`must_start` for a command that a platform gives to a shell."""
    yield from must_start(tree, place, what, shell.single(text), text.strip())


def spell(words: Sequence[str]) -> str:
    """The words as one would type them; templates stay as they are."""
    return " ".join(word if re.fullmatch(r"[^\s'\"\\]+|\{\{.*\}\}", word) else shlex.quote(word) for word in words)


def _way_out(tree: Tree, command: Command, words: Sequence[str] | None) -> str:
    if words is None:
        return f"make `{START}` the one command there; what has to come before it is a check in the boot contract"
    if missing := tree.missing(command.module):
        return f"{missing}; write `{START}`"
    if command.does is Does.START:
        return (
            f"write `{START}`, with assignments before it and `--contract FILE` after it if you like, and nothing else"
        )
    if command.does is Does.OTHER_START:
        return (
            f"write `{START}`: behind any other start nothing answers probes while it boots, and no contract is proved"
        )
    if command.does in (Does.AIRLOCK, Does.UNKNOWN):
        return f"write `{START}` without a further word: that is the start"
    return f"write `{START}`, and let contract.toml say what is served"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}…"
