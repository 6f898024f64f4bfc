"""`/auth/check` and `/auth/logout`: whom a request stands for, and signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.access import bearer
from service.access.site import csrf_token
from service.api.guard import Guard
from service.api.operation import NO_STORE
from service.api.tokens import Tokens
from service.forwarded import network_of
from service.store.scope import read_as
from service.store.tables import User

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.access.authenticator import Authenticator, Browsers
    from service.access.caller import Caller
    from service.store.database import Database


class Auth:
    """What browsers and scripts are told of themselves, whether or not anybody signs in here."""

    def __init__(self, database: Database, authenticator: Authenticator, providers: list[str]) -> None:
        self._database = database
        self._authenticator = authenticator
        self._providers = providers

    def routes(self) -> list[Route]:
        """All below /auth, but signing in."""
        guard = [Middleware(Guard, self._authenticator)]
        return [
            Route("/auth/check", self.check),
            Route("/auth/logout", self.sign_out, methods=["POST"], middleware=guard),
            Route("/auth/logout/everywhere", self.sign_out_everywhere, methods=["POST"], middleware=guard),
            *Tokens(self._authenticator.api_tokens).routes(guard),
        ]

    async def check(self, request: Request) -> Response:
        """Whom the request stands for, and what a page needs to send others: nothing here is secret from it."""
        browsers = self._authenticator.browsers
        secret = browsers.secret(request.headers.get("cookie", "")) if browsers else ""
        token = bearer(request.headers.get("authorization", ""))
        caller = await run_in_threadpool(self._caller, token, secret, network_of(request.scope))
        told: dict[str, Any] = {"signed_in": caller is not None, "providers": self._providers}
        if caller is not None:
            name = await run_in_threadpool(self._name, caller)
            told |= {"user": {"id": caller.user_id, "name": name}, "by": caller.proof}
            told |= {"scope": "write" if caller.writes else "read"}
            if caller.proof == "session":
                told["csrf_token"] = csrf_token(secret)
        response = JSONResponse(told, headers=NO_STORE)
        if browsers and secret and caller is None and not token:
            browsers.site.take(response, "session")
        return response

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        browsers, secret = self._session(request)
        await run_in_threadpool(browsers.sessions.end, secret)
        return _signed_out(browsers)

    async def sign_out_everywhere(self, request: Request) -> Response:
        """End every session of the user."""
        browsers, _ = self._session(request)
        await run_in_threadpool(browsers.sessions.end_all, request.scope["user"])
        return _signed_out(browsers)

    def _session(self, request: Request) -> tuple[Browsers, str]:
        browsers = self._authenticator.browsers
        if browsers is None or request.scope["caller"].proof != "session":
            raise HTTPException(409, "there is no session to end: this request came with a token")
        return browsers, browsers.secret(request.headers.get("cookie", ""))

    def _caller(self, token: str, secret: str, network: str) -> Caller | None:
        if token:
            return self._authenticator.by_token(token, network)
        return self._authenticator.by_session(secret) if secret else None

    def _name(self, caller: Caller) -> str:
        with read_as(self._database, caller.user_id) as session:
            return session.scalars(select(User.name)).one()


def _signed_out(browsers: Browsers) -> Response:
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache", "storage"'})
    browsers.site.take(response, "session")
    return response
