"""Gives every request an id and counts it by method, route template and status class: an ASGI middleware."""

from __future__ import annotations

import itertools
import os
import re
from time import perf_counter
from typing import TYPE_CHECKING, Any

from probes.logs import current_request_id

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from probes.serving.asgi import App, Message, Receive, Scope, Send
    from probes.serving.metrics import RequestMetrics

_HEADER = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}").fullmatch
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
UNROUTED = "unrouted"
"""The route label of requests that matched no route: a path from outside never becomes a label."""


class Observe:
    """Serves `app`; with `metrics` left out it only gives ids."""

    def __init__(self, app: App, metrics: RequestMetrics | None) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102
        request_id = _request_id(scope)
        current_request_id.set(request_id.decode())
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        root = scope.get("root_path", "")
        began = perf_counter()

        def send_with_id(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (_HEADER, request_id)]}
            return send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if self._metrics is not None:
                method = scope["method"] if scope["method"] in _METHODS else "OTHER"
                seconds = perf_counter() - began
                self._metrics.observe(method, route_template(scope, root), status // 100, seconds)


def route_template(scope: Scope, root: str) -> str:
    """The template of the route that served a request (`/users/{id}`), as Starlette and FastAPI leave it."""
    route: Any = scope.get("route")
    template: str | None = getattr(route, "path_format", None)
    if template is None:
        return UNROUTED
    mount = scope.get("root_path", "")[len(root) :]
    if not mount:
        return template
    values = {str(value): name for name, value in scope.get("path_params", {}).items()}
    mount = "/".join(f"{{{values[part]}}}" if part in values else part for part in mount.split("/"))
    return f"{mount}/{{path}}" if hasattr(route, "routes") else mount + template


_OF_THIS_PROCESS = os.urandom(8).hex()
_numbers = itertools.count(1)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == _HEADER and _USABLE(value):
            return bytes(value)
    return f"{_OF_THIS_PROCESS}{next(_numbers):016x}".encode()
