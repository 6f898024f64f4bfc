"""The indicator of the control plane, as contract.toml names it."""

from __future__ import annotations

from probes import Failure
from service.control.supervisor import running


async def tasks() -> str:
    """Which tasks are well; raises `Failure` when one has died, has gone silent, or nobody supervises them."""
    if not running:
        raise Failure("the control plane does not run: no supervisor was started", "restart the instance")
    troubles = [trouble for supervisor in running for trouble in supervisor.troubles().values()]
    if troubles:
        raise Failure(
            "; ".join(troubles),
            "see the log of service.control for what a task failed with",
            "restart the instance if a task is stuck or has ended",
        )
    names = [name for supervisor in running for name in supervisor.names]
    return f"well: {', '.join(names)}" if names else "nothing to supervise in this mode"
