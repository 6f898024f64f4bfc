"""The events of the default namespace."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import socketio

from service.instance import VERSION, Instance
from service.metrics import EVENTS_RECEIVED

_LIFECYCLE = ("connect", "disconnect")


class Events(socketio.AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """Tells a client that it is connected, and to what."""

    def __init__(self, instance: Instance) -> None:
        super().__init__("/")
        self._instance = instance
        self._greetings: set[asyncio.Task[None]] = set()

    async def trigger_event(self, event: Any, *args: Any) -> Any:
        """Hand an event to its `on_…` method; a lifecycle event that a client makes up goes nowhere."""
        if event not in _LIFECYCLE:
            EVENTS_RECEIVED.inc()
        elif self.server.manager.is_connected(args[0], self.namespace):
            return None
        return await super().trigger_event(event, *args) if isinstance(event, str) else None

    async def on_connect(self, sid: str, *_: Any) -> None:
        """Greet the client, once the library has told it that it is connected."""
        greeting = asyncio.create_task(self._greet(sid))
        self._greetings.add(greeting)
        greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, sid: str) -> None:
        status = {
            "status": "connected",
            "sid": sid,
            "version": VERSION,
            "mode": self._instance.mode,
            "server_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        await self.emit("connection_status", status, to=sid, ignore_queue=True)  # no other replica has this client
