"""An open websocket that can be told to go away, whatever its client and its application are doing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probes.serving.asgi import Message, Receive, Send

SERVICE_RESTART = 1012
"""Close code: the service restarts, the client may come back (IANA WebSocket Close Code registry)."""
_GOODBYE_SECONDS = 0.5  # a client that reads nothing must not hold up the others


class OpenWebsocket:
    """Stands between the server and the application, which is given `receive` and `send` instead of the server's."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._gone = False
        self._waiting: asyncio.Timeout | None = None

    async def receive(self) -> Message:
        """The client's next message, or a disconnect once the websocket was told to go."""
        if not self._gone:
            try:
                async with asyncio.timeout(None) as self._waiting:
                    return await self._receive()
            except TimeoutError:
                if not self._gone:
                    raise
            finally:
                self._waiting = None
        return {"type": "websocket.disconnect", "code": SERVICE_RESTART, "reason": "service restart"}

    async def send(self, message: Message) -> None:
        """Send a message of the application; once the websocket was told to go, nobody hears it."""
        if not self._gone:
            await self._send(message)

    async def let_go(self) -> None:
        """Close with 1012 and give the application the disconnect that a mute client never sends."""
        self._gone = True
        message = {"type": "websocket.close", "code": SERVICE_RESTART, "reason": "service restart"}
        goodbye = asyncio.ensure_future(self._send(message))
        await asyncio.wait({goodbye}, timeout=_GOODBYE_SECONDS)
        if goodbye.done() and not goodbye.cancelled():
            goodbye.exception()  # a client that has just left is no error
        if self._waiting is not None:
            self._waiting.reschedule(asyncio.get_running_loop().time())
