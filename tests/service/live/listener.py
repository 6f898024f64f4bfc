"""A client that hears everything, and writers that append to a log from processes of their own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import socketio

from service.store import events
from tests.service.engine import AUTH, PATIENCE
from tests.service.process import APPS, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from service.store.database import Database
    from service.store.url import DatabaseUrl
    from tests.boot import Boot

TRANSPORTS = ["polling", "websocket"]
OWNER = 1


class Listener:
    """A Socket.IO client that comes back by itself, each time with the id of the last event that it has.

    As an async context manager it connects and leaves again; `last_id` is what it has at first, None for nothing; one
    that is `forgetful` never tells what it has. `options` are those of its `socketio.AsyncClient`.
    """

    def __init__(
        self, url: str, transport: str, last_id: int | None = None, auth: dict[str, Any] = AUTH, **options: Any
    ) -> None:
        self.events: list[dict[str, Any]] = []
        self.connections = 0
        self.last_id = last_id
        self.forgetful = False
        self._url, self._transport, self._given, self._options = url, transport, auth, options
        self._heard: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._renew()

    async def __aenter__(self) -> Self:
        await self.client.connect(self._url, transports=[self._transport], auth=self._auth, wait_timeout=PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.disconnect()

    async def comes_back(self) -> None:
        """Connect anew in place of Python's client where that has died: of a poll whose answer broke off (aiohttp)."""
        reading = self.client.eio.read_loop_task
        if reading.done() and reading.exception():
            await self.client.eio.http.close()
            self.client.eio.write_loop_task.cancel()
            self._renew()
            await self.__aenter__()

    @property
    def ids(self) -> list[int]:
        """The ids of all the events of the log, as they came."""
        return [event["id"] for event in self.events]

    async def hears(self, *wanted: str) -> tuple[str, Any]:
        """The next thing that is not the greeting; with `wanted`, the next of these."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event, data = await self._heard.get()
                if event in wanted or not wanted:
                    return event, data

    async def told(self, kind: str, holds: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The data of the next event of that type for which it holds."""
        while True:
            _, event = await self.hears(kind)
            data: dict[str, Any] = event["data"]
            if holds(data):
                return data

    async def has(self, last_id: int, patience: float = PATIENCE) -> None:
        """Returns when it has the event of that id, or a later one."""
        async with asyncio.timeout(patience):
            while (self.last_id or 0) < last_id:
                await self._heard.get()

    async def asks(self, event: str, *data: Any) -> Any:
        """The acknowledgement of what it sends."""
        return await self.client.call(event, *data, timeout=PATIENCE)

    def _renew(self) -> None:
        self.client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.3, **self._options)
        self.client.on("*", self._hear)

    def _auth(self) -> dict[str, Any]:
        return self._given if self.forgetful or self.last_id is None else {**self._given, "last_id": self.last_id}

    async def _hear(self, event: str, data: Any) -> None:
        if event == "connection_status":
            self.connections += 1
            return
        if "id" in data:
            self.events.append(data)
            self.last_id = data["id"]
        elif event in ("sync.complete", "sync.reset"):
            self.last_id = data["last_id"]
        self._heard.put_nowait((event, data))


def serve(url: DatabaseUrl, **env: str) -> Boot:
    """The API on a database."""
    return start(DATABASE_URL=url.get_secret_value(), SECRET_KEYS="s" * 32, **{"WORKER_MODE": "false", **env})


def append(database: Database, count: int, user_id: int = OWNER, **data: Any) -> int:
    """Append as many events in one transaction; the id of the last one."""
    with database.write() as session:
        return events.append(session, user_id, *(events.New("message.new", {"n": n, **data}) for n in range(count)))


def follow(maildir: Path) -> dict[str, Any]:
    """What `accounts.create` takes for a Maildir."""
    return {"kind": "maildir", "name": "Work", "settings": {"path": str(maildir)}}


@contextmanager
def writers(url: DatabaseUrl, count: int, names: str = "ab") -> Iterator[None]:
    """A process for each name that appends `count` events beside the others; on the way out they have ended."""
    command = [sys.executable, str(APPS / "appends.py"), url.get_secret_value(), str(OWNER), str(count)]
    processes = [subprocess.Popen([*command, name]) for name in names]
    try:
        yield
        assert [process.wait(PATIENCE) for process in processes] == [0] * len(names)
    finally:
        for process in processes:
            process.kill()
            process.wait()
