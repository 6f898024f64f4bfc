"""The inner door: starts the application and lets Hypercorn serve it on the socket that the gate opened."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from hypercorn.asyncio import serve as hypercorn_serve
from hypercorn.config import Config

from probes import Failure
from probes.gate.listener import BACKLOG
from probes.patience import Overdue
from probes.serving.drain import Drain
from probes.serving.indicators import Indicators
from probes.serving.lifespan import Lifespan
from probes.serving.metrics import RequestMetrics, measure_loop_lag, register_boot
from probes.serving.observe import Observe
from probes.serving.probe_routes import ProbeRoutes
from probes.serving.readiness import Readiness
from probes.serving.traffic import Traffic
from probes.serving.unread import Unread

if TYPE_CHECKING:
    import socket

    from probes.contract import Contract
    from probes.environment import Environment
    from probes.gate.offspring import Links
    from probes.reporter import Reporter
    from probes.serving.asgi import App, Receive, Scope, Send

logger = logging.getLogger("airlock.door")

_KEEP_ALIVE = 75.0  # seconds; above the 60 s at which load balancers commonly drop an idle connection
_CUT_SECONDS = 0.2  # for connections that are cut off to notice
_SHUTDOWN_SECONDS = 10.0  # for the lifespan shutdown, where no drain sets an end to it
_LIFESPAN = "lifespan startup"


async def rehearse(app: App, contract: Contract, reporter: Reporter) -> int:
    """Start the application and stop it again; the verdict."""
    lifespan = Lifespan(app)
    if contract.lifespan:
        if not await _start(lifespan, reporter):
            return reporter.verdict(1)
        began = reporter.running("lifespan shutdown")
        try:
            await lifespan.shutdown(min(reporter.deadline, time.monotonic() + _SHUTDOWN_SECONDS))
        except (Failure, Overdue) as error:
            reporter.failed("lifespan shutdown", str(error), began=began)
            return reporter.verdict(1)
        reporter.ok("lifespan shutdown", began)
    return reporter.verdict(0)


async def serve(
    app: App,
    contract: Contract,
    environment: Environment,
    listeners: list[socket.socket],
    reporter: Reporter,
    links: Links,
) -> int:
    """Start the application, take over the sockets, serve until told to stop, and drain; the exit status."""
    lifespan = Lifespan(app)
    if contract.lifespan and not await _start(lifespan, reporter):
        return reporter.verdict(1)
    indicators = Indicators(contract.indicators)
    if contract.indicators:
        began = reporter.running("indicators")
        await indicators.start()
        reporter.ok("indicators", began)
    readiness = Readiness(reporter.record, indicators)
    register_boot(readiness)
    management_port = listeners[1].getsockname()[1] if len(listeners) > 1 else None
    routes = ProbeRoutes(
        Observe(app, _request_metrics(contract)),
        readiness,
        application_paths=contract.application_paths,
        management_port=management_port,
        metrics_token=environment.metrics_token,
    )
    traffic = Traffic(Unread(routes), readiness)
    descriptors = [listener.detach() for listener in listeners]
    drain = Drain(environment, readiness, traffic, descriptors)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain.begin)
    faulthandler.enable(2)
    await _admission(reporter, readiness, links)
    lag = asyncio.create_task(measure_loop_lag())
    status = await _serve(_with_state(traffic, lifespan.state), _config(environment, contract, descriptors), drain)
    lag.cancel()
    await indicators.stop()
    try:
        await lifespan.shutdown(min(drain.application_deadline, time.monotonic() + _SHUTDOWN_SECONDS))
    except (Failure, Overdue) as error:
        logger.error("lifespan shutdown: %s", error)
        return 1
    drain.exit_status = status
    return status


def _request_metrics(contract: Contract) -> RequestMetrics | None:
    try:
        return RequestMetrics() if contract.request_metrics else None
    except ValueError as error:
        raise Failure(
            f"the application has metrics of its own by the gate's names: {error}",
            "leave counting requests to the application: request-metrics = false in the contract",
            "or let it give its metrics other names",
        ) from error


async def _start(lifespan: Lifespan, reporter: Reporter) -> bool:
    reporter.phase("lifespan")
    began = reporter.running(_LIFESPAN)
    try:
        await lifespan.startup(reporter.deadline)
    except Overdue as error:
        place = f" (it waits at {error.stack[0]})" if error.stack else ""
        detail = f"did not finish before BOOT_TIMEOUT{place}"
        steps = ("bound what it waits for with a timeout of its own", "or, if it is only slow, raise BOOT_TIMEOUT")
        reporter.failed(_LIFESPAN, detail, *steps, began=began, stack=error.stack)
        return False
    except Failure as error:
        reporter.failed(_LIFESPAN, error.detail, *error.resolution, began=began)
        return False
    reporter.ok(_LIFESPAN, began)
    return True


async def _admission(reporter: Reporter, readiness: Readiness, links: Links) -> None:
    """Say that everything is ready, and wait until the gate has stopped accepting."""
    reporter.ready(readiness.status)
    links.channel.setblocking(False)
    await asyncio.get_running_loop().sock_recv(links.channel, 64)
    links.channel.close()
    os.close(links.stack_fd)


def _config(environment: Environment, contract: Contract, descriptors: list[int]) -> Config:
    config = DateOnceASecond()
    config.bind = [f"fd://{descriptor}" for descriptor in descriptors]
    config.backlog = BACKLOG  # Hypercorn calls listen() again, and a smaller number would shrink the queue
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.keep_alive_timeout = _KEEP_ALIVE
    config.websocket_max_message_size = contract.max_websocket_message
    config.graceful_timeout = environment.grace_period  # the drain's own deadline comes first
    return config


class DateOnceASecond(Config):
    """Hypercorn's configuration, with the Date field made once a second instead of once a response."""

    _second = 0
    _headers: list[tuple[bytes, bytes]] = []  # noqa: RUF012 - replaced, never changed

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """The fields that the server adds to every response."""
        now = int(time.time())
        if now != self._second:
            self._second, self._headers = now, super().response_headers(protocol)
        return self._headers


async def _serve(app: App, config: Config, drain: Drain) -> int:
    server: Any = hypercorn_serve(app, config, shutdown_trigger=drain.stop_accepting, mode="asgi")  # type: ignore[arg-type]
    serving = asyncio.ensure_future(server)
    overdue = asyncio.create_task(drain.connections_overdue())
    await asyncio.wait({serving, overdue}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        overdue.cancel()
        error = serving.exception()
        if error is not None:
            logger.error("the server ended by itself", exc_info=error)
            return 1
        drain.log_finished()
        return 0
    drain.log_cut_off()
    serving.cancel()
    await asyncio.wait({serving}, timeout=_CUT_SECONDS)
    return 0


def _with_state(app: App, state: dict[str, Any]) -> App:
    """`app`, with the lifespan's state in each scope; the lifespan itself is not the server's to run."""

    async def serve_scope(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        scope["state"].update(state)
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return serve_scope
