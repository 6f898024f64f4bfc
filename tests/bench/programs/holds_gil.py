"""An application whose import spends SECONDS in one C call that keeps the GIL, as heavy native modules do."""

from __future__ import annotations

import ctypes
from typing import Any

SECONDS = 3
ctypes.PyDLL(None).sleep(SECONDS)  # unlike CDLL, PyDLL does not let go of the GIL


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Start and stop; nothing asks it for more."""
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
