"""Clients that never stop asking, and what they were answered."""

from __future__ import annotations

import asyncio
import http.client
import threading
from typing import Any, Self

import socketio

from tests.boot import PATIENCE

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


class Sockets:
    """Socket.IO clients over websockets, connected while it is entered; `greetings` counts each one's connections."""

    def __init__(self, port: int, count: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.greetings = [0] * count
        self._clients: list[Any] = []

    async def __aenter__(self) -> Self:
        for number in range(len(self.greetings)):
            client = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.5)
            client.on("connection_status", lambda _, number=number: self._greet(number))
            await client.connect(self._url, transports=["websocket"])
            self._clients.append(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients:
            await client.disconnect()

    async def all_connected(self) -> bool:
        """Whether each of them is connected, or is within a second."""
        for _ in range(20):
            if all(client.connected for client in self._clients):
                return True
            await asyncio.sleep(0.05)
        return False

    def _greet(self, number: int) -> None:
        self.greetings[number] += 1
