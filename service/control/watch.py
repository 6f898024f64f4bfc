"""The watch over one task: it runs the task, restarts it, and knows what is wrong with it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.control.task import Restarts, Task

log = logging.getLogger("service.control")


class Watch:
    """One task under supervision."""

    def __init__(self, task: Task, restarts: Restarts) -> None:
        self._task = task
        self._restarts = restarts
        self._failures = 0
        self._last_failure = ""
        self._began: float | None = None
        self._beat = time.monotonic()
        self._ended = False

    async def keep_running(self) -> None:
        """Run the task again and again, until this is cancelled or the task ends by itself."""
        while not self._ended:
            self._began = self._beat = time.monotonic()
            try:
                await self._task.run(self._heartbeat)
            except asyncio.CancelledError as error:
                if _is_cancelled():
                    raise
                await self._restart_after(error)  # something inside of the task was cancelled, not the task
            except Exception as error:
                await self._restart_after(error)
            else:
                self._ended = True
                log.error("task %r has ended by itself and is not restarted", self._task.name)

    def trouble(self) -> str | None:
        """What is wrong with the task, as a sentence; None when it is well."""
        name, now = self._task.name, time.monotonic()
        if self._ended:
            return f"task {name!r} has ended by itself, and nothing does its work"
        if self._failures > self._restarts.tolerated and not self._is_stable(now):
            return f"task {name!r} failed {self._failures} times in a row, last with {self._last_failure}"
        silence = now - self._beat
        if self._began is not None and silence > self._task.silence:
            return f"task {name!r} gave no heartbeat for {silence:.1f} s, and {self._task.silence:g} s are allowed"
        return None

    def _heartbeat(self) -> None:
        self._beat = time.monotonic()

    async def _restart_after(self, error: BaseException) -> None:
        self._failures = 1 if self._is_stable(time.monotonic()) else self._failures + 1
        self._last_failure = f"{type(error).__name__}: {error}"
        self._began = None
        pause = self._restarts.pause(self._failures)
        log.error(
            "task %r failed (%d in a row) and is restarted in %.1f s",
            self._task.name, self._failures, pause, exc_info=error,
        )  # fmt: skip
        await asyncio.sleep(pause)

    def _is_stable(self, now: float) -> bool:
        return self._began is not None and now - self._began >= self._restarts.stable


def _is_cancelled() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0
