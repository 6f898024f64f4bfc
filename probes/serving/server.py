"""Hypercorn's configuration: how the gate has it serve, and the fields it adds to every response."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from hypercorn.config import Config

from probes.gate.listener import BACKLOG
from probes.serving.request_ids import FIELD, response_id
from probes.serving.traffic import answered

if TYPE_CHECKING:
    from probes.contract import Contract
    from probes.environment import Environment
    from probes.serving.readiness import Readiness

_KEEP_ALIVE = 75.0  # seconds; above the 60 s at which load balancers commonly drop an idle connection
_CLOSE = (b"connection", b"close")


class ServerConfig(Config):
    """Serves on `descriptor`.

    The fields of a response are cheapest here: what a middleware adds is copied, and then checked once more.
    """

    def __init__(self, environment: Environment, contract: Contract, descriptor: int, readiness: Readiness) -> None:
        self.bind = [f"fd://{descriptor}"]
        self.backlog = BACKLOG  # Hypercorn calls listen() again, and a smaller number would shrink the queue
        self.errorlog = logging.getLogger("hypercorn.error")
        self.include_server_header = False
        self.h11_pass_raw_headers = True  # the entry has lower-case names for less
        self.keep_alive_timeout = _KEEP_ALIVE
        self.websocket_max_message_size = contract.max_websocket_message
        self.graceful_timeout = environment.grace_period  # the drain's own deadline comes first
        self._readiness = readiness
        self._second = 0
        self._date: list[tuple[bytes, bytes]] = []

    def response_headers(self, protocol: str) -> list[tuple[bytes, bytes]]:
        """Date, made once a second; for a request, in whose task this is called, its id; close while draining."""
        now = int(time.time())
        if now != self._second:
            self._second, self._date = now, super().response_headers(protocol)
        request_id = response_id.get()
        if request_id is None:
            return self._date
        if self._readiness.draining and protocol == "h11" and not answered.get():  # Hypercorn's own have it already
            return [*self._date, (FIELD, request_id), _CLOSE]
        return [*self._date, (FIELD, request_id)]
