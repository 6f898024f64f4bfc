"""A limiter of attempts: a token bucket for each key, in a memory that does not grow."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limiter:
    """Lets a key have `burst` attempts at once, and another one every `every` seconds.

    Of at most `most` keys it knows anything: the one that was tried longest ago is forgotten first.
    """

    def __init__(
        self, burst: int, every: float, most: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._every = every
        self._most = most
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str) -> float:
        """0 when the key may try now, which is counted; else the seconds until it may, and nothing is counted."""
        now = self._clock()
        full_at = max(self._full_at.pop(key, now), now)
        wait = full_at + self._every - now - self._burst * self._every
        if wait <= 0:
            full_at += self._every
        self._full_at[key] = full_at
        while len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
        return max(wait, 0.0)
