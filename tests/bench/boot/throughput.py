"""What our middleware costs each request once the service is open."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING, NamedTuple

from tests.bench import sides
from tests.bench.client import STEADY, answered_after
from tests.bench.figures import REQUESTS, Figure, Target
from tests.bench.load import requests_per_second
from tests.bench.processes import Program, Running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.rounds import Rounds

WITHOUT_METRICS = Target(0.97, at_least=True)
WITH_METRICS = Target(0.90, at_least=True)
WARM_SECONDS = 0.3
SLICES = 12
SLICE_SECONDS = 0.1


class Contender(NamedTuple):
    """A program, the path that is 200 once it is ready, and the path that is asked for under load."""

    program: Program
    ready: str
    path: str


def measure(rounds: Rounds, folder: Path) -> list[Figure]:
    """Requests/s, with and without metrics, beside Hypercorn alone on the same event loop."""
    return [figure for app in (sides.small(), sides.service(folder)) for figure in _compare(rounds, folder, app)]


def _compare(rounds: Rounds, folder: Path, app: sides.Application) -> list[Figure]:
    contenders = (
        Contender(_on_the_same_address(sides.gate(app, folder, request_metrics=False)), "/health", app.path),
        Contender(_on_the_same_address(sides.gate(app, folder)), "/health", app.path),
        Contender(sides.hypercorn(app), app.path, app.path),
    )
    samples = rounds(f"requests/s, {app.name}", {"all": lambda: rates(*contenders)})["all"]
    off, on, alone = (list(side) for side in zip(*samples, strict=True))
    name = f"requests/s, {app.name}, metrics {{}} ÷ Hypercorn in one process"
    return [
        Figure(name.format("off"), REQUESTS, off, alone, WITHOUT_METRICS),
        Figure(name.format("on"), REQUESTS, on, alone, WITH_METRICS),
    ]


def _on_the_same_address(program: Program) -> Program:
    """As the peer, on IPv4 alone."""
    return replace(program, environment={**program.environment, "HOST": "127.0.0.1"})


def rates(*contenders: Contender) -> tuple[float, ...]:
    """Requests/s of each: fresh processes, loaded in turns that are shorter than what else happens on the machine."""
    with ExitStack() as stack:
        running = [stack.enter_context(Running(contender.program)) for contender in contenders]
        for contender, process in zip(contenders, running, strict=True):
            answered_after(process, contender.ready, status=200, pause=STEADY)
            requests_per_second(process.port, contender.path, WARM_SECONDS)
        slices: list[list[float]] = [[] for _ in contenders]
        for turn in range(SLICES):
            for place in range(len(contenders)):
                n = (turn + place) % len(contenders)
                slices[n].append(requests_per_second(running[n].port, contenders[n].path, SLICE_SECONDS))
        return tuple(map(mean, slices))
