"""Runs an application's lifespan (ASGI lifespan protocol 2.0) strictly: what goes wrong is an error."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import Any

from probes import Failure
from probes.blame import blame
from probes.patience import Overdue, where

rehearsed: ContextVar[bool] = ContextVar("rehearsed", default=False)
"""Whether an application is started only to see that it can be, as `check` does."""

_RAISE_SECONDS = 0.5  # for an application that has reported a failure to raise it too
_SWITCH_OFF = 'if the application has no lifespan, say so in the contract: lifespan = "off"'


class Lifespan:
    """One application's lifespan; `state` is what requests get as their `scope["state"]`."""

    def __init__(self, app: Any) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._incoming: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._outgoing: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self, deadline: float) -> None:
        """Start the application; raises `Failure`, or `Overdue` with the place it waits at."""
        self._task = asyncio.create_task(self._run())
        await self._ask(self._task, "startup", deadline)

    async def shutdown(self, deadline: float) -> None:
        """Stop the application, if it was started; raises as `startup` does."""
        if self._task is not None and not self._task.done():
            await self._ask(self._task, "shutdown", deadline)

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._incoming.get, self._outgoing.put)
        except SystemExit as error:
            raise RuntimeError(f"SystemExit({error.code!r})") from error  # as it is, it would end the event loop

    async def _ask(self, running: asyncio.Task[None], step: str, deadline: float) -> None:
        await self._incoming.put({"type": f"lifespan.{step}"})
        answer = asyncio.create_task(self._outgoing.get())
        timeout = max(0.0, deadline - time.monotonic())
        await asyncio.wait({answer, running}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            message = answer.result()
            if message["type"] == f"lifespan.{step}.failed":
                await asyncio.wait({running}, timeout=min(_RAISE_SECONDS, timeout))
                _pass_on(running)
            self._judge(step, message)
            return
        answer.cancel()
        if not running.done():
            raise Overdue(where(running))
        _pass_on(running)
        error = running.exception()
        if error is not None:
            raise Failure(f"lifespan {step} raised {blame(error)}", "mend what it raised", _SWITCH_OFF) from error
        raise Failure(f"the application returned from its lifespan before {step} was complete", _SWITCH_OFF)

    def _judge(self, step: str, message: dict[str, str]) -> None:
        if message["type"] == f"lifespan.{step}.failed":
            reason = str(message.get("message") or "").strip().splitlines() or ["it gave no reason"]
            raise Failure(f"the application reported that its {step} failed: {reason[-1]}", "mend what it reports")
        if message["type"] != f"lifespan.{step}.complete":
            raise Failure(f"the application answered lifespan {step} with {message['type']!r}", _SWITCH_OFF)


def _pass_on(running: asyncio.Task[None]) -> None:
    """Raise the `Failure` that the application has ended with, if any: it says all that is to be said."""
    if running.done() and isinstance(error := running.exception(), Failure):
        raise error
