"""The HTTP resources, one a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route

from service.api import (
    accounts,
    attachments,
    audit,
    auth,
    corrections,
    dead_letters,
    drafts,
    endpoint,
    events,
    everything,
    html,
    messages,
    openapi,
    rules,
    status,
    threads,
)
from service.api.about import About
from service.api.auth import Auth
from service.api.debug_config import DebugConfig
from service.api.guard import Guard
from service.api.reader import get_reader
from service.mail.registry import Allowed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request

    from service.access.authenticator import Authenticator
    from service.access.people import People
    from service.api.described import Described
    from service.api.operation import Services
    from service.instance import Instance
    from service.settings import Settings

PREFIX = "/api"
"""What every path of the API begins with; all below it is closed."""
_RESOURCES = (
    accounts, messages, html, attachments, threads, corrections, rules, drafts, events, status, dead_letters,
    audit, everything,
)  # fmt: skip
OPERATIONS = tuple(operation for resource in _RESOURCES for operation in resource.OPERATIONS)


def routes(
    settings: Settings, instance: Instance, services: Services, authenticator: Authenticator, people: People
) -> list[BaseRoute]:
    """What this process serves in its mode; a worker says only what it is."""
    served: list[BaseRoute] = [Route("/", About(instance).get)]
    if settings.mode == "worker":
        return served
    guard = [Middleware(Guard, authenticator)]
    if settings.debug_config:
        served.append(Route("/debug-config", DebugConfig(settings, services.database).get, middleware=guard))
    closed = Mount(PREFIX, routes=endpoint.routes(services, OPERATIONS), middleware=guard)
    names, signing_in = _signing_in(settings, services, authenticator, people)
    google = Allowed.by(settings).google
    gmail = authenticator.browsers is not None and google is not None
    described = _description(auth.described(names, gmail=gmail))
    served += [Route("/openapi.json", described), Route("/mail", get_reader, methods=["GET"])]
    return [*served, *Auth(services.database, authenticator, names, google).routes(), *signing_in, closed]


def _signing_in(
    settings: Settings, services: Services, authenticator: Authenticator, people: People
) -> tuple[list[str], list[BaseRoute]]:
    """The providers' names, and what is served for them."""
    if authenticator.browsers is None:
        return [], []
    # Imported where somebody can sign in: it takes long.
    from service.access.providers import providers
    from service.api.sign_in import SigningIn

    known = providers(settings)
    served: list[BaseRoute] = [*SigningIn(services.database, authenticator.browsers, people, known).routes()]
    if google := Allowed.by(settings).google:
        from service.api.connecting import Connecting

        guard = [Middleware(Guard, authenticator)]
        served += Connecting(services.database, authenticator.browsers, services.desk, google).routes(guard)
    return list(known), served


def _description(others: Iterable[Described]) -> Callable[[Request], Awaitable[JSONResponse]]:
    # Open: it says nothing of anybody's mail, and whoever writes a client needs it before there is a token.
    described = JSONResponse(openapi.describe(OPERATIONS, PREFIX, others))

    async def get(_: Request) -> JSONResponse:
        return described

    return get
