"""After the hand-over: forward signals, reap orphans, and end as the child ends. Standard library only.

The process is blocked in one call until something happens and uses no processor time.
"""

from __future__ import annotations

import math
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
    from probes.record import Record


def keep(
    child: Offspring,
    watch: Watch,
    probes: ProbeServer,
    memory: MemoryGroup,
    log: Log,
    environment: Environment,
    record: Record,
) -> int:
    """Watch over a serving child until it ends; its exit status, or 128+N for signal N.

    The child drains on the first SIGTERM or SIGINT that the gate gets; on a second one it is killed.
    """
    ended_by = 0
    deadline = math.inf
    while child.status is None:
        for number in watch.turn(child, probes, deadline):
            if number in STOP and record.state == "draining":
                if not ended_by:
                    log.say(f"a second {signal.Signals(number).name}: killing the service")
                ended_by = number
                child.kill_group()
            elif number in FORWARDED:
                child.kill(number)
            if number in STOP and record.state != "draining":
                record.enter("draining")
                deadline = time.monotonic() + environment.grace_period
        if child.status is None and time.monotonic() >= deadline:
            log.say("the service did not end in time: killing it")
            child.kill_group()
            deadline = math.inf
    if ended_by:
        return death.by_signal(ended_by)
    status = death.exit_status(child.status)
    if status:
        text = death.explain_end(child.status, memory)
        log.say(text)
        write_termination_log(environment.termination_log, text)
    return status
