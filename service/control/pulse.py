"""The task that every worker has: it shows that the worker's event loop turns and that its supervisor lives."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.control.task import Heartbeat

EVERY = 5.0
"""Seconds between two beats."""


async def run(beat: Heartbeat) -> None:
    """Give a heartbeat at regular times."""
    while True:
        beat()
        await asyncio.sleep(EVERY)
