"""After the hand-over: forward signals, reap orphans, and end as the child ends. Standard library only.

The process is blocked in one call until something happens and uses no processor time.
"""

from __future__ import annotations

import signal
import time

from probes.gate import death
from probes.gate.report import write_termination_log
from probes.gate.signals import FORWARDED, STOP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probes.environment import Environment
    from probes.gate.cgroup import MemoryGroup
    from probes.gate.offspring import Offspring
    from probes.gate.probe_server import ProbeServer
    from probes.gate.report import Log
    from probes.gate.watch import Watch

_SECOND_SIGNAL_SECONDS = 0.5  # for a second SIGTERM to end the child before it is killed


def keep(
    child: Offspring,
    watch: Watch,
    probes: ProbeServer,
    memory: MemoryGroup,
    log: Log,
    environment: Environment,
) -> int:
    """Watch over a serving child until it ends; its exit status, or 128+N for signal N."""
    stopping = False
    deadline = float("inf")
    while child.status is None:
        for number in watch.turn(child, probes, deadline):
            if number in FORWARDED:
                child.kill(number)
            if number in STOP:
                patience = _SECOND_SIGNAL_SECONDS if stopping else environment.grace_period
                deadline = min(deadline, time.monotonic() + patience)
                stopping = True
        if child.status is None and time.monotonic() >= deadline:
            log.boot("the service did not end in time: killing it")
            child.kill_group(signal.SIGKILL)
    status = death.exit_status(child.status)
    if status:
        text = death.explain_end(child.status, memory)
        log.boot(text)
        write_termination_log(environment.termination_log, text)
    return status
