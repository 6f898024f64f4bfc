"""What the API answers when it does not do what it was asked: each exception as a problem."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from sqlalchemy.exc import SQLAlchemyError

from service.access.limits import Limited
from service.commands.command import Refused
from service.problems import Problem
from service.store.database import is_away

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import HTTPConnection

log = logging.getLogger("service.api")


async def refused(_: HTTPConnection, error: Exception) -> Problem:
    """A command or a query that is refused says why itself."""
    refusal = cast("Refused", error)
    return Problem(refusal.status, refusal.detail, errors=refusal.errors)


async def limited(_: HTTPConnection, error: Exception) -> Problem:
    """What is asked for too often may be asked for again."""
    limit = cast("Limited", error)
    return Problem(429, limit.detail, {"Retry-After": str(limit.seconds)})


async def away(_: HTTPConnection, error: Exception) -> Problem:
    """The database is away or too busy, or gave up a request that fell asleep: worth another attempt."""
    if not is_away(cast("SQLAlchemyError", error)):
        raise error
    log.warning("the database does not answer: %s", type(error).__name__)
    return Problem(503, "the database does not answer: try again", {"Retry-After": "5"})


HANDLERS: Mapping[type[Exception], Callable[[HTTPConnection, Exception], Awaitable[Problem]]] = {
    Refused: refused,
    Limited: limited,
    SQLAlchemyError: away,
}
"""For Starlette's `exception_handlers`."""
