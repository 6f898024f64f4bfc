"""Admission: whom a client's CONNECT packet stands for, and the last event that it has."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from service.access import bearer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.access import Access

_WAY_IN = (
    'connect with auth {"token": "…"}, or with the header \'Authorization: Bearer …\'; '
    "the token is in ACCESS_TOKEN, or was logged at the first boot"
)
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that may connect: its user, and the id of the last event that it has; None when it wants none."""

    user_id: int
    last_id: int | None


class Refused(Exception):
    """A client may not connect; the sentence is for its eyes."""


async def admit(access: Access, environ: Mapping[str, Any], auth: Any) -> Admitted:
    """Who has sent `auth`, or a token in the header of its handshake. Raises `Refused`, and the database's errors."""
    if auth is None:
        auth = {}
    if not isinstance(auth, dict):
        raise Refused(f"auth is not an object: {_WAY_IN}")
    token = auth.get("token") or bearer(environ.get("HTTP_AUTHORIZATION", ""))
    if not token or not isinstance(token, str):
        raise Refused(f"an access token is needed: {_WAY_IN}")
    last_id = auth.get("last_id")
    if last_id is not None and not is_id(last_id):
        raise Refused(f"last_id is {short(last_id)}, and accepted is the id of an event: a whole number from 0")
    user_id = await asyncio.to_thread(access.authenticate, token)
    if user_id is None:
        raise Refused(f"the access token opens nothing here: {_WAY_IN}")
    return Admitted(user_id, last_id)


def is_id(value: object) -> bool:
    """Whether it can be the id of an event, or 0 for none."""
    return type(value) is int and 0 <= value <= LARGEST_ID
