"""A worker whose one task goes wrong in the way that FAULT names; `/tasks` says what the supervisor thinks."""

import asyncio
import os
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from service.control.supervisor import Supervisor
from service.control.task import Restarts, Task


async def well(beat):
    while True:
        beat()
        await asyncio.sleep(0.05)


async def failing(beat):
    beat()
    raise ValueError("the mailbox is on fire")


async def failing_once(beat):
    if not runs:
        runs.append("first")
        raise ValueError("a hiccup")
    await well(beat)


async def silent(beat):
    beat()
    await asyncio.Event().wait()


async def ending(beat):
    beat()


async def cancelled_inside(beat):
    raise asyncio.CancelledError


async def stopping(beat):
    try:
        await well(beat)
    finally:
        await asyncio.sleep(0.1)
        print("the task has cleaned up", flush=True)


runs = []
tasks = [Task(os.environ["FAULT"], globals()[os.environ["FAULT"]], silence=0.5)]
supervisor = Supervisor(tasks, Restarts(first_pause=0.05, longest_pause=0.1))


@asynccontextmanager
async def lifespan(app):
    async with supervisor:
        yield


async def say(request):
    return PlainTextResponse("\n".join(supervisor.troubles().values()))


app = Starlette(routes=[Route("/tasks", say)], lifespan=lifespan)
