"""Whether probes stay answered while an import keeps the GIL for seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import sides
from tests.bench.client import worst_latency_until_ready
from tests.bench.figures import MILLISECONDS, Figure, Target
from tests.bench.processes import Program, Running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.rounds import Rounds

TARGET = Target(0.010)
EVERY = 0.005


def measure(rounds: Rounds, folder: Path) -> list[Figure]:
    """The slowest probe of each boot, beside the slowest that a thread of the importing process answers."""
    app = sides.holds_gil()
    ours, peer = sides.gate(app, folder), sides.thread_prober(app)
    samples = rounds("probes during a GIL-holding import", {"ours": lambda: _worst(ours), "peer": lambda: _worst(peer)})
    name = "slowest probe while an import keeps the GIL for 3 s, beside a thread's"
    return [Figure(name, MILLISECONDS, samples["ours"], samples["peer"], TARGET, compare=False)]


def _worst(program: Program) -> float:
    with Running(program) as running:
        return worst_latency_until_ready(running, EVERY)
