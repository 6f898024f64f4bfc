"""Pauses that grow while something fails, and that differ, so that many who wait do not come back at once."""

from __future__ import annotations

import random


class Backoff:
    """Seconds to wait after each failure in a row: doubling from `first` to `longest`, half of it by chance."""

    def __init__(self, first: float = 1.0, longest: float = 60.0) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    @property
    def has_failed(self) -> bool:
        """Whether there was a failure since it last worked."""
        return self._failures > 0

    def next(self) -> float:
        """The pause after one more failure."""
        pause = min(self._longest, self._first * 2.0 ** min(self._failures, 32))
        self._failures += 1
        return pause / 2 + random.uniform(0, pause / 2)  # noqa: S311  # chance, not secrecy

    def reset(self) -> None:
        """It works again."""
        self._failures = 0
