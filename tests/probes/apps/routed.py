"""A Starlette application with routes, a mount, an error, logging, and indicators that follow files."""

import asyncio
import logging
import os
import pathlib
import threading

import probes
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

logger = logging.getLogger("routed")


async def user(request):
    logger.info("asked for a user")
    return PlainTextResponse(f"{request.path_params['name']} {probes.request_id()}")


async def fails(_request):
    raise RuntimeError("a bug")


async def own_metrics(_request):
    return PlainTextResponse("the application's own")


def follows_a_file():
    """Up while the file that INDICATOR_FILE names is there."""
    path = pathlib.Path(os.environ["INDICATOR_FILE"])
    if not path.exists():
        raise probes.Failure(f"{path.name} is not there")
    return path.read_text()


async def never_answers():
    await asyncio.sleep(3600)


def blocks():
    threading.Event().wait(3600)


app = Starlette(
    routes=[
        Route("/users/{name}", user, methods=["GET", "DELETE"]),
        Route("/fails", fails),
        Route("/metrics", own_metrics),
        Mount("/tenants/{tenant}", routes=[Route("/users/{name}", user)]),
        Mount("/files", app=PlainTextResponse("a file")),
    ]
)
