"""The warden: a client whose session has ended, or whose token is revoked, is cut off, whoever ended it where."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from types import TracebackType

    from service.access.authenticator import Authenticator
    from service.live.events import Events

EVERY = 1.0
"""Seconds between two looks."""


class Warden:
    """Async context manager that looks after the clients of `events`. While the database is away they stay."""

    def __init__(self, authenticator: Authenticator, events: Events) -> None:
        self._authenticator = authenticator
        self._events = events

    async def __aenter__(self) -> Self:
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            callers = {caller for caller in self._events.callers() if caller.proof != "access token"}
            if not callers:
                continue
            try:
                standing = await asyncio.to_thread(self._authenticator.standing, callers)
            except SQLAlchemyError:
                continue  # the indicator of the database tells people
            await self._events.cut_off(callers - standing)
