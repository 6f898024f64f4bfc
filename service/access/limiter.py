"""A limiter of attempts: a token bucket for each key, in a memory that does not grow."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limiter:
    """Lets a key have `burst` attempts at once, and another one every `every` seconds; threads may share it.

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
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: str, attempts: int = 1) -> float:
        """0 when the key may try now, which is counted; else the seconds until it may, and nothing is counted.

        `attempts` is how many of them this one is, at most `burst`.
        """
        with self._lock:
            now = self._clock()
            wait = self._until(key, now, attempts)
            full_at = max(self._full_at.pop(key, now), now)
            self._full_at[key] = full_at if wait > 0 else full_at + attempts * self._every
            while len(self._full_at) > self._most:
                self._full_at.popitem(last=False)
        return wait

    def peek(self, key: str) -> float:
        """What `wait` would say; nothing is counted."""
        with self._lock:
            return self._until(key, self._clock(), 1)

    def _until(self, key: str, now: float, attempts: int) -> float:
        until_full = max(self._full_at.get(key, now) - now, 0.0)
        return max(until_full - (self._burst - attempts) * self._every, 0.0)
