"""The guard: nothing behind it is served without a token that opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from service.access import bearer
from service.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from service.access import Access

_REALM = 'Bearer realm="airlock"'
_WHERE = "it is in ACCESS_TOKEN, or it was logged at the first boot"


class Guard:
    """ASGI middleware that answers 401 (RFC 6750, 3), or passes a request on with the user's id as `scope["user"]`."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        token = bearer(Headers(scope=scope).get("authorization", ""))
        user_id = await run_in_threadpool(self._access.authenticate, token) if token else None
        if user_id is not None:
            scope["user"] = user_id
            await self._app(scope, receive, send)
        elif token:
            detail = f"this token opens nothing here: send the right one ({_WHERE})"
            await _unauthorized(detail, f'{_REALM}, error="invalid_token"')(scope, receive, send)
        else:
            detail = f"the API is closed: send its token as 'Authorization: Bearer TOKEN' ({_WHERE})"
            await _unauthorized(detail, _REALM)(scope, receive, send)


def _unauthorized(detail: str, challenge: str) -> Problem:
    return Problem(401, detail, {"WWW-Authenticate": challenge})
