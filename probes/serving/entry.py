"""The ASGI application that Hypercorn serves: what stands around the gate's own answers and the application's.

A frame more for each request is half a percent of what Hypercorn takes for it: what needs no frame of its own has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from probes.serving.request_ids import FIELD, identify
from probes.serving.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from probes.serving.asgi import App, Receive, Scope, Send

_MAPPED = "::ffff:"


class Entry:
    """Leads each scope to where it is served; `state` is what the application's lifespan left."""

    def __init__(self, request: App, websocket: App, state: dict[str, Any]) -> None:
        self._request = request
        self._request_with_body = Unread(request).request
        self._websocket = websocket
        self._state = state

    def serve(
        self, scope: Scope, receive: Receive, send: Send, _sync_spawn: object, _call_soon: object
    ) -> Awaitable[None]:
        """Serve one scope: give it its id and its client, and pass it on. The last two are there for WSGI."""
        kind = scope["type"]
        if kind == "lifespan":
            return self._lifespan(scope, receive, send)
        scope["headers"] = headers = [(name.lower(), value) for name, value in scope["headers"]]
        fields = dict(headers)
        identify(fields.get(FIELD), answered=kind == "http")
        client = scope["client"]
        if client and client[0].startswith(_MAPPED):
            # on a dual-stack socket (RFC 4291, 2.5.5.2); applications compare it with what is written as IPv4
            scope["client"] = (client[0][len(_MAPPED) :], client[1])
        if kind == "websocket":
            return self._websocket(scope, receive, send)
        if b"content-length" in fields or b"transfer-encoding" in fields or scope["http_version"] >= "2":
            return self._request_with_body(scope, receive, send)  # HTTP/2 announces no body
        return self._request(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """It is not the server's to run: it has begun already."""
        scope["state"].update(self._state)
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
