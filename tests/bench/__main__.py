"""`python -m tests.bench [BENCHMARK …] [--runs N]`: prints one table; exit status 1 when a benchmark broke.

With `--strict` it is 1 when a target is missed, too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import hostile, machine, triage
from tests.bench.boot import first_answer, gil, memory, ready, throughput
from tests.bench.image import comparison as image
from tests.bench.mail import comparison as mail
from tests.bench.processes import Broken
from tests.bench.rounds import Rounds
from tests.bench.table import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.figures import Figure

BENCHMARKS: dict[str, Callable[[Rounds, Path], list[Figure]]] = {
    "first-answer": first_answer.measure,
    "ready": ready.measure,
    "throughput": throughput.measure,
    "memory": memory.measure,
    "gil": gil.measure,
    "image": image.measure,
    "mail": mail.measure,
    "triage": triage.measure,
    "hostile": hostile.measure,
}
LONG = ("image", "mail", "triage", "hostile")
BY_DEFAULT = [name for name in BENCHMARKS if name not in LONG]
RUNS = 15


def main() -> int:
    """Run the benchmarks that the arguments name, or all that need neither Docker, a corpus nor minutes."""
    arguments = _parse()
    rounds = Rounds(arguments.runs)
    machine.compile_all()
    benchmarks = BENCHMARKS | {"triage": partial(triage.measure, path=arguments.corpus)}
    figures: list[Figure] = []
    errors: list[str] = []
    before = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.benchmark or BY_DEFAULT:
            try:
                figures += benchmarks[name](rounds, Path(folder))
            except Broken as error:
                errors.append(f"{name} broke: {error}")
                print(f"\n{errors[-1]}", file=sys.stderr)
    print(f"{before}\n{arguments.runs} paired runs\n\n{table([figure.row() for figure in figures])}")
    missed = arguments.strict and not all(figure.is_met for figure in figures)
    return 1 if errors or missed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the boot beside its peers.")
    parser.add_argument("benchmark", nargs="*", help=f"of {', '.join(BENCHMARKS)} (default: all but {', '.join(LONG)})")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help=f"paired runs of each (default: {RUNS})")
    parser.add_argument("--corpus", type=Path, default=triage.CORPUS, metavar="FILE", help="the messages of `triage`")
    parser.add_argument("--strict", action="store_true", help="exit status 1 when a target is missed, too")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.benchmark if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}")
    if arguments.runs < 1:
        parser.error(f"--runs {arguments.runs}: at least 1 is needed")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
