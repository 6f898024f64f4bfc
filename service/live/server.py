"""The Socket.IO server, configured from the settings."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

import socketio

from service.live import health
from service.metrics import EVENTS_SENT

if TYPE_CHECKING:
    from types import TracebackType

    from service.live.replicas import Replicas
    from service.settings import Settings

log = logging.getLogger("service.live")
# Below WARNING both libraries log the content of every packet, which is other people's mail.
log.setLevel(logging.WARNING)


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A Socket.IO server that counts the events it sends; while it is entered, it shares them with other replicas."""

    def __init__(self, settings: Settings) -> None:
        self._replicas = _replicas(settings)
        super().__init__(
            async_mode="asgi",
            client_manager=self._replicas,
            transports=list(settings.socketio_transports),
            # None is the library's word for the same origin.
            cors_allowed_origins=list(settings.socketio_allowed_origins) or None,
            max_http_buffer_size=settings.max_body_size,
            logger=log,
            engineio_logger=log,
        )

    async def __aenter__(self) -> Self:
        if self._replicas:
            self.manager_initialized = True  # or the library would wait for the first client
            health.running.append(self._replicas)
            await self._replicas.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.shutdown()
        if self._replicas:
            health.running.remove(self._replicas)
            await self._replicas.stop()

    async def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Send an event, to one client or to many, of every replica; counted where it is emitted alone."""
        EVENTS_SENT.inc()
        await super().emit(event, *args, **kwargs)


def _replicas(settings: Settings) -> Replicas | None:
    if settings.redis_url is None:
        return None
    from service.live.replicas import Replicas

    return Replicas(settings.redis_url, write_only=settings.mode == "worker")
