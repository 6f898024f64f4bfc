"""The follower: learns of new events in the logs of those who have clients here, whoever appends them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from sqlalchemy.exc import SQLAlchemyError

from service.live.log import Log
from service.store import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from service.live.server import Server
    from service.store.database import Database

log = logging.getLogger("service.follower")

EVERY = 0.25
"""Seconds between two looks: a process that cannot wake this one is heard no later."""
_LONGEST_PAUSE = 5.0  # seconds, while the database is away


class Follower:
    """Async context manager that follows the logs; a commit of this process or a replica's word makes it look at once.

    A database that is away is waited for.
    """

    def __init__(self, database: Database, server: Server) -> None:
        self._database = database
        self._server = server
        self._logs: dict[int, Log] = {}
        self._woken = asyncio.Event()
        self._failures = 0

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._server.on_wake(self._wake)
        self._end_listening = self._database.listen(self._committed)
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end_listening()
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    @contextmanager
    def log(self, user_id: int, listener: Callable[[], None]) -> Iterator[Log]:
        """The user's log, followed; `listener` is called when there is news in it."""
        log = self._logs.setdefault(user_id, Log(self._database, user_id))
        log.listeners.add(listener)
        self._woken.set()
        try:
            yield log
        finally:
            log.listeners.remove(listener)
            if not log.listeners:
                del self._logs[user_id]

    def _committed(self, user_id: int) -> None:
        """A transaction of this process has appended events; called in its thread."""
        try:
            self._loop.call_soon_threadsafe(self._tell, user_id)
        except RuntimeError:
            pass  # the loop has ended, and with it every client

    def _tell(self, user_id: int) -> None:
        self._wake(user_id)
        self._server.wake_replicas(user_id)

    def _wake(self, user_id: int) -> None:
        if user_id in self._logs:
            self._woken.set()

    async def _follow(self) -> None:
        while True:
            await self._wait()
            self._woken.clear()
            if not self._logs:
                continue
            try:
                newest = await asyncio.to_thread(self._newest, list(self._logs))
            except Exception as error:
                await self._bear(error)
            else:
                self._recover()
                for user_id in newest.keys() & self._logs.keys():
                    self._logs[user_id].found(newest[user_id])

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(EVERY if self._logs else None):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _newest(self, user_ids: list[int]) -> dict[int, int | None]:
        with self._database.read() as session:
            found = events.newest(session, user_ids)
        return {user_id: found.get(user_id) for user_id in user_ids}

    async def _bear(self, error: Exception) -> None:
        self._failures += 1
        if self._failures == 1:
            said = getattr(error, "orig", None) or error
            reason = self._database.url.hide(f"{type(said).__name__}: {said}".strip())
            unexpected = None if isinstance(error, SQLAlchemyError) else error
            log.warning("live events wait for the database: %s", reason, exc_info=unexpected)
        await asyncio.sleep(min(_LONGEST_PAUSE, EVERY * 2 ** min(self._failures, 10)))
        self._woken.set()

    def _recover(self) -> None:
        if self._failures:
            log.info("live events follow the database again")
        self._failures = 0
