"""`/auth/gmail` and `/auth/callback/gmail`: who is signed in lets the service read a mailbox at Gmail.

Imported where Google knows the service alone: Authlib takes long.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urlencode

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from service.access.limiter import Limiter
from service.access.limits import Limited
from service.access.sign_in import Departures, Stale, own_path, reason
from service.api.operation import NO_STORE
from service.mail.gmail import oauth
from service.mail.gmail.api import Api, Missing
from service.mail.gmail.quota import Quota
from service.mail.registry import GMAIL
from service.mail.source import SourceError
from service.sign_in_settings import redirect_uri
from service.store.scope import read_as
from service.store.tables import Account

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from starlette.middleware import Middleware
    from starlette.requests import Request

    from service.access.authenticator import Browsers
    from service.commands.desk import Desk
    from service.mail.gmail.registration import Registration
    from service.store.database import Database

    T = TypeVar("T")

log = logging.getLogger("service.access")


class Connecting:
    """GET /auth/gmail and /auth/callback/gmail: apart from signing in, and asking for access to mail alone.

    Access to send is asked for too where replies are sent. The way back is open to the very session that left; attempts
    are limited by user.
    """

    def __init__(self, database: Database, browsers: Browsers, desk: Desk, google: Registration) -> None:
        self._database = database
        self._departures = Departures(database)
        self._browsers = browsers
        self._desk = desk
        self._google = google
        self._redirect_uri = redirect_uri(browsers.site.origin, GMAIL)
        self._by_user = Limiter(burst=10, every=30.0)

    def routes(self, guard: list[Middleware]) -> list[Route]:
        """Both are for who is signed in."""
        return [
            Route("/auth/gmail", self.leave, methods=["GET"], middleware=guard),
            Route("/auth/callback/gmail", self.come_back, methods=["GET"], middleware=guard),
        ]

    async def leave(self, request: Request) -> Response:
        """Send the browser to Google; `next` is the path of this site where it goes when it is back."""
        secret = self._session(request)
        if wait := self._by_user.wait(str(request.scope["user"])):
            raise Limited("too many attempts to connect a mailbox", wait)
        path = own_path(request.query_params.get("next", "/"))
        leaving = await run_in_threadpool(self._departures.begin, GMAIL, path, secret)
        scopes = [oauth.READ, oauth.SEND] if self._google.sends else [oauth.READ]
        url = await _asked(
            oauth.authorization_url, self._google, self._redirect_uri, scopes, leaving.state, leaving.verifier
        )
        return RedirectResponse(url, 303, NO_STORE)

    async def come_back(self, request: Request) -> Response:
        """Have the mailbox followed that Google gives access to; one that is followed already gets the new access.

        Where the person does not give it, the path where they go has `#refused=REASON`.
        """
        query, secret = request.query_params, self._session(request)
        try:
            left = await run_in_threadpool(self._departures.end, GMAIL, query.get("state", ""), secret)
        except Stale:
            detail = "this did not begin in this session, or it took too long, or it is over"
            raise HTTPException(400, f"{detail}: begin again at {self._browsers.site.origin}/auth/gmail") from None
        if "code" not in query:
            return _back(left.path, reason(query.get("error", "")))
        tokens = await _asked(oauth.redeem, self._google, self._redirect_uri, query["code"], left.verifier)
        if oauth.READ not in tokens.scopes:
            return _back(left.path, "unreadable")
        if not tokens.refresh:
            raise HTTPException(502, "Google gives access for an hour only, and no refresh token: connect again")
        address = await _asked(self._address, tokens.access)
        await run_in_threadpool(self._connect, request.scope["user"], address, tokens.refresh)
        return _back(left.path)

    def _session(self, request: Request) -> str:
        if request.scope["caller"].proof != "session":
            raise HTTPException(409, "a mailbox is connected in a browser: this request came with a token, sign in")
        return self._browsers.secret(request.headers.get("cookie", ""))

    def _address(self, access: str) -> str:
        try:
            with Api(self._google.api, _Granted(access), Quota(), size_limit=0) as api:
                return api.profile().email_address.lower()
        except Missing:
            raise SourceError("Gmail has no mailbox for this Google account") from None

    def _connect(self, user_id: int, address: str, secret: str) -> None:
        with read_as(self._database, user_id) as session:
            same = select(Account.id).where(Account.kind == GMAIL, Account.address == address).order_by(Account.id)
            known = session.scalars(same).first()
        if known is not None:
            self._desk.do(user_id, "accounts.update", {"id": known, "secret": secret}, actor="http")
            return
        made = {"kind": GMAIL, "name": address, "address": address, "secret": secret}
        self._desk.do(user_id, "accounts.create", made, actor="http")


def _back(path: str, refused: str = "") -> Response:
    if refused:
        log.info("a mailbox is not connected: access was not given (%s)", refused)
        path = f"{urldefrag(path).url}#{urlencode({'refused': refused})}"
    return RedirectResponse(path, 303, NO_STORE)


class _Granted:
    """An access token that was given just now, and that there is no other one for."""

    def __init__(self, access: str) -> None:
        self._access = access

    def token(self) -> str:
        return self._access

    def refused(self, _: str) -> None:
        raise SourceError("Gmail does not take the access that Google gave: connect the mailbox again")


async def _asked(ask: Callable[..., T], *given: Any) -> T:
    """What Google answers; what goes wrong there is 502, in words."""
    try:
        return await run_in_threadpool(ask, *given)
    except SourceError as error:
        log.warning("a mailbox is not connected: %s", error)
        raise HTTPException(502, str(error)) from None
