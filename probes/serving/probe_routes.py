"""Answers `/health`, `/healthz` and `/metrics` for any application."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, generate_latest

from probes.gate.answers import METRICS_TYPE, bearer_matches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection

    from probes.serving.asgi import App, Receive, Scope, Send
    from probes.serving.readiness import Readiness

_Fields = tuple[tuple[bytes, bytes], ...]


class Probes:
    """Answers the probes' paths with what is known now; `/metrics` wants the token, where there is one."""

    def __init__(self, readiness: Readiness, metrics_token: str) -> None:
        self._readiness = readiness
        self._metrics_token = metrics_token

    async def answer(self, scope: Scope, send: Send) -> None:
        """Answer a request for one of these paths."""
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, b'{"status":405}', ((b"allow", b"GET, HEAD"),))
        elif scope["path"] == "/healthz":
            await respond(send, 200, b'{"status":"alive"}')
        elif scope["path"] == "/health":
            verbose = any(part.partition(b"=")[0] == b"verbose" for part in scope["query_string"].split(b"&"))
            body = self._readiness.body(verbose)
            await respond(send, 200 if body["status"] == "ok" else 503, json.dumps(body).encode())
        elif not bearer_matches(_authorization(scope), self._metrics_token):
            await respond(send, 401, b'{"status":401}', ((b"www-authenticate", b"Bearer"),))
        else:
            await respond(send, 200, generate_latest(REGISTRY), content_type=METRICS_TYPE.encode())


class TrafficRoutes:
    """Serves `paths`, which are the probes', and `app` for every other path."""

    def __init__(self, app: App, probes: Probes, paths: Collection[str]) -> None:
        self._app = app
        self._probes = probes
        self._paths = frozenset(paths)

    def request(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer a probe, or leave the request to `app`."""
        if scope["path"] in self._paths:
            return self._probes.answer(scope, send)
        return self._app(scope, receive, send)


def _authorization(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")


async def respond(
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
