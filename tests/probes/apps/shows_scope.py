"""A raw ASGI application that answers with what it was told, from a task of its own; `/fails` raises before that."""

import asyncio
import json


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "accepted"})
        await receive()
        return
    if scope["path"] == "/fails":
        raise RuntimeError("a bug")
    told = {"client": scope["client"], "names": [name.decode() for name, _ in scope["headers"]]}
    await asyncio.create_task(send({"type": "http.response.start", "status": 200, "headers": []}))
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
