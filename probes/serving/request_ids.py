"""The ids of requests: the client's own where it is usable, else one of ours; for its response and the log."""

from __future__ import annotations

import itertools
import os
import re
from contextvars import ContextVar

from probes.logs import current_request_id

FIELD = b"x-request-id"
_USABLE = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}").fullmatch
_OF_THIS_PROCESS = os.urandom(6).hex().encode()
_numbers = itertools.count(1)

response_id: ContextVar[bytes | None] = ContextVar("airlock_response_id", default=None)
"""The id of the request that this task answers; None for a websocket's handshake."""


def identify(own: bytes | None, *, answered: bool) -> None:
    """Give the request of this task an id; `answered` is whether a response will carry it."""
    request_id = own if own and _USABLE(own) else b"%b-%x" % (_OF_THIS_PROCESS, next(_numbers))
    current_request_id.set(request_id.decode())
    if answered:
        response_id.set(request_id)
