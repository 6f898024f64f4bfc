"""`/auth/check` and `/auth/logout`: whom a request stands for, and signing out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service import inputs
from service.access import bearer
from service.access.caller import Proof
from service.access.site import csrf_token
from service.api import tokens
from service.api.described import Described
from service.api.guard import Guard
from service.api.operation import NO_STORE
from service.api.tokens import Scope, Tokens
from service.forwarded import network_of
from service.mail.registry import GMAIL
from service.store.scope import read_as
from service.store.tables import User

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.requests import Request

    from service.access.authenticator import Authenticator, Browsers
    from service.access.caller import Caller
    from service.mail.gmail.registration import Registration
    from service.store.database import Database


class Nothing(inputs.Input):
    """Nothing."""


class Leave(inputs.Input):
    """Where the browser goes afterwards."""

    next: Annotated[str, Field(description="A path of this site; / for whatever is none.")] = "/"


class Returned(inputs.Input):
    """What the provider has the browser bring back (RFC 6749, 4.1.2)."""

    state: str = ""
    code: str = ""
    error: str = ""


class Oneself(inputs.View):
    """A user."""

    id: inputs.Id
    name: str


class Check(inputs.View):
    """Whom a request stands for; without a token or a session there are the first two alone."""

    signed_in: bool
    providers: Annotated[list[str], Field(description="GET /auth/PROVIDER signs in with one.")]
    user: Oneself | None = None
    by: Proof | None = None
    scope: Scope | None = None
    csrf_token: Annotated[str | None, Field(description="For the header X-CSRF-Token of a session's requests.")] = None
    connects: Annotated[
        list[str] | None, Field(description="GET /auth/KIND connects a mailbox of one, in a session.")
    ] = None
    sends: Annotated[list[str] | None, Field(description="The kinds of mailboxes whose drafts can be sent.")] = None


def described(providers: Iterable[str], *, gmail: bool = False) -> Iterator[Described]:
    """All below /auth, as the description shows it; with `gmail` that mailboxes there can be connected."""
    check = Described("auth.check", "GET", "/auth/check", "Say whom the request stands for", Nothing, Check)
    yield replace(check, refusals=(429, 503), is_closed=False)
    out = Described("auth.sign-out", "POST", "/auth/logout", "End the session", Nothing, (), 204, (409, 429, 503))
    yield out
    yield replace(out, id="auth.sign-out-everywhere", path="/auth/logout/everywhere", summary="End every session")
    yield from tokens.DESCRIBED
    for name in providers:
        path = f"/auth/{name}"
        leave = Described(f"auth.{name}", "GET", path, "Go to the provider to sign in", Leave, (), 303, (429, 502, 503))
        yield replace(leave, is_closed=False)
        path = f"/auth/callback/{name}"
        back = Described(f"auth.{name}.back", "GET", path, "Be signed in", Returned, (), 303)
        yield replace(back, refusals=(400, 403, 429, 502, 503), is_closed=False)
    if gmail:
        path = "/auth/gmail"
        leave = Described("auth.gmail", "GET", path, "Go to Google to connect a mailbox", Leave, (), 303)
        yield replace(leave, refusals=(409, 429, 502, 503))
        path = "/auth/callback/gmail"
        back = Described("auth.gmail.back", "GET", path, "Have the mailbox followed", Returned, (), 303)
        yield replace(back, refusals=(400, 409, 429, 502, 503))


class Auth:
    """What browsers and scripts are told of themselves, whether or not anybody signs in here."""

    def __init__(
        self, database: Database, authenticator: Authenticator, providers: list[str], google: Registration | None
    ) -> None:
        self._database = database
        self._authenticator = authenticator
        self._providers = providers
        self._connects = [GMAIL] if google else []
        self._sends = [GMAIL] if google and google.sends else []

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
        told = Check(signed_in=caller is not None, providers=self._providers)
        if caller is not None:
            told = Check(
                signed_in=True,
                providers=self._providers,
                user=Oneself(id=caller.user_id, name=await run_in_threadpool(self._name, caller)),
                by=caller.proof,
                scope="write" if caller.writes else "read",
                csrf_token=csrf_token(secret) if caller.proof == "session" else None,
                connects=self._connects if caller.proof == "session" else [],
                sends=self._sends,
            )
        response = JSONResponse(told.model_dump(exclude_none=True), headers=NO_STORE)
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
