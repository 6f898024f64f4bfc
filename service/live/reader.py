"""A client that reads a log: it is sent what it missed, then what comes, each event once and in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy.exc import NoResultFound, SQLAlchemyError

from service.live.log import PAGE
from service.metrics import EVENTS_DELIVERED, REPLAYS, RESETS

if TYPE_CHECKING:
    from service.live.log import Log
    from service.live.server import Server
    from service.store.tables import Event


class Reader:
    """Sends a log to one client, at the pace at which that takes it: what waits is in the log and not in memory.

    `last_id` is the last event that the client has; with None it begins with the next one.
    """

    def __init__(self, server: Server, sid: str, last_id: int | None) -> None:
        self._server = server
        self._sid = sid
        self._missed_after = last_id
        self._synced = False
        self._begin: int | None = None
        self._last = 0
        self._stirred = asyncio.Event()

    def stir(self) -> None:
        """Have it look for news."""
        self._stirred.set()

    def catch_up(self, last_id: int) -> bool:
        """Have what the client missed after `last_id` sent; false when it has said before where it begins."""
        if self._missed_after is not None:
            return False
        self._missed_after, self._synced = last_id, False
        self.stir()
        return True

    async def run(self, log: Log) -> None:
        """Send for as long as client and user are there: raises `Gone` or `NoResultFound`. A database may be away."""
        while True:
            self._stirred.clear()
            try:
                await self._send_all(log)
            except NoResultFound:
                raise
            except SQLAlchemyError:
                pass  # the log stirs once it can be read again
            await self._stirred.wait()

    async def _send_all(self, log: Log) -> None:
        if self._begin is None:
            self._begin = self._last = await log.newest()
        if not self._synced:
            await self._replay(log, self._begin)
        while (page := await log.after(self._last)) is not None:
            for event in page:
                await self._send(event)
                self._last = event.id
            if len(page) < PAGE or not self._synced:
                return
        await self._reset(log)

    async def _replay(self, log: Log, begin: int) -> None:
        """Send the events from before `begin` that the client missed."""
        missed_after = begin if self._missed_after is None else self._missed_after
        while missed_after < begin:
            page = await log.after(missed_after)
            if not page:
                await self._reset(log)
                return
            for event in page[: begin - missed_after]:
                await self._send(event)
                self._missed_after = missed_after = event.id
        if missed_after > self._last:
            await self._reset(log)
            return
        self._synced = True
        REPLAYS.inc()
        await self._server.tell(self._sid, "sync.complete", {"last_id": self._last})

    async def _reset(self, log: Log) -> None:
        """Have the client begin anew: what it missed is not known."""
        self._begin = self._last = await log.newest()
        self._synced = True
        RESETS.inc()
        await self._server.tell(self._sid, "sync.reset", {"last_id": self._last})

    async def _send(self, event: Event) -> None:
        told = {
            "id": event.id,
            "type": event.type,
            "at": event.at.isoformat(timespec="milliseconds"),
            "account_id": event.account_id,
            "data": event.data,
        }
        await self._server.tell(self._sid, event.type, told)
        EVENTS_DELIVERED.inc()
