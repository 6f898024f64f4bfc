"""How long nobody answers: from the spawn to the first answered probe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import sides
from tests.bench.client import EAGER, answered_after
from tests.bench.figures import MILLISECONDS, Figure, Target
from tests.bench.processes import Program, Running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.rounds import Rounds

TARGET = Target(1.5)


def measure(rounds: Rounds, folder: Path) -> list[Figure]:
    """The gate beside a bare accept loop of an interpreter without site and environment."""
    ours = sides.gate(sides.plain(), folder)
    peer = sides.accept_loop()
    samples = rounds("first answer", {"ours": lambda: _first(ours), "peer": lambda: _first(peer)})
    name = "first answered probe ÷ bare `python -I -S` accept loop"
    return [Figure(name, MILLISECONDS, samples["ours"], samples["peer"], TARGET)]


def _first(program: Program) -> float:
    with Running(program) as running:
        return answered_after(running, "/healthz", status=200, pause=EAGER)
