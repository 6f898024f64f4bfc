"""Clients that never stop asking, and what they were answered."""

from __future__ import annotations

import asyncio
import http.client
import threading
from typing import Any, Self

import aiohttp
import socketio

from tests.boot import PATIENCE
from tests.service.engine import AUTH

_PAUSE = 0.01


class Requests(threading.Thread):
    """Asks for `/` while it is entered, on a connection that is kept alive or on a new one each time."""

    def __init__(self, port: int, *, keep_alive: bool) -> None:
        super().__init__(daemon=True)
        self._port = port
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
            try:
                connection.request("GET", "/")
                response = connection.getresponse()
                response.read()
                if response.status == http.client.OK:
                    self.answered += 1
                else:
                    self.failed.append(f"status {response.status}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
            if not self._keep_alive:
                connection.close()
                connection = self._connection()
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)


class LiveClients:
    """Socket.IO clients over one transport, connected while it is entered, each with cookies of its own.

    `greetings` counts each one's connections; `failed` is what was answered neither with a 200 nor, to a session that
    another pod has, with the 400 that sends its client to a new one.
    """

    def __init__(self, port: int, count: int, transport: str) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._transport = transport
        self.greetings = [0] * count
        self.failed: list[str] = []
        self._clients: list[Any] = []
        self._sessions: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> Self:
        for number in range(len(self.greetings)):
            session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), trace_configs=[self._trace()])
            client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.5, http_session=session)
            client.on("connection_status", lambda _, number=number: self._greet(number))
            await client.connect(self._url, transports=[self._transport], auth=AUTH)
            self._sessions.append(session)
            self._clients.append(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.disconnect()
        for session in self._sessions:
            await session.close()

    async def all_connected(self) -> bool:
        """Whether each of them is connected, or is within a second."""
        for _ in range(20):
            if all(client.connected for client in self._clients):
                return True
            await asyncio.sleep(0.05)
        return False

    def cookies(self, name: str) -> list[str]:
        """The value of a cookie that each of them has."""
        return [cookie.value for session in self._sessions for cookie in session.cookie_jar if cookie.key == name]

    def _greet(self, number: int) -> None:
        self.greetings[number] += 1

    def _trace(self) -> aiohttp.TraceConfig:
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._answered)
        trace.on_request_exception.append(self._unanswered)
        return trace

    async def _answered(self, _session: object, _context: object, end: aiohttp.TraceRequestEndParams) -> None:
        elsewhere = end.response.status == http.client.BAD_REQUEST and b"Invalid session" in await end.response.read()
        if end.response.status not in (http.client.OK, http.client.SWITCHING_PROTOCOLS) and not elsewhere:
            self.failed.append(f"{end.method} {end.url}: status {end.response.status}")

    async def _unanswered(self, _session: object, _context: object, end: aiohttp.TraceRequestExceptionParams) -> None:
        self.failed.append(f"{end.method} {end.url}: {end.exception!r}")
