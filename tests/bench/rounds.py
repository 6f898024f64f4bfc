"""Runs what is compared in turns (A B C, A B C, …), so that whatever else the machine does meets all of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Sample = TypeVar("Sample")


class Rounds:
    """`count` rounds of each benchmark after one round that only warms up; progress goes to standard error."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, title: str, sides: Mapping[str, Callable[[], Sample]]) -> dict[str, list[Sample]]:
        """The samples of each side, in the order of the rounds."""
        samples: dict[str, list[Sample]] = {name: [] for name in sides}
        for number in range(self.count + 1):
            _progress(title, f"{number} of {self.count}" if number else "warming up")
            for name, measure in sides.items():
                sample = measure()
                if number:
                    samples[name].append(sample)
        if sys.stderr.isatty():
            print(file=sys.stderr)
        return samples


def _progress(title: str, text: str) -> None:
    """One line that changes on a terminal, else a line each."""
    start, end = ("\r", "\033[K") if sys.stderr.isatty() else ("", "\n")
    print(f"{start}{title}: {text}", end=end, file=sys.stderr, flush=True)
