"""The quota of one mailbox, in Gmail's units (https://developers.google.com/workspace/gmail/api/reference/quota)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PER_SECOND = 200.0
"""Of the 250 that each user has: other programs of theirs share it."""
PROFILE, LABELS, HISTORY, LIST, GET, SEND = 1, 1, 2, 5, 5, 100
"""What the methods cost."""


class Quota:
    """Has callers wait: no more than `per_second` units are spent, at once or in a second. Threads may share it."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._spent_at = 0.0  # when all that was taken is earned again
        self._held_until = 0.0

    def take(self, units: int) -> None:
        """Return when so many units may be spent."""
        with self._lock:
            now = self._clock()
            self._spent_at = max(self._spent_at, now) + units / self._per_second
            wait = max(self._spent_at - 1.0, self._held_until) - now
        if wait > 0:
            self._sleep(wait)

    def hold(self, seconds: float) -> None:
        """Have nobody spend anything for so long."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)
