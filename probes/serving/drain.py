"""The way out: readiness first, then accepting, then requests and websockets, then the application itself."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from probes.environment import Environment
    from probes.serving.readiness import Readiness
    from probes.serving.traffic import Traffic

logger = logging.getLogger("airlock.drain")

callbacks: list[Callable[[], Awaitable[None]]] = []
"""What the application registered with `probes.on_drain`."""

_RESERVE_SHARE = 0.2  # of the grace period, at most _RESERVE_SECONDS, is kept for what follows the connections
_RESERVE_SECONDS = 2.0


class Drain:
    """Begins with a signal; its deadlines are on the monotonic clock. `listener` is the descriptor with the traffic.

    `exit_status` is 1 until the application's own shutdown has run; `cut_off` counts what was, by its kind.
    """

    def __init__(self, environment: Environment, readiness: Readiness, traffic: Traffic, listener: int) -> None:
        self._listener, self._inode = listener, os.fstat(listener).st_ino
        self._copy = os.dup(listener)
        self._delay = environment.drain_delay
        self._grace = environment.grace_period
        self._readiness = readiness
        self._traffic = traffic
        self.exit_status = 1
        self.cut_off = dict.fromkeys(traffic.counts(), 0)
        self._began = 0.0
        self._begun = asyncio.Event()
        self._leaving: asyncio.Task[None] | None = None
        self._connections_deadline = self.application_deadline = float("inf")

    def begin(self) -> None:
        """Say no to new traffic. More signals change nothing: the gate decides about a second one."""
        if self._begun.is_set():
            return
        now = time.monotonic()
        self._began = now
        end = now + self._grace
        reserve = min(_RESERVE_SHARE * self._grace, _RESERVE_SECONDS)
        self._connections_deadline = end - reserve
        self.application_deadline = end - reserve / 4
        self._readiness.draining = True
        logger.info(
            "draining: %s in flight, %g s of delay, %g s of grace",
            self._traffic.in_flight() or "nothing",
            self._delay,
            self._grace,
        )
        self._begun.set()
        try:
            threading.Thread(target=self._end_anyway, args=(end - reserve / 8,), daemon=True).start()
        except RuntimeError as error:
            logger.warning("%s: if the event loop is blocked, the gate will end this process", error)

    async def stop_accepting(self) -> None:
        """Returns when the server has to stop accepting: Hypercorn's shutdown trigger."""
        await self._begun.wait()
        await asyncio.sleep(self._delay)
        self._leaving = asyncio.create_task(self._let_go())

    @property
    def seconds_left(self) -> float:
        """Until connections have had their time; infinite while there is no drain."""
        return max(0.0, self._connections_deadline - time.monotonic())

    async def connections_overdue(self) -> None:
        """Returns when connections have had their time."""
        await self._begun.wait()
        await asyncio.sleep(self.seconds_left)

    def log_finished(self) -> None:
        """Say that everybody has gone."""
        logger.info("drained in %.1f s", time.monotonic() - self._began)

    def log_cut_off(self) -> None:
        """Say, and count, what did not finish in time."""
        self.cut_off = self._traffic.counts()
        logger.error("cut off after %g s of grace: %s", self._grace, self._traffic.in_flight() or "idle connections")

    async def _let_go(self) -> None:
        # the server closes its socket a few turns of the loop after its trigger has returned
        while _is_open(self._listener, self._inode):  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.001)
        with socket.socket(fileno=self._copy) as copy:
            copy.shutdown(socket.SHUT_RDWR)  # for processes that the application forked, which have it too
        await asyncio.gather(self._traffic.let_go(), *(_call(callback) for callback in callbacks))

    def _end_anyway(self, deadline: float) -> None:
        """In a thread: end the process even if its event loop is blocked or its threads don't finish."""
        time.sleep(max(0.0, deadline - time.monotonic()))
        logger.error("cut off after %g s of grace: %s", self._grace, self._traffic.in_flight() or "threads")
        faulthandler.dump_traceback(2)
        os._exit(self.exit_status)


async def _call(callback: Callable[[], Awaitable[None]]) -> None:
    try:
        await callback()
    except Exception:
        logger.exception("what the application registered with on_drain failed")


def _is_open(descriptor: int, inode: int) -> bool:
    try:
        return os.fstat(descriptor).st_ino == inode
    except OSError:
        return False
