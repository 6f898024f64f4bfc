"""A Socket.IO application as its users write it, which lets its long-polls go when it drains."""

from contextlib import asynccontextmanager

import probes
import socketio
from engineio import packet
from starlette.applications import Starlette

sio = socketio.AsyncServer(async_mode="asgi")


async def let_polls_go():
    for socket in list(sio.eio.sockets.values()):
        if not socket.upgraded:
            await socket.send(packet.Packet(packet.NOOP))


@asynccontextmanager
async def lifespan(_app):
    probes.on_drain(let_polls_go)
    yield


app = socketio.ASGIApp(sio, Starlette(lifespan=lifespan))
