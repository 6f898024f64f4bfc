"""A Socket.IO client in a thread, which comes back after every crash with the id of the last event that it has."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Self

from tests.service.live.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Sequence


class Hearer:
    """Hears the whole log at `url`. As a context manager it connects, once somebody answers there, and leaves."""

    def __init__(self, url: str) -> None:
        self._url = url
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

    async def _begin(self) -> Listener:
        listener = Listener(self._url, "websocket", last_id=0)
        await listener.__aenter__()
        return listener

    def _do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(60)
