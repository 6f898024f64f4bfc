"""A raw ASGI application that does as its path says."""

import asyncio
import time


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                print("lifespan shutdown ran", flush=True)
                return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                print("websocket disconnected with", message["code"], flush=True)
                return
            await send({"type": "websocket.send", "text": message.get("text") or ""})
    path = scope["path"]
    if path.startswith("/slow/"):
        print("request began", flush=True)
        await asyncio.sleep(float(path.removeprefix("/slow/")))
    if path.startswith("/block/"):
        print("blocking", flush=True)
        time.sleep(float(path.removeprefix("/block/")))
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    if path == "/flood":
        print("flooding", flush=True)
        while True:
            await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
    if path.startswith("/stream/"):
        for part in range(int(path.removeprefix("/stream/"))):
            await send({"type": "http.response.body", "body": b"part %d\n" % part, "more_body": True})
            await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": b"hello from the application"})
