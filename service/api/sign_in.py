"""`/auth/PROVIDER` and `/auth/callback/PROVIDER`: signing in with a provider.

Imported where people sign in alone: Authlib takes long.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from service.access.limiter import Limiter
from service.access.limits import Limited
from service.access.people import NotAllowed
from service.access.provider import Unusable
from service.access.sign_in import LASTS, Departures, Stale, own_path, reason
from service.api.operation import NO_STORE
from service.forwarded import network_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from service.access.authenticator import Browsers
    from service.access.people import People
    from service.access.provider import Person, Provider
    from service.store.database import Database

log = logging.getLogger("service.access")


class SigningIn:
    """GET /auth/PROVIDER and /auth/callback/PROVIDER. Attempts are limited by client address, and by person."""

    def __init__(
        self, database: Database, browsers: Browsers, people: People, providers: Mapping[str, Provider]
    ) -> None:
        self._departures = Departures(database)
        self._browsers = browsers
        self._people = people
        self._providers = providers
        self._by_address = Limiter(burst=20, every=3.0)
        self._by_person = Limiter(burst=10, every=30.0)

    def routes(self) -> list[Route]:
        """Two for each provider."""
        return [
            route
            for provider in self._providers.values()
            for route in (
                Route(f"/auth/{provider.name}", _of(self.leave, provider), methods=["GET"]),
                Route(f"/auth/callback/{provider.name}", _of(self.come_back, provider), methods=["GET"]),
            )
        ]

    async def leave(self, request: Request, provider: Provider) -> Response:
        """Send the browser to the provider; `next` is the path of this site where it goes when it is back."""
        self._limit(self._by_address, network_of(request.scope))
        path = own_path(request.query_params.get("next", "/"))
        leaving = await run_in_threadpool(self._departures.begin, provider.name, path)
        try:
            url = await provider.authorization_url(leaving.state, leaving.nonce, leaving.verifier)
        except Unusable as unusable:
            raise _away(unusable) from None
        response = RedirectResponse(url, 303, NO_STORE)
        self._browsers.site.give(response, "sign-in", leaving.browser, int(LASTS.total_seconds()))
        return response

    async def come_back(self, request: Request, provider: Provider) -> Response:
        """Begin a session for the person whom the provider names, and end the one that the browser had."""
        self._limit(self._by_address, network_of(request.scope))
        query, cookies = request.query_params, request.headers.get("cookie", "")
        site = self._browsers.site
        browser = site.read(cookies, "sign-in")
        try:
            left = await run_in_threadpool(self._departures.end, provider.name, query.get("state", ""), browser)
        except Stale:
            detail = "this sign-in did not begin in this browser, or it took too long, or it is over"
            raise HTTPException(400, f"{detail}: begin again at {site.origin}/auth/{provider.name}") from None
        if "code" not in query:
            raise HTTPException(
                403, f"{provider.issuer} did not sign you in; it says: {reason(query.get('error', ''))}"
            )
        try:
            person = await provider.redeem(query["code"], left.nonce, left.verifier)
        except Unusable as unusable:
            raise _away(unusable) from None
        user_id = await self._admit(person)
        had = self._browsers.secret(cookies)
        secret = await run_in_threadpool(self._browsers.sessions.begin, user_id, had)
        response = RedirectResponse(left.path, 303, NO_STORE)
        site.take(response, "sign-in")
        site.give(response, "session", secret, int(self._browsers.sessions.lifetime.total_seconds()))
        return response

    async def _admit(self, person: Person) -> int:
        self._limit(self._by_person, f"{person.issuer} {person.subject}")
        try:
            return await run_in_threadpool(self._people.user_of, person)
        except NotAllowed as refusal:
            log.warning("somebody who may not sign in was refused")
            raise HTTPException(403, str(refusal)) from None

    @staticmethod
    def _limit(limiter: Limiter, key: str) -> None:
        if wait := limiter.wait(key):
            raise Limited("too many attempts to sign in", wait)


def _of(serve: Any, provider: Provider) -> Any:
    async def endpoint(request: Request) -> Response:
        response: Response = await serve(request, provider)
        return response

    return endpoint


def _away(unusable: Unusable) -> HTTPException:
    log.warning("nobody can sign in: %s", unusable)
    return HTTPException(502, f"{unusable}; try again")
