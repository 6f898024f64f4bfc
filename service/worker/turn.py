"""One worker a file: of the processes on one SQLite database the first works, and the next when that has ended."""

from __future__ import annotations

import asyncio
import fcntl
import logging
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from service.control.task import Heartbeat
    from service.store.database import Database

log = logging.getLogger("service.worker")

EVERY = 0.5
"""Seconds between two tries."""


class Turn:
    """A lock on a file beside the database, which the kernel opens when its holder ends, however that ends.

    On a server, where workers share the work by their leases, it is always everybody's turn.
    """

    def __init__(self, database: Database) -> None:
        self._file = f"{database.url.url().database}.worker" if database.is_sqlite else ""
        self._held: IO[str] | None = None

    def awaited(self, run: Callable[[Heartbeat], Awaitable[None]]) -> Callable[[Heartbeat], Awaitable[None]]:
        """What a task does, from the moment on when it is this process's turn. Raises `OSError`."""

        async def wait_and_run(beat: Heartbeat) -> None:
            told = False
            while not self._take():
                if not told:
                    log.warning("another process works on %s: this one waits until that has ended", self._file)
                told = True
                beat()
                await asyncio.sleep(EVERY)
            await run(beat)

        return wait_and_run

    def _take(self) -> bool:
        if self._held is None and self._file:
            file = open(self._file, "a")  # noqa: SIM115  # open for as long as the process lives
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._held = file
        return True
