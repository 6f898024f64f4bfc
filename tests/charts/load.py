"""Clients that never stop asking, and what they were answered."""

from __future__ import annotations

import http.client
import itertools
import threading
from typing import Self

import aiohttp

from tests.boot import PATIENCE
from tests.service.live.listener import Listener
from tests.service.process import TOKEN

_PAUSE = 0.01
_GONE = b"Invalid session", b"Session is disconnected"  # what Engine.IO says of sessions that it does not have any more
_ALLOWED = {"Authorization": f"Bearer {TOKEN}"}


class Requests(threading.Thread):
    """Sends `lines`, one after the other, while it is entered, on a connection that is kept alive or a new one each."""

    def __init__(self, port: int, *lines: str, keep_alive: bool) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._lines = itertools.cycle(line.split() for line in lines)
        self._keep_alive = keep_alive
        self._stopping = threading.Event()
        self.answered = 0
        self.failed: list[str] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self.join(PATIENCE)

    def run(self) -> None:
        """Ask until stopped; what is not a 200 is a failure."""
        connection = self._connection()
        while not self._stopping.wait(_PAUSE):
            method, path = next(self._lines)
            try:
                connection.request(method, path, headers=_ALLOWED)
                response = connection.getresponse()
                response.read()
                if response.status == http.client.OK:
                    self.answered += 1
                else:
                    self.failed.append(f"{method} {path}: status {response.status}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{method} {path}: {error!r}")
                connection.close()
            if not self._keep_alive:
                connection.close()
                connection = self._connection()
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)


class LiveClients:
    """Socket.IO clients over one transport, connected while it is entered, each with cookies of its own.

    Each comes back with the id of the last event that it has, unless it is `forgetful`. `failed` is what was answered
    neither with a 200 nor, to a session that another pod has or that has ended, with the 400 that sends its client to a
    new one.
    """

    def __init__(self, port: int, count: int, transport: str, *, forgetful: bool = False) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._count = count
        self._transport = transport
        self._forgetful = forgetful
        self.failed: list[str] = []
        self.listeners: list[Listener] = []
        self._sessions: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> Self:
        for _ in range(self._count):
            session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), trace_configs=[self._trace()])
            self._sessions.append(session)
            listener = Listener(self._url, self._transport, last_id=0, http_session=session)
            listener.forgetful = self._forgetful
            self.listeners.append(await listener.__aenter__())
        return self

    async def __aexit__(self, *_: object) -> None:
        for listener in self.listeners:
            await listener.client.disconnect()
        for session in self._sessions:
            await session.close()

    def cookies(self, name: str) -> list[str]:
        """The value of a cookie that each of them has."""
        return [cookie.value for session in self._sessions for cookie in session.cookie_jar if cookie.key == name]

    def _trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._answered)
        trace.on_request_exception.append(self._unanswered)
        return trace

    async def _answered(self, _session: object, _context: object, end: aiohttp.TraceRequestEndParams) -> None:
        body = await end.response.read() if end.response.status == http.client.BAD_REQUEST else b""
        gone = any(words in body for words in _GONE)
        if end.response.status not in (http.client.OK, http.client.SWITCHING_PROTOCOLS) and not gone:
            self.failed.append(f"{end.method} {end.url}: status {end.response.status} {body!r}")

    async def _unanswered(self, _session: object, _context: object, end: aiohttp.TraceRequestExceptionParams) -> None:
        self.failed.append(f"{end.method} {end.url}: {end.exception!r}")
