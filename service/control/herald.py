"""The herald: tells every client, on whichever replica, when a task dies and when it comes back."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from service.control.supervisor import Supervisor

    Emit = Callable[[str, dict[str, Any]], Awaitable[None]]

log = logging.getLogger("service.control")

EVERY = 1.0
"""Seconds between two looks: that a task has gone silent is no event."""


class Herald:
    """Async context manager that emits `control_status` for each change that `supervisor` shows.

    Clients learn the task's name and whether it is up or down; what is wrong with it is for the log and for /health.
    `instance` tells them apart where several processes have a task of that name. One that is killed says nothing.
    """

    def __init__(self, supervisor: Supervisor, emit: Emit, instance: str) -> None:
        self._supervisor = supervisor
        self._emit = emit
        self._instance = instance
        self._down: set[str] = set()
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._supervisor.names:
            self._watch = asyncio.create_task(self._keep_telling())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _keep_telling(self) -> None:
        while True:
            down = set(self._supervisor.troubles())
            for task in sorted(down ^ self._down):
                await self._tell(task, "down" if task in down else "up")
            self._down = down
            await asyncio.sleep(EVERY)

    async def _tell(self, task: str, status: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        told = {"task": task, "status": status, "instance": self._instance, "server_time": at}
        try:
            await self._emit("control_status", told)
        except Exception:
            log.exception("clients are not told that task %r is %s", task, status)
