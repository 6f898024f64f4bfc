"""The ASGI application that contract.toml names: Starlette and Socket.IO, built when its lifespan starts."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, WebSocketRoute

from probes import Failure, is_rehearsal, on_drain
from service import api
from service.access import Access
from service.access.authenticator import Authenticator, Browsers
from service.access.limits import Costly
from service.access.people import People
from service.api import refusals
from service.api.guard import Strangers
from service.api.operation import Services
from service.body import BodyLimit
from service.commands import COMMANDS
from service.commands.desk import Desk
from service.control import tasks
from service.control.herald import Herald
from service.control.supervisor import Supervisor
from service.forwarded import ForwardedHeaders
from service.headers import SecurityHeaders
from service.instance import Instance
from service.live.door import Door
from service.live.events import Events
from service.live.follower import Follower
from service.live.server import Server
from service.live.warden import Warden
from service.mail.demo.account import arrange_all
from service.mail.registry import Allowed
from service.metrics import LIVE_CLIENTS, SOCKETIO_CONNECTIONS
from service.problems import Unhandled, http_exception
from service.settings import Settings, load
from service.store import health as store_health
from service.store import schema
from service.store.opened import open_store
from service.store.queue import Queue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from service.control.task import Task
    from service.store.database import Database
    from service.store.opened import Store

    Work = Callable[[Settings, Store, Queue], list[Task]]

log = logging.getLogger("service.app")

_PATIENCE = 2.0  # seconds for the database to answer at the end


def build(settings: Settings, work: Work = tasks.tasks) -> Starlette:
    """The application that `settings` describe: the API, the worker's tasks (those that `work` lists), or both."""
    instance = Instance(settings.mode, settings.commit)
    store = open_store(settings)
    queue = Queue(store.database)
    access = Access(store.database, settings.access_token)
    desk = Desk(store, queue, Allowed.by(settings), COMMANDS)
    browsers = Browsers.by(settings, store.database)
    people = People(store.database, settings.allowed_users, settings.allowed_domains)
    authenticator = Authenticator(store.database, access, browsers, people if settings.signs_in else None)
    server = Server(settings, authenticator)
    follower = Follower(store.database, server)
    costly = Costly(settings.costly_requests)
    clients = Events(instance, follower, desk, costly)
    server.register_namespace(clients)
    door = Door(server, settings.socketio_max_sessions)
    supervisor = Supervisor([] if settings.mode == "api" else work(settings, store, queue))
    herald = Herald(supervisor, server.emit, instance.id)
    routes = api.routes(settings, instance, Services(store.database, desk, costly, store.quota), authenticator, people)
    if settings.mode != "worker":
        routes += _live_routes(door)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        SOCKETIO_CONNECTIONS.set_function(door.open_sessions)
        LIVE_CLIENTS.set_function(clients.count)
        on_drain(door.drain)
        store_health.running.append(store.database)
        try:
            await run_in_threadpool(_require_schema, store.database)
            await run_in_threadpool(access.prepare, serves=settings.mode != "worker" and not is_rehearsal())
            if settings.signs_in:
                await run_in_threadpool(people.prepare)
            if settings.mode != "api":
                await run_in_threadpool(arrange_all, store.database, wanted=settings.demo)
            async with server, follower, clients, Warden(authenticator, clients), supervisor, herald:
                yield
                await _let_go(store.database)
        finally:
            store_health.running.remove(store.database)
            store.close()

    return Starlette(
        routes=routes,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(BodyLimit, limit=settings.max_body_size),
            Middleware(ForwardedHeaders, trusted=settings.trusted_proxies),
            Middleware(Unhandled),
            Middleware(Strangers),
        ],
        exception_handlers={HTTPException: http_exception, **refusals.HANDLERS},
        lifespan=lifespan,
    )


def _require_schema(database: Database) -> None:
    with schema.reachable(database):
        schema.require_current(database)


async def _let_go(database: Database) -> None:
    """Have nobody wait for a server that does not answer any more: this process has to end in time."""
    try:
        await asyncio.wait_for(asyncio.to_thread(_require_schema, database), _PATIENCE)
    except (Failure, TimeoutError):
        log.warning("the database does not answer, and this process ends without it")
        database.lines.cut()


def _live_routes(door: Door) -> list[BaseRoute]:
    return [Route("/socket.io/", door), WebSocketRoute("/socket.io/", door)]


class Application:
    """Builds the application from the environment when its lifespan starts, so that importing it reads nothing."""

    def __init__(self, build: Callable[[Settings], ASGIApp]) -> None:
        self._build = build
        self._built: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope; raises `probes.Failure` on settings that are not usable."""
        if scope["type"] == "lifespan":
            self._built = self._build(load())
        if self._built is None:
            raise RuntimeError("this application serves from its lifespan startup on: start it with `python -m probes`")
        await self._built(scope, receive, send)


app = Application(build)
