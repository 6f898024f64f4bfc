"""How long the whole boot takes: from the spawn to the first 200 that the application stands behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import sides
from tests.bench.client import STEADY, answered_after
from tests.bench.figures import MILLISECONDS, Figure, Target
from tests.bench.processes import Program, Running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.rounds import Rounds

TARGET = Target(1.05)


def measure(rounds: Rounds, folder: Path) -> list[Figure]:
    """The gate's `/health` beside the application's own path on Hypercorn alone, started in two ways."""
    return [figure for app in (sides.plain(), sides.service(folder)) for figure in _compare(rounds, folder, app)]


def _compare(rounds: Rounds, folder: Path, app: sides.Application) -> list[Figure]:
    ours, command, alone = sides.gate(app, folder), sides.hypercorn_command(app), sides.hypercorn(app)
    samples = rounds(
        f"ready, {app.name}",
        {
            "ours": lambda: ready_after(ours, "/health"),
            "command": lambda: ready_after(command, app.path),
            "alone": lambda: ready_after(alone, app.path),
        },
    )
    return [
        Figure(f"ready, {app.name} ÷ {peer}", MILLISECONDS, samples["ours"], samples[side], TARGET)
        for side, peer in (("command", "the command `hypercorn`"), ("alone", "Hypercorn in one process"))
    ]


def ready_after(program: Program, path: str) -> float:
    """Seconds from the spawn to the first 200 on `path`."""
    with Running(program) as running:
        return answered_after(running, path, status=200, pause=STEADY)
