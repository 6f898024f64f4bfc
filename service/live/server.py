"""The Socket.IO server, configured from the settings."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import socketio

from service.metrics import EVENTS_SENT

if TYPE_CHECKING:
    from service.settings import Settings

log = logging.getLogger("service.live")
# Below WARNING both libraries log the content of every packet, which is other people's mail.
log.setLevel(logging.WARNING)


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A Socket.IO server that counts the events it sends."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            async_mode="asgi",
            transports=list(settings.socketio_transports),
            # None is the library's word for the same origin.
            cors_allowed_origins=list(settings.socketio_allowed_origins) or None,
            max_http_buffer_size=settings.max_body_size,
            logger=log,
            engineio_logger=log,
        )

    async def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Send an event, to one client or to many, as the library does."""
        EVENTS_SENT.inc()
        await super().emit(event, *args, **kwargs)
