"""Measures the image and its peers, in turns whose order changes from round to round."""

from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.figures import MEBIBYTES, MILLISECONDS, Figure, Target, Unit
from tests.bench.image.bridge import Bridge
from tests.bench.image.container import Boot, run, start
from tests.bench.image.images import Images, Side, images
from tests.bench.image.memory import Memory, memory
from tests.bench.image.size import Size, size

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.rounds import Rounds

MEGABYTES = Unit("MB", 1e-6)
BASE, WHOLE = Target(0.55), Target(1.5)
FIRST, READY = Target(0.25), Target(0.5)
GATE = Target(6 * 2**20)


class Sample(NamedTuple):
    """One image once: `docker run` with what it then has in memory, and `docker start`."""

    run: Boot
    memory: Memory
    start: Boot


def measure(rounds: Rounds, folder: Path) -> list[Figure]:
    """Sizes first; then the boots."""
    compared = images()
    return [*_sizes(compared, folder), *_boots(compared, rounds)]


def _sizes(compared: Images, folder: Path) -> list[Figure]:
    def weigh(image: str) -> Size:
        print(f"weighing {image}", file=sys.stderr, flush=True)
        return size(image, folder)

    ours = weigh(compared.ours.image)
    pairs: list[tuple[str, Size, Size, Target | None]] = []
    if compared.bare:
        bare = weigh(compared.bare)
        pairs.append(("base part ÷ bare distroless", weigh(compared.base), bare, BASE))
        pairs.append(("whole image ÷ bare distroless", ours, bare, WHOLE))
    pairs += [(f"whole image ÷ {peer.name}, same service", ours, weigh(peer.image), None) for peer in compared.peers]
    return [
        Figure(f"{kind}, {name}", MEGABYTES, [float(ours[place])], [float(peer[place])], target)
        for place, kind in enumerate(("unpacked", "gzipped"))
        for name, ours, peer, target in pairs
    ]


def _boots(compared: Images, rounds: Rounds) -> list[Figure]:
    sides, turn = [compared.ours, *compared.peers], count()
    with Bridge() as bridge:

        def one_round() -> dict[str, Sample]:
            shift = next(turn) % len(sides)
            return {side.name: _sample(side, bridge) for side in sides[shift:] + sides[:shift]}

        taken = rounds("images", {"all": one_round})["all"]
    samples = {side.name: [sample[side.name] for sample in taken] for side in sides}
    ours = samples[compared.ours.name]
    gates, private, children = (
        [getattr(sample.memory, part) for sample in ours] for part in ("gate", "gate_private", "child")
    )
    return [
        *(figure for peer in compared.peers for figure in _compare(ours, peer.name, samples[peer.name])),
        Figure(
            "memory (PSS) of the gate in its container, beside the child's", MEBIBYTES, gates, children, GATE, False
        ),
        Figure("of it private to the gate", MEBIBYTES, private),
    ]


def _sample(side: Side, bridge: Bridge) -> Sample:
    with run(side, bridge) as ran:
        remembered = memory(ran.pid)
    with start(side, bridge) as started:
        return Sample(ran, remembered, started)


def _compare(ours: list[Sample], name: str, peer: list[Sample]) -> list[Figure]:
    aimed = name == "distroless"
    rows = [
        ("`docker run` to the first answer", FIRST, lambda sample: sample.run.first - sample.run.asked),
        ("`docker run` to ready", READY, lambda sample: sample.run.ready - sample.run.asked),
        ("`docker start` to the first answer", None, lambda sample: sample.start.first - sample.start.asked),
        ("`docker start` to ready", None, lambda sample: sample.start.ready - sample.start.asked),
        ("its process to the first answer", None, lambda sample: sample.run.first - sample.run.ran),
        ("its process to ready", None, lambda sample: sample.run.ready - sample.run.ran),
    ]
    return [
        *(
            Figure(f"{what} ÷ {name}", MILLISECONDS, list(map(of, ours)), list(map(of, peer)), aim if aimed else None)
            for what, aim, of in rows
        ),
        *(
            Figure(f"memory ({what}) once ready ÷ {name}", MEBIBYTES, list(map(of, ours)), list(map(of, peer)))
            for what, of in (
                ("working set", lambda sample: sample.memory.working_set),
                ("PSS", lambda sample: sample.memory.pss),
            )
        ),
    ]
