"""The events of the default namespace."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import socketio
from socketio.exceptions import ConnectionRefusedError  # noqa: A004  # its own name
from sqlalchemy.exc import NoResultFound

from service.forwarded import network_of
from service.instance import VERSION, Instance
from service.live.admission import is_id
from service.live.commands import Commands, refusal
from service.live.reader import Reader
from service.live.server import ADMITTED, Gone
from service.metrics import EVENTS_RECEIVED
from service.store.scope import serving

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

    from service.access.caller import Caller
    from service.access.limits import Costly
    from service.commands.desk import Desk
    from service.live.admission import Admitted
    from service.live.follower import Follower

log = logging.getLogger("service.events")

MOST = 100
"""Clients of one user that may be connected to one process."""
_LIFECYCLE = ("connect", "disconnect")


class Client:
    """A client that is connected: whom it stands for, what it is sent, and what it has done."""

    def __init__(self, caller: Caller, reader: Reader, commands: Commands, serving: asyncio.Task[None]) -> None:
        self.caller = caller
        self.reader = reader
        self.commands = commands
        self.serving = serving


class Events(socketio.AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """Tells each client that it is connected, and to what, and then the log of its user and of nobody else.

    There are no rooms to join: a client is sent what its token stands for. Leaving this ends all of them.
    """

    def __init__(self, instance: Instance, follower: Follower, desk: Desk, costly: Costly) -> None:
        super().__init__("/")
        self._instance = instance
        self._desk = desk
        self._costly = costly
        self._follower = follower
        self._clients: dict[str, Client] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        serving = [client.serving for client in self._clients.values()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def count(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def callers(self) -> set[Caller]:
        """Whom the clients that are connected stand for."""
        return {client.caller for client in self._clients.values()}

    async def cut_off(self, callers: Collection[Caller]) -> None:
        """End the connections of the clients that stand for them."""
        for sid in [sid for sid, client in self._clients.items() if client.caller in callers]:
            if session := self.server.session_of(sid):
                await self.server.abandon(session)

    async def trigger_event(self, event: Any, *args: Any) -> Any:
        """Hand an event to its `on_…` method; a lifecycle event that a client makes up goes nowhere."""
        if event not in _LIFECYCLE:
            EVENTS_RECEIVED.inc()
        elif self.server.manager.is_connected(args[0], self.namespace):
            return None
        return await super().trigger_event(event, *args) if isinstance(event, str) else None

    async def on_connect(self, sid: str, environ: dict[str, Any], *_: Any) -> None:
        """Serve the client, once the library has told it that it is connected."""
        admitted: Admitted = environ[ADMITTED]
        mine = sum(client.caller.user_id == admitted.caller.user_id for client in self._clients.values())
        if mine >= MOST:
            raise ConnectionRefusedError(f"you have {MOST} connections already: close one first")
        reader = Reader(self.server, sid, admitted.last_id)
        network = network_of(environ.get("asgi.scope", {}))
        commands = Commands(self._desk, self._costly, admitted.caller, network)
        serving = asyncio.create_task(self._serve(sid, admitted.caller.user_id, reader))
        self._clients[sid] = Client(admitted.caller, reader, commands, serving)

    async def on_disconnect(self, sid: str, *_: Any) -> None:
        """Serve the client no more."""
        if client := self._clients.pop(sid, None):
            client.serving.cancel()

    async def on_sync(self, sid: str, *sent: Any) -> dict[str, Any]:
        """Send what the client missed after `{"last_id"}`, which it has not said when it connected."""
        asked = sent[0] if len(sent) == 1 and isinstance(sent[0], dict) else {}
        if not is_id(asked.get("last_id")):
            return refusal(400, 'sync takes {"last_id": the id of the last event that you have, a whole number from 0}')
        if not self._clients[sid].reader.catch_up(asked["last_id"]):
            return refusal(409, "this connection has said what it has already: connect again with another last_id")
        return {"ok": True, "data": {}}

    async def on_command(self, sid: str, *sent: Any) -> dict[str, Any]:
        """Have a command done, and acknowledge it."""
        return await self._clients[sid].commands.do(*sent)

    async def _serve(self, sid: str, user_id: int, reader: Reader) -> None:
        try:
            await self._greet(sid)
            with serving(user_id), self._follower.log(user_id, reader.stir) as followed:
                await reader.run(followed)
        except (Gone, NoResultFound):
            pass
        except Exception:
            log.exception("a client is let go, and may come back")
        self._clients.pop(sid, None)
        if session := self.server.session_of(sid):
            await self.server.abandon(session)

    async def _greet(self, sid: str) -> None:
        status = {
            "status": "connected",
            "sid": sid,
            "version": VERSION,
            "mode": self._instance.mode,
            "server_time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        await self.server.tell(sid, "connection_status", status)
