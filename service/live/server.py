"""The Socket.IO server, configured from the settings, and closed to those who have no token."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Self

import socketio
from socketio.packet import CONNECT_ERROR
from sqlalchemy.exc import SQLAlchemyError

from service.forwarded import network_of
from service.live import health
from service.live.admission import Refused, admit
from service.metrics import EVENTS_SENT

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from engineio.async_socket import AsyncSocket

    from service.access.authenticator import Authenticator
    from service.live.replicas import Replicas
    from service.settings import Settings

log = logging.getLogger("service.live")
# Below WARNING both libraries log the content of every packet, which is other people's mail.
log.setLevel(logging.WARNING)
log.addFilter(lambda record: record.msg != "Cannot send to sid %s")  # a client that has left is nobody's concern

ADMITTED = "service.admitted"
"""The key in a session's environ of what `admit` said."""
_UNKNOWN = 5.0  # seconds that a session may take to connect; until then it costs memory and belongs to nobody
_ADMITTED_AT_ONCE = 2  # a database that hangs must not take every thread for those who knock
_UNREAD = 8  # packets; Python's client gives up when one poll is answered with more than 16


class Gone(Exception):
    """A client is not connected any more."""


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """A Socket.IO server that counts the events it sends; while it is entered, it shares them with other replicas."""

    def __init__(self, settings: Settings, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._admitting = asyncio.Semaphore(_ADMITTED_AT_ONCE)
        self._replicas = _replicas(settings)
        super().__init__(
            async_mode="asgi",
            client_manager=self._replicas,
            transports=list(settings.socketio_transports),
            cors_allowed_origins=_origins(settings, authenticator),
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

    async def tell(self, sid: str, event: str, data: dict[str, Any]) -> None:
        """Send an event to a client of this replica, once it has taken most of what it was sent. Raises `Gone`."""
        session = self.session_of(sid)
        if session is None:
            raise Gone
        if session.queue.qsize() >= _UNREAD:
            await session.queue.join()
        await self.emit(event, data, to=sid, ignore_queue=True)

    def session_of(self, sid: str) -> AsyncSocket | None:
        """The Engine.IO session of a client that is connected."""
        return self._open_session(self.manager.eio_sid_from_sid(sid, "/"))

    def strangers(self, network: str) -> int:
        """How many sessions of a network have not been admitted."""
        waiting = (environ["asgi.scope"] for environ in self.environ.values() if ADMITTED not in environ)
        return sum(network_of(scope) == network for scope in waiting)

    async def abandon(self, session: AsyncSocket) -> None:
        """End a session at once, which Engine.IO keeps until its ping timeout; its client may connect again."""
        self.eio.sockets.pop(session.sid, None)
        await session.close(wait=False, abort=True, reason=self.reason.TRANSPORT_ERROR)
        await session.queue.put(None)  # ends its poll, or the task that writes to its websocket

    def wake_replicas(self, user_id: int) -> None:
        """Have other replicas look for new events of the user."""
        if self._replicas:
            self._replicas.wake(user_id)

    def on_wake(self, woken: Callable[[int], None]) -> None:
        """Have `woken` called with the user of whom another replica says that there are new events."""
        if self._replicas:
            self._replicas.woken = woken

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        """The library's hook for a new session."""
        await super()._handle_eio_connect(eio_sid, environ)
        asyncio.get_running_loop().call_later(_UNKNOWN, self._dismiss, eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """The library's hook for a CONNECT packet, which remembers for ever who leaves while a handler of it waits."""
        environ = self.environ[eio_sid]
        try:
            async with self._admitting:
                if not self._open_session(eio_sid):
                    return
                environ[ADMITTED] = await admit(self._authenticator, environ, data)
        except Refused as refusal:
            if self._open_session(eio_sid):
                refused = self.packet_class(CONNECT_ERROR, data={"message": str(refusal)}, namespace=namespace)
                await self._send_packet(eio_sid, refused)
        except SQLAlchemyError:
            # A refusal would be final for browsers; who loses the connection tries again.
            if session := self._open_session(eio_sid):
                await self.abandon(session)
        else:
            if self._open_session(eio_sid):
                await super()._handle_connect(eio_sid, namespace, data)

    def _dismiss(self, eio_sid: str) -> None:
        session = self._open_session(eio_sid)
        if session and self.manager.sid_from_eio_sid(eio_sid, "/") is None:
            self.start_background_task(self.abandon, session)

    def _open_session(self, eio_sid: str | None) -> AsyncSocket | None:
        session = self.eio.sockets.get(eio_sid)
        return None if session is None or session.closing or session.closed else session


def _origins(settings: Settings, authenticator: Authenticator) -> list[str] | None:
    if settings.socketio_allowed_origins:
        return list(settings.socketio_allowed_origins)
    # None is the library's word for the origin that the request names; a site that has a name is known.
    return [authenticator.browsers.site.origin] if authenticator.browsers else None


def _replicas(settings: Settings) -> Replicas | None:
    if settings.redis_url is None:
        return None
    from service.live.replicas import Replicas

    return Replicas(settings.redis_url, write_only=settings.mode == "worker")
