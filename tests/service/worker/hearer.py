"""A Socket.IO client in a thread, which comes back after every crash with the id of the last event that it has."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

from tests.service.live.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Sequence


class Hearer:
    """Hears the log at `url` after `last_id`. As a context manager it connects, once somebody is there, and leaves."""

    def __init__(self, url: str, last_id: int = 0) -> None:
        self._url = url
        self._last_id = last_id
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener: Listener = self._do(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._listener.__aexit__())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def all_until(self, last_id: int) -> Sequence[dict[str, Any]]:
        """All that it was told, once it has the event of that id."""
        self._do(self._listener.has(last_id))
        return self._listener.events

    def hears(self, kind: str, **data: Any) -> dict[str, Any]:
        """The next event of that kind that has these data."""
        while True:
            event: dict[str, Any] = self._do(self._listener.hears(kind))[1]
            if data.items() <= event["data"].items():
                return event

    async def _begin(self) -> Listener:
        listener = Listener(self._url, "websocket", last_id=self._last_id)
        await listener.__aenter__()
        return listener

    def _do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(90)
