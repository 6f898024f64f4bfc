"""Answers `/health`, `/healthz` and `/metrics` for any application."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, generate_latest

from probes.gate.answers import METRICS_TYPE, PROBE_PATHS, bearer_matches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection

    from probes.serving.asgi import App, Receive, Scope, Send
    from probes.serving.readiness import Readiness

_Fields = tuple[tuple[bytes, bytes], ...]


class ProbeRoutes:
    """Serves the probes' paths, and `app` for every other path and for those that the application keeps.

    On the management port (`management_port`, None if there is none) nothing but the probes' paths exists.
    """

    def __init__(
        self,
        app: App,
        readiness: Readiness,
        *,
        application_paths: Collection[str] = (),
        management_port: int | None = None,
        metrics_token: str = "",
    ) -> None:
        self._app = app
        self._readiness = readiness
        self._management_port = management_port
        self._metrics_token = metrics_token
        on_traffic_port = set(PROBE_PATHS) - set(application_paths)
        if management_port is not None:
            on_traffic_port.discard("/metrics")
        self._on_traffic_port = frozenset(on_traffic_port)

    def serve(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a probe, or leave the scope to `app`."""
        management = self._management_port is not None and scope["server"][1] == self._management_port
        if scope["type"] == "http":
            if scope["path"] in (PROBE_PATHS if management else self._on_traffic_port):
                return self._probe(scope, send)
            if management:
                return _respond(send, 404, b'{"status":404}')
        elif management:
            return send({"type": "websocket.close"})
        return self._app(scope, receive, send)

    async def _probe(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _respond(send, 405, b'{"status":405}', ((b"allow", b"GET, HEAD"),))
        elif scope["path"] == "/healthz":
            await _respond(send, 200, b'{"status":"alive"}')
        elif scope["path"] == "/health":
            verbose = any(part.partition(b"=")[0] == b"verbose" for part in scope["query_string"].split(b"&"))
            body = self._readiness.body(verbose)
            await _respond(send, 200 if body["status"] == "ok" else 503, json.dumps(body).encode())
        elif not bearer_matches(_authorization(scope), self._metrics_token):
            await _respond(send, 401, b'{"status":401}', ((b"www-authenticate", b"Bearer"),))
        else:
            await _respond(send, 200, generate_latest(REGISTRY), content_type=METRICS_TYPE.encode())


def _authorization(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")


async def _respond(
    send: Send, status: int, body: bytes, fields: _Fields = (), content_type: bytes = b"application/json"
) -> None:
    """A whole response; the server leaves out the body of an answer to HEAD."""
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *fields,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
