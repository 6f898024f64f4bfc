"""A Socket.IO client as a browser has it."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import socketio

from tests.boot import PATIENCE
from tests.service.engine import AUTH


class Browser:
    """An async context manager that connects to `url` and is greeted; `greeting` is what it was told."""

    def __init__(self, url: str, transport: str = "websocket") -> None:
        self._url, self._transport = url, transport
        self.client = socketio.AsyncSimpleClient(reconnection=False)

    async def __aenter__(self) -> Self:
        await self.client.connect(self._url, transports=[self._transport], auth=AUTH, wait_timeout=PATIENCE)
        self.greeting = await self.hears("connection_status")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def hears(self, wanted: str, **fields: str) -> Any:
        """The data of the next such event with these fields, whatever comes before it."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event, data = await self.client.receive()
                if event == wanted and fields.items() <= data.items():
                    return data
