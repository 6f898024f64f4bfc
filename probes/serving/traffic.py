"""Knows what is in flight, and ends websockets when this instance leaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextvars import ContextVar
from typing import TYPE_CHECKING

from probes.serving.websocket import SERVICE_RESTART, OpenWebsocket

if TYPE_CHECKING:
    from probes.serving.asgi import App, Receive, Scope, Send

answered: ContextVar[bool] = ContextVar("airlock_answered", default=False)
"""Whether the application has done with the request of this task: a response that begins now is the server's own."""


class Traffic:
    """Serves `app`; after `let_go` there are no websockets."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._leaving = False
        self._requests: dict[int, Scope] = {}
        self._websockets: dict[int, OpenWebsocket] = {}

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, which is in flight meanwhile."""
        key = id(scope)
        self._requests[key] = scope
        try:
            await self._app(scope, receive, send)
        finally:
            answered.set(True)
            del self._requests[key]

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a websocket until it ends or `let_go` ends it."""
        if self._leaving:
            await send({"type": "websocket.close", "code": SERVICE_RESTART})
            return
        websocket = OpenWebsocket(receive, send)
        key = id(scope)
        self._websockets[key] = websocket
        try:
            await self._app(scope, websocket.receive, websocket.send)
        finally:
            del self._websockets[key]

    async def let_go(self) -> None:
        """Tell every open websocket to come back later, and refuse new ones."""
        self._leaving = True
        await asyncio.gather(*(websocket.let_go() for websocket in list(self._websockets.values())))

    def counts(self) -> dict[str, int]:
        """How many requests and websockets are being served, by the kind: `request`, `websocket`."""
        return {"request": len(self._requests), "websocket": len(self._websockets)}

    def in_flight(self) -> str:
        """What is being served, in words: `2 requests (GET /slow, GET /stream), 1 websocket`; empty if nothing."""
        parts = []
        if self._requests:
            lines = Counter(f"{scope['method']} {scope['path']}" for scope in self._requests.values())
            named = ", ".join(f"{line} x{n}" if n > 1 else line for line, n in lines.most_common(5))
            parts.append(f"{len(self._requests)} request{'s' * (len(self._requests) > 1)} ({named})")
        if self._websockets:
            parts.append(f"{len(self._websockets)} websocket{'s' * (len(self._websockets) > 1)}")
        return ", ".join(parts)
