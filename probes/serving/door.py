"""The inner door: starts the application and lets Hypercorn serve it on the socket that the gate opened."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from hypercorn.asyncio.run import worker_serve
from prometheus_client import REGISTRY

from probes import Failure
from probes.gate.answers import PROBE_PATHS
from probes.patience import Overdue
from probes.serving import management
from probes.serving.drain import Drain
from probes.serving.entry import Entry
from probes.serving.indicators import Indicators
from probes.serving.lifespan import Lifespan, rehearsed
from probes.serving.metrics import BootCollector, DrainCollector, RequestMetrics, measure_loop_lag
from probes.serving.probe_routes import Probes, TrafficRoutes
from probes.serving.readiness import Readiness
from probes.serving.request_metrics import Measured
from probes.serving.server import ServerConfig
from probes.serving.traffic import Traffic

if TYPE_CHECKING:
    import socket

    from hypercorn.config import Config

    from probes.contract import Contract
    from probes.environment import Environment
    from probes.gate.offspring import Links
    from probes.reporter import Reporter
    from probes.serving.asgi import App

logger = logging.getLogger("airlock.door")

_CUT_SECONDS = 0.2  # for connections that are cut off to notice
_SHUTDOWN_SECONDS = 10.0  # for the lifespan shutdown, where no drain sets an end to it
_LIFESPAN = "lifespan startup"


async def rehearse(app: App, contract: Contract, reporter: Reporter) -> int:
    """Start the application and stop it again; the verdict."""
    rehearsed.set(True)
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
    traffic = Traffic(_measured(app) if contract.request_metrics else app)
    descriptors = [listener.detach() for listener in listeners]
    config, *on_management_port = [ServerConfig(environment, contract, each, readiness) for each in descriptors]
    drain = Drain(environment, readiness, traffic, descriptors[0])
    probes = Probes(readiness, environment.metrics_token)
    REGISTRY.register(BootCollector(readiness))
    REGISTRY.register(DrainCollector(traffic, drain))
    paths = set(PROBE_PATHS) - set(contract.application_paths)
    if on_management_port:
        paths.discard("/metrics")
    entry = Entry(TrafficRoutes(traffic.request, probes, paths).request, traffic.websocket, lifespan.state)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain.begin)
    faulthandler.enable(2)
    await _admission(reporter, readiness, links)
    lag = asyncio.create_task(measure_loop_lag())
    async with management.served(probes, on_management_port[0]) if on_management_port else nullcontext():
        status = await _serve(entry.serve, config, drain)
        lag.cancel()
        await indicators.stop()
        try:
            await lifespan.shutdown(min(drain.application_deadline, time.monotonic() + _SHUTDOWN_SECONDS))
            drain.exit_status = status
        except (Failure, Overdue) as error:
            logger.error("lifespan shutdown: %s", error)
    return drain.exit_status


def _measured(app: App) -> App:
    metrics = RequestMetrics()
    try:
        REGISTRY.register(metrics)
    except ValueError as error:
        raise Failure(
            f"the application has metrics of its own by the gate's names: {error}",
            "leave counting requests to the application: request-metrics = false in the contract",
            "or let it give its metrics other names",
        ) from error
    return Measured(app, metrics)


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


async def _serve(entry: Any, config: Config, drain: Drain) -> int:
    serving = asyncio.ensure_future(worker_serve(entry, config, shutdown_trigger=drain.stop_accepting))
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
