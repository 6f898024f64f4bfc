"""One person's log of events as it is followed here: each page is read once, for all the clients that want it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from service.store import events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.store.database import Database
    from service.store.tables import Event

PAGE = 500
"""Events that are read at a time; a shorter page is the last one."""
_UNKNOWN = -1  # the id that no log's newest event has


class Log:
    """The log of a user; its methods that read raise SQLAlchemy's errors, `NoResultFound` when the user is gone.

    Each of `listeners` is called when there is news, and once the database is back after a read that failed.
    """

    def __init__(self, database: Database, user_id: int) -> None:
        self.listeners: set[Callable[[], None]] = set()
        self._database = database
        self._user_id = user_id
        self._newest = _UNKNOWN
        self._page: tuple[int, Sequence[Event] | None] | None = None
        self._reading = asyncio.Lock()

    def found(self, newest: int | None) -> None:
        """Say which event is the newest, None when the user is gone."""
        if newest != self._newest:
            self._newest = _UNKNOWN if newest is None else newest
            self._page = None
            for listener in self.listeners:
                listener()

    async def newest(self) -> int:
        """The id of the newest event."""
        try:
            return await asyncio.to_thread(self._read_newest)
        except Exception:
            self._newest = _UNKNOWN
            raise

    async def after(self, last_id: int) -> Sequence[Event] | None:
        """Some of the events after `last_id`, the oldest first; None when the log no longer has all of them."""
        async with self._reading:
            if self._page and self._page[0] == last_id:
                return self._page[1]
            known = self._newest
            try:
                page = await asyncio.to_thread(self._read_after, last_id)
            except Exception:
                self._newest = _UNKNOWN
                raise
            if known == self._newest:
                self._page = last_id, page
            return page

    def _read_newest(self) -> int:
        with self._database.read() as session:
            return events.last(session, self._user_id)

    def _read_after(self, last_id: int) -> Sequence[Event] | None:
        with self._database.read() as session:
            return events.after(session, self._user_id, last_id, PAGE)
