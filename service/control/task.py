"""What a background task is, and how its failures are borne."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Heartbeat = Callable[[], None]
"""Called by a task whenever it has got something done or has seen that there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Task:
    """Work that goes on for as long as the service runs: `run` gives heartbeats, and ends only by cancellation."""

    name: str
    run: Callable[[Heartbeat], Awaitable[None]]
    silence: float = 30.0
    """Seconds without a heartbeat after which the task counts as stuck."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """How a task that failed is restarted; times in seconds."""

    first_pause: float = 1.0
    longest_pause: float = 30.0
    tolerated: int = 2
    """Failures in a row that do not count as the death of the task."""
    stable: float = 60.0
    """A run of this length ends the row."""

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row: doubling, with an upper end."""
        return float(min(self.longest_pause, self.first_pause * 2 ** min(failures - 1, 32)))


DEFAULT_RESTARTS = Restarts()
