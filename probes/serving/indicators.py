"""The health of what a running service leans on, measured in the background and read by probes."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from probes import Failure
from probes.blame import blame
from probes.references import resolve_callable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from probes.contract import Indicator

    Call = Callable[[], Awaitable[Any]]

logger = logging.getLogger("airlock.indicators")


class Reading:
    """The last result of one indicator."""

    def __init__(self, indicator: Indicator) -> None:
        self.indicator = indicator
        self.up: bool | None = None
        self.detail = "not measured yet"
        self.seconds = 0.0
        self.at = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since it was measured (before that, since it was asked for)."""
        return time.monotonic() - self.at

    def body(self) -> dict[str, Any]:
        """The indicator as `/health` shows it."""
        return {
            "name": self.indicator.name,
            "status": {True: "up", False: "down", None: "unknown"}[self.up],
            "critical": self.indicator.critical,
            "detail": self.detail,
            "age_seconds": round(self.age, 3),
            "seconds": round(self.seconds, 4),
        }

    def conclude(self, up: bool, detail: str, began: float) -> None:
        """Keep a result; a change is logged."""
        if up != self.up and not (up and self.up is None):
            level, word = (logging.INFO, "up") if up else (logging.WARNING, "down")
            logger.log(level, "indicator %s is %s: %s", self.indicator.name, word, detail or "no detail")
        self.up, self.detail = up, detail
        self.at = time.monotonic()
        self.seconds = self.at - began


class Indicators:
    """Measures every indicator of a contract, each in its own time."""

    def __init__(self, indicators: tuple[Indicator, ...]) -> None:
        self.readings = [Reading(indicator) for indicator in indicators]
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def critical_down(self) -> list[Reading]:
        """What this instance cannot serve without and does not have."""
        return [reading for reading in self.readings if reading.indicator.critical and reading.up is False]

    async def start(self) -> None:
        """Measure each once, then go on in the background."""
        calls = [(reading, self._asynchronous(resolve_callable(reading.indicator.call))) for reading in self.readings]
        await asyncio.gather(*(_measure(reading, call) for reading, call in calls))
        self._tasks = [asyncio.create_task(_repeat(reading, call)) for reading, call in calls]

    async def stop(self) -> None:
        """Measure no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _asynchronous(self, call: Callable[[], Any]) -> Call:
        """`call` as a coroutine function; a plain function gets a thread, and no second one while it hangs."""
        if inspect.iscoroutinefunction(call):
            return call
        running: asyncio.Future[Any] | None = None

        async def in_a_thread() -> Any:
            nonlocal running
            if running is not None and not running.done():
                raise Failure("the call before this one still hangs")
            running = _in_a_daemon_thread(call)
            result = await asyncio.shield(running)
            return await result if inspect.isawaitable(result) else result

        return in_a_thread


def _in_a_daemon_thread(call: Callable[[], Any]) -> asyncio.Future[Any]:
    """The outcome of `call`; unlike an executor's, its thread does not keep the process from ending."""
    outcome: Future[Any] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, name="airlock-indicator", daemon=True).start()
    return asyncio.wrap_future(outcome)


async def _repeat(reading: Reading, call: Call) -> None:
    while True:
        await asyncio.sleep(reading.indicator.every)
        await _measure(reading, call)


async def _measure(reading: Reading, call: Call) -> None:
    timeout = reading.indicator.timeout
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            result = await call()
    except TimeoutError:
        reading.conclude(False, f"no answer within {timeout:g} s", began)
    except Failure as error:
        reading.conclude(False, error.detail, began)
    except (Exception, SystemExit) as error:
        reading.conclude(False, blame(error), began)
    else:
        reading.conclude(True, result if isinstance(result, str) else "", began)
