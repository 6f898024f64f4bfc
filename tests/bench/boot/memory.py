"""What the gate costs while it does nothing but wait for the service to end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import sides
from tests.bench.client import STEADY, answered_after
from tests.bench.figures import MEBIBYTES, Figure, Target
from tests.bench.processes import Program, Running

if TYPE_CHECKING:
    from tests.bench.rounds import Rounds

TARGET = Target(6 * 2**20)


def measure(rounds: Rounds, folder: Path) -> list[Figure]:
    """The gate's memory beside the child's after the hand-over: proportional, and its private part (proc(5))."""
    program = sides.gate(sides.service(folder), folder)
    samples = rounds("memory", {"ours": lambda: _sizes(program)})["ours"]
    gate, child, private = ([sizes[place] for sizes in samples] for place in range(3))
    return [
        Figure("memory (PSS) of the gate, beside the child's", MEBIBYTES, gate, child, TARGET, compare=False),
        Figure("of it private to the gate, whatever else runs", MEBIBYTES, private),
    ]


def _sizes(program: Program) -> tuple[float, float, float]:
    with Running(program) as running:
        answered_after(running, "/health", status=200, pause=STEADY)
        _wait_until_init(running)
        gate = _rollup(running.pid)
        child = sum(_rollup(pid)["Pss"] for pid in running.descendants())
        return gate["Pss"], child, gate["Private_Clean"] + gate["Private_Dirty"]


def _wait_until_init(running: Running) -> None:
    """The gate replaces itself after the hand-over; then it sleeps in the one call of its life as an init."""
    wchan = Path(f"/proc/{running.pid}/wchan")
    while "sigtimedwait" not in wchan.read_text():
        running.check()
        time.sleep(STEADY)


def _rollup(pid: int) -> dict[str, float]:
    """The sums in smaps_rollup, in bytes."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        lines = [line.split() for line in list(rollup)[1:]]
    return {name.rstrip(":"): 1024.0 * int(kibibytes) for name, kibibytes, _ in lines}
