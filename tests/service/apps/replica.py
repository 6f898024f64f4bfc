"""The service with one task, which `/silence` makes look stuck and `/wake` brings back."""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.routing import Route

from service.app import Application, build
from service.control.task import Task

awake = asyncio.Event()
awake.set()


async def run(beat):
    while True:
        await awake.wait()
        beat()
        await asyncio.sleep(0.05)


async def silence(request):
    awake.clear()
    return PlainTextResponse("it says nothing")


async def wake(request):
    awake.set()
    return PlainTextResponse("it beats")


def build_replica(settings):
    built = build(settings, lambda *_: [Task("heart", run, silence=1.0)])
    built.router.routes += [Route("/silence", silence), Route("/wake", wake)]
    return built


app = Application(build_replica)
