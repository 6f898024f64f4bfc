"""Errors as `application/problem+json` (RFC 9457): what a client is told when its request is not served."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from starlette.responses import JSONResponse

from probes import request_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.exceptions import HTTPException
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.inputs import Error

log = logging.getLogger("service.problems")


class Problem(JSONResponse):
    """A problem details object: title and status, and where known the detail, each error and the request's id."""

    media_type = "application/problem+json"

    def __init__(
        self, status: int, detail: str = "", headers: Mapping[str, str] | None = None, errors: Sequence[Error] = ()
    ) -> None:
        content: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
        if detail:
            content["detail"] = detail
        if errors:
            content["errors"] = list(errors)
        if request := request_id():
            content["request_id"] = request
        super().__init__(content, status, headers)


async def http_exception(connection: HTTPConnection, error: Exception) -> Problem:
    """Starlette's exception handler for `HTTPException`, for requests and for websocket handshakes."""
    refusal = cast("HTTPException", error)
    return Problem(refusal.status_code, _detail(connection, refusal), refusal.headers)


def _detail(connection: HTTPConnection, error: HTTPException) -> str:
    path = connection.scope["path"]
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"nothing is served at {path}"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        return f"{connection.scope['method']} is not served at {path}: allowed is {allowed}"
    return error.detail


class Unhandled:
    """ASGI middleware: an exception that nobody handled is logged whole, and the client gets a bare 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 where an answer is still possible; otherwise the server breaks the connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception:
            if started:
                raise
            log.exception("%s %s failed", scope["method"], scope["path"])
            detail = "the service failed to handle this request; the log of the service says why"
            await Problem(500, detail)(scope, receive, send)
