"""The guard: nothing behind it is served without a token that opens, or the cookie of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from service.access import bearer
from service.access.site import Forged
from service.forwarded import network_of
from service.problems import Problem
from service.store.scope import serving

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from service.access.authenticator import Authenticator, Browsers
    from service.access.caller import Caller

_REALM = 'Bearer realm="airlock"'
_WHERE = "it is in ACCESS_TOKEN, or it was logged at the first boot"
_READS = ("GET", "HEAD", "OPTIONS")


class Strangers:
    """ASGI middleware: until a guard knows whose a request is, the database shows it nobody's rows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a stranger."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        with serving("nobody"):
            await self._app(scope, receive, send)


class Guard:
    """ASGI middleware that answers 401 (RFC 6750, 3) or 403, or passes a request on.

    The caller is then `scope["caller"]`, and its user's id `scope["user"]`. A request with an Authorization header is
    judged by that alone: what a script sends on purpose needs no CSRF token.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        headers = Headers(scope=scope)
        browsers = self._authenticator.browsers
        secret = browsers.secret(headers.get("cookie", "")) if browsers else ""
        if "authorization" in headers or not (browsers and secret):
            judged = await self._by_token(scope, bearer(headers.get("authorization", "")))
        else:
            judged = await self._by_session(browsers, scope, headers, secret)
        if isinstance(judged, Problem):
            await judged(scope, receive, send)
            return
        scope["caller"], scope["user"] = judged, judged.user_id
        with serving(judged.user_id):
            await self._app(scope, receive, send)

    async def _by_session(self, browsers: Browsers, scope: Scope, headers: Headers, secret: str) -> Caller | Problem:
        try:
            browsers.site.check(scope["method"], scope["path"], headers, secret)
        except Forged as forged:
            return Problem(403, str(forged))
        caller = await run_in_threadpool(self._authenticator.by_session, secret)
        return caller or _unauthorized("the session has ended: sign in again", _REALM)

    async def _by_token(self, scope: Scope, token: str) -> Caller | Problem:
        network = network_of(scope)
        caller = await run_in_threadpool(self._authenticator.by_token, token, network) if token else None
        if caller is None and token:
            detail = f"this token opens nothing here: send the right one ({_WHERE})"
            return _unauthorized(detail, f'{_REALM}, error="invalid_token"')
        if caller is None:
            detail = f"the API is closed: send its token as 'Authorization: Bearer TOKEN' ({_WHERE})"
            return _unauthorized(detail, _REALM)
        if not caller.writes and scope["method"] not in _READS:
            challenge = f'{_REALM}, error="insufficient_scope", scope="write"'
            return Problem(403, "this token may only read", {"WWW-Authenticate": challenge})
        return caller


def _unauthorized(detail: str, challenge: str) -> Problem:
    return Problem(401, detail, {"WWW-Authenticate": challenge})
