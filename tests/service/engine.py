"""Engine.IO version 4 by hand, over HTTP long-polling: what a client library would hide."""

from __future__ import annotations

import asyncio
import gc
import http.client
import json
import warnings
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import httpx2

from tests.service.process import TOKEN

if TYPE_CHECKING:
    from collections.abc import Coroutine

PATIENCE = 40.0
HANDSHAKE = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
AUTH = {"token": TOKEN}
CONNECT = f"40{json.dumps(AUTH)}"
"""The packet that connects to the default namespace."""


class Polling:
    """One polling client, which sends `headers`; as a context manager it closes its connections."""

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx2.Client(base_url=url, timeout=PATIENCE, headers=headers)
        self.path = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def open(self, **headers: str) -> httpx2.Response:
        """Ask for a session; `path` addresses it when there is one."""
        response = self.http.get(HANDSHAKE, headers=headers)
        if response.status_code == 200:
            self.path = f"{HANDSHAKE}&sid={json.loads(response.text[1:])['sid']}"
        return response

    def connect(self) -> list[str]:
        """Open a session and connect with the token; the packets that come back, `sync.complete` the last of them."""
        self.open().raise_for_status()
        self.post(CONNECT).raise_for_status()
        packets = self.poll()
        while not packets[-1].startswith('42["sync.complete",'):
            packets += self.poll()
        return packets

    def post(self, packet: str) -> httpx2.Response:
        """Send a packet."""
        return self.http.post(self.path, content=packet)

    def poll(self) -> list[str]:
        """Wait for packets."""
        response = self.http.get(self.path)
        response.raise_for_status()
        return response.text.split("\x1e")

    def begin_poll(self) -> http.client.HTTPConnection:
        """Send a poll; when this returns it is in flight, and `getresponse` waits for its answer."""
        connection = http.client.HTTPConnection(urlsplit(str(self.http.base_url)).netloc, timeout=PATIENCE)
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.request("GET", self.path)
        self.post("3").raise_for_status()  # on a connection that is open too, and so served after the poll
        return connection


def run_client(scenario: Coroutine[Any, Any, Any]) -> Any:
    """Run a scenario with Python's own client, whose unread responses warn (ResourceWarning) when collected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return asyncio.run(scenario)
        finally:
            gc.collect()
