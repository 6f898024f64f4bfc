"""Admission: whom a client's CONNECT packet stands for, and the last event that it has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from service.access import bearer
from service.access.limits import Limited
from service.forwarded import network_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.access.authenticator import Authenticator, Browsers
    from service.access.caller import Caller

_WAY_IN = (
    'connect with auth {"token": "…"}, or with the header \'Authorization: Bearer …\'; '
    "the token is in ACCESS_TOKEN, or was logged at the first boot"
)
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that may connect, and the id of the last event that it has; None when it wants none."""

    caller: Caller
    last_id: int | None


class Refused(Exception):
    """A client may not connect; the sentence is for its eyes."""


async def admit(authenticator: Authenticator, environ: Mapping[str, Any], auth: Any) -> Admitted:
    """Who has sent `auth`, or a token or a session's cookie in the headers of its handshake.

    Raises `Refused`, and the database's errors.
    """
    if auth is None:
        auth = {}
    if not isinstance(auth, dict):
        raise Refused(f"auth is not an object: {_WAY_IN}")
    last_id = auth.get("last_id")
    if last_id is not None and not is_id(last_id):
        raise Refused(f"last_id is {short(last_id)}, and accepted is the id of an event: a whole number from 0")
    token = auth.get("token") or bearer(environ.get("HTTP_AUTHORIZATION", ""))
    if not token and (browsers := authenticator.browsers):
        return Admitted(await _by_session(authenticator, browsers, environ), last_id)
    if not token or not isinstance(token, str):
        raise Refused(f"an access token is needed: {_WAY_IN}")
    try:
        caller = await asyncio.to_thread(authenticator.by_token, token, network_of(environ.get("asgi.scope", {})))
    except Limited as limited:
        raise Refused(str(limited)) from None
    if caller is None:
        raise Refused(f"the access token opens nothing here: {_WAY_IN}")
    return Admitted(caller, last_id)


async def _by_session(authenticator: Authenticator, browsers: Browsers, environ: Mapping[str, Any]) -> Caller:
    secret = browsers.secret(environ.get("HTTP_COOKIE", ""))
    if not secret:
        raise Refused(f"sign in, or {_WAY_IN}")
    if not browsers.site.sent(environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")):
        raise Refused(f"a session connects from pages of {browsers.site.origin} alone")
    caller = await asyncio.to_thread(authenticator.by_session, secret)
    if caller is None:
        raise Refused("the session has ended: sign in again")
    return caller


def is_id(value: object) -> bool:
    """Whether it can be the id of an event, or 0 for none."""
    return type(value) is int and 0 <= value <= LARGEST_ID
