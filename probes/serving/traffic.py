"""Knows what is in flight, and ends connections while this instance drains: an ASGI middleware."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from probes.serving.websocket import SERVICE_RESTART, OpenWebsocket

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from probes.serving.asgi import App, Message, Receive, Scope, Send
    from probes.serving.readiness import Readiness

_CLOSE = (b"connection", b"close")


class Traffic:
    """Serves `app`; while draining responses end their connections, after `let_go` websockets end too."""

    def __init__(self, app: App, readiness: Readiness) -> None:
        self._app = app
        self._readiness = readiness
        self._leaving = False
        self._requests: dict[int, Scope] = {}
        self._websockets: dict[int, OpenWebsocket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._websocket(scope, receive, send)

    async def let_go(self) -> None:
        """Tell every open websocket to come back later, and refuse new ones."""
        self._leaving = True
        await asyncio.gather(*(websocket.let_go() for websocket in list(self._websockets.values())))

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

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        def send_and_close(message: Message) -> Awaitable[None]:
            if self._readiness.draining and message["type"] == "http.response.start" and scope["http_version"] < "2":
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            return send(message)

        key = id(scope)
        self._requests[key] = scope
        try:
            await self._app(scope, receive, send_and_close)
        finally:
            del self._requests[key]

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
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
