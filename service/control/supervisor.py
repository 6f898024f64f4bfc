"""The supervisor: keeps named background tasks running for as long as it is entered."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Self

from service.control.task import DEFAULT_RESTARTS, Restarts, Task
from service.control.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

running: list[Supervisor] = []
"""The supervisors of this process that are entered, for the indicator."""


class Supervisor:
    """Async context manager around the `tasks`; leaving it cancels them all and awaits their end.

    Raises ValueError when two tasks share a name.
    """

    def __init__(self, tasks: Sequence[Task], restarts: Restarts = DEFAULT_RESTARTS) -> None:
        self.names = [task.name for task in tasks]
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise ValueError(f"each task needs a name of its own: {', '.join(map(repr, twice))} is used twice")
        self._watches = [Watch(task, restarts) for task in tasks]
        self._runs: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._runs = [
            asyncio.create_task(watch.keep_running(), name=name)
            for name, watch in zip(self.names, self._watches, strict=True)
        ]
        running.append(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        running.remove(self)
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)

    def troubles(self) -> dict[str, str]:
        """What is wrong, a sentence for each task that is not well, by its name."""
        watches = zip(self.names, self._watches, strict=True)
        return {name: trouble for name, watch in watches if (trouble := watch.trouble())}
