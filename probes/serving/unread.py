"""Reads what an application leaves unread of a request's body.

A connection that is closed while its client still writes is reset and the answer lost (RFC 9112, section 9.6), and
Hypercorn 0.18 waits for ever at the end of a response when its queue of unread parts is full.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.serving.asgi import App, Message, Receive, Scope, Send

LINGER = 2.0
"""Seconds for which the end of a response waits for the end of its request."""


class Unread:
    """Serves `app`, and reads a body to its end when the response ends first."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._discarding: set[asyncio.Task[None]] = set()

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that may have a body."""
        unread = True

        async def receive_part() -> Message:
            nonlocal unread
            message = await receive()
            unread = message.get("more_body", False)
            return message

        async def send_part(message: Message) -> None:
            nonlocal unread
            if unread and message["type"] == "http.response.body" and not message.get("more_body"):
                unread = False
                ended = self._discard(receive)
                await asyncio.sleep(0)  # what has arrived already is read in this turn
                if not ended.done():
                    await send({**message, "more_body": True})
                    await asyncio.wait({ended}, timeout=LINGER)
                    message = {"type": "http.response.body", "body": b""}
            await send(message)

        try:
            await self._app(scope, receive_part, send_part)
        finally:
            if unread:
                self._discard(receive)

    def _discard(self, receive: Receive) -> asyncio.Future[None]:
        """Read on until the client has gone; what is returned is done when the body has ended."""
        ended = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(_discard(receive, ended))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)
        return ended


async def _discard(receive: Receive, ended: asyncio.Future[None]) -> None:
    while True:
        message = await receive()
        if not message.get("more_body") and not ended.done():
            ended.set_result(None)
        if message["type"] == "http.disconnect":
            return
