"""Counts and times requests by method, route template and status class: an ASGI middleware."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from probes.serving.asgi import App, Message, Receive, Scope, Send
    from probes.serving.metrics import RequestMetrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
UNROUTED = "unrouted"
"""The route label of requests that matched no route: a path from outside never becomes a label."""


class Measured:
    """Serves `app`, and tells `metrics` of each request."""

    def __init__(self, app: App, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # noqa: D102
        served = self._request if scope["type"] == "http" else self._app
        return served(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500
        root = scope.get("root_path", "")
        began = perf_counter()

        def send_part(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, send_part)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            self._metrics.observe(method, route_template(scope, root), status // 100, perf_counter() - began)


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
