"""How long the slowest hostile message takes to be read, beside a plain one of the same length."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from service.core.mime import parse
from tests.bench.figures import Figure, Target, Unit
from tests.service.core.mime.hostile import HOSTILE, PLAIN, filled

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.rounds import Rounds

SECONDS = Unit("s")
TARGET = Target(2.0)


class Sample(NamedTuple):
    """Processor time of one message, in seconds, and which it was."""

    seconds: float
    name: str


def measure(rounds: Rounds, _folder: Path) -> list[Figure]:
    """The slowest of all in each run; messages are made before the time is taken."""
    samples = rounds("hostile messages", {"plain": _plain, "hostile": _slowest})
    print(f"\nthe slowest hostile messages: {', '.join(sorted({sample.name for sample in samples['hostile']}))}\n")
    slowest, plain = ([sample.seconds for sample in samples[side]] for side in ("hostile", "plain"))
    name = f"the slowest of {len(HOSTILE)} hostile messages of 5 MB beside a plain one"
    return [Figure(name, SECONDS, slowest, plain, TARGET, compare=False)]


def _plain() -> Sample:
    return Sample(
        _read(filled(b"Shall we meet for lunch tomorrow? The minutes of the meeting are done.\n", PLAIN + b"\n")), ""
    )


def _slowest() -> Sample:
    return max(Sample(_read(make()), name) for name, make in HOSTILE.items())


def _read(raw: bytes) -> float:
    began = time.process_time()
    parse(raw)
    return time.process_time() - began
