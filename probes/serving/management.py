"""The management port: probes and metrics, answered until the process ends, however far its drain has come."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hypercorn.asyncio.run import worker_serve

from probes.gate.answers import PROBE_PATHS
from probes.serving.entry import Entry
from probes.serving.probe_routes import respond

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from hypercorn.config import Config

    from probes.serving.asgi import Receive, Scope, Send
    from probes.serving.probe_routes import Probes

_END_SECONDS = 0.1  # for an answer that is on its way


@asynccontextmanager
async def served(probes: Probes, config: Config) -> AsyncIterator[None]:
    """Serve the probes, and nothing else, by a server of their own as long as this is entered."""
    over = asyncio.Event()
    routes = _Routes(probes)
    entry: Any = Entry(routes.request, routes.websocket, {}).serve
    async with asyncio.TaskGroup() as group:
        server = group.create_task(worker_serve(entry, config, shutdown_trigger=over.wait))
        yield
        over.set()
        await asyncio.wait({server}, timeout=_END_SECONDS)
        server.cancel()


class _Routes:
    def __init__(self, probes: Probes) -> None:
        self._probes = probes

    def request(self, scope: Scope, _receive: Receive, send: Send) -> Awaitable[None]:
        if scope["path"] in PROBE_PATHS:
            return self._probes.answer(scope, send)
        return respond(send, 404, b'{"status":404}')

    def websocket(self, _scope: Scope, _receive: Receive, send: Send) -> Awaitable[None]:
        return send({"type": "websocket.close"})
