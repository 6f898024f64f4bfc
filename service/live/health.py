"""The indicator of what replicas share, as contract.toml names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.live.replicas import Replicas

running: list[Replicas] = []
"""The connections of this process to other replicas that are open; at most one."""


async def redis() -> str:
    """How Redis is; raises `Failure` when events do not pass between replicas."""
    if not running:
        return "not configured (REDIS_URL): live events stay in this process"
    return "; ".join([await replicas.ping() for replicas in running])
