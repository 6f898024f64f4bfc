"""The gate, PID 1: answers probes while the child boots, then hands the listening sockets over.

Standard library only.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time

from probes import __version__
from probes.gate.answers import Answers
from probes.gate.listener import describe
from probes.gate.offspring import Links, Offspring, fork
from probes.gate.probe_server import ProbeServer
from probes.gate.signals import FORWARDED, STOP, WATCHED
from probes.gate.watch import Watch
from probes.record import Check, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Any

    from probes.environment import Environment
    from probes.gate.cgroup import MemoryGroup

    Work = Callable[[Links, Record], int]

_STACK_SECONDS = 1.0  # for the fault handler to write down where a child hangs
_LAST_ANSWERS_SECONDS = 0.25
_AGAIN = -1


class Gate:
    """Boots `work` in a child, which gets its links and what is known of this boot so far.

    `listeners` are the traffic socket and, if there is one, the management socket. Without any, nothing is
    served: the child proves that it could serve, and ends. `started` is on the monotonic clock.
    """

    def __init__(
        self, environment: Environment, work: Work, listeners: list[socket.socket], log_format: str, started: float
    ) -> None:
        self._environment = environment
        self._work = work
        self._serves = bool(listeners)
        self._boot_deadline = started + environment.boot_timeout
        self._record = Record(started)
        self._watch = Watch()
        self._probes = ProbeServer(self._watch.selector, listeners, Answers(self._record, environment))
        self._probes.serve_waiting()  # who knocked while this was built has waited long enough

        from probes.gate.report import log_for

        self._log = log_for(log_format)
        commit = environment.commit or "unknown"
        self._log.say(
            f"airlock {__version__}, Python {sys.version.split()[0]}, commit {commit}, mode {environment.mode}"
        )
        for listener in listeners:
            self._log.say(f"listening on {describe(listener)}")

    def run(self) -> int:
        """The exit status: of a boot that failed or was stopped, or else the child's. In the child: the work's."""
        memory = None
        while True:
            try:
                child = fork()
            except OSError as error:
                return self._fork_failed(error)
            if isinstance(child, Links):
                self._probes.forget()
                self._watch.close()
                return self._labour(child)

            from probes.gate.cgroup import MemoryGroup

            memory = memory or MemoryGroup()
            outcome = self._boot(child, memory)
            self._watch.listen_to([])
            child.close()
            if outcome is None:
                return self._become_init(child, memory)
            child.kill_group()
            if outcome != _AGAIN:
                signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # a late one must not change the status
                return outcome

    def _labour(self, links: Links) -> int:
        """In the child: the work's exit status. What it raises before it can report is reported here."""
        try:
            return self._work(links, self._record)
        except Exception as error:
            if not self._record.booting:
                raise
            links.raised(error)
            return 1

    def _fork_failed(self, error: OSError) -> int:
        self._take(
            {
                "check": "fork",
                "status": "failed",
                "detail": f"no process can be started for the service: {error.strerror}",
                "resolution": ["raise the limit of processes (docker run --pids-limit, ulimit -u, or podPidsLimit)"],
            }
        )
        return self._fail(1)

    def _boot(self, child: Offspring, memory: MemoryGroup) -> int | None:
        """None when the service is ready, `_AGAIN` when the checks go on in another child, else the exit status."""
        from probes.gate import death

        deadline = self._boot_deadline
        overdue = False
        verdict: int | None = None
        while True:
            self._watch.listen_to(child.sources)
            for number in self._watch.turn(child, self._probes, deadline):
                if number in (*STOP, signal.SIGHUP):
                    self._log.say(f"{signal.Signals(number).name} during the boot: stopped")
                    return 0 if self._serves else death.by_signal(number)
            for event in child.reports():
                self._take(event)
                if "ready" in event and child.status is None:
                    self._hand_over(child, event["ready"])
                    return None
                if "verdict" in event:
                    verdict = event["verdict"]
                    child.kill_group()  # what it left running must not hold up the answer
            self._watch.serve(self._probes)
            child.read_stack()
            if child.status is not None:
                if verdict is None:
                    return self._died(child, child.status, memory, overdue)
                return self._conclude(verdict)
            if time.monotonic() >= deadline:
                child.kill(signal.SIGKILL if overdue or self._record.state == "waiting" else signal.SIGABRT)
                overdue, deadline = True, time.monotonic() + _STACK_SECONDS

    def _take(self, event: dict[str, Any]) -> None:
        self._record.apply(event)
        if "check" in event:
            check = self._record.checks[event["check"]]
            if check.status != "running":
                self._log.check(check)
        elif "warning" in event:
            self._log.warning(event["warning"])

    def _hand_over(self, child: Offspring, status: str) -> None:
        self._record.enter("ready")
        self._record.unavailable = status != "ok"
        self._probes.stop_accepting()
        child.admit()
        self._log.ready(self._record)

    def _become_init(self, child: Offspring, memory: MemoryGroup) -> int:
        """See off those who were let in before the hand-over, unless something happens first; the exit status."""
        from probes.gate.init import Charge, become

        told = self._environment
        charge = Charge(child.pid, told.grace_period, told.log_format, told.termination_log, memory.kills_before)
        caught: set[int] = set()
        while child.status is None and not caught and self._probes.busy:
            caught.update(number for number in self._watch.turn(child, self._probes, math.inf) if number in FORWARDED)
            self._watch.serve(self._probes)
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        caught.update(number for number in self._watch.caught() if number in FORWARDED)
        if child.status is not None:
            child.kill_group()
            return charge.end(child.status)
        for number in caught:
            os.kill(os.getpid(), number)  # it stays pending, for the init to find
        return become(charge)

    def _died(self, child: Offspring, status: int, memory: MemoryGroup, overdue: bool) -> int:
        """Say of the checks that were not concluded how they ended; the others are still worth running."""
        from probes.gate import death

        unfinished = self._record.unfinished
        if overdue:
            detail, resolution = death.explain_overdue(self._environment.boot_timeout)
        else:
            detail, resolution = death.explain(status, memory)
        for check in unfinished or [Check(self._record.state, self._record.state)]:
            waited = f"still waiting after {check.attempts} attempts: {check.detail}; "
            self._take(
                {
                    "check": check.name,
                    "status": "failed",
                    "seconds": check.body()["seconds"],
                    "detail": (waited if check.status == "waiting" else "") + detail,
                    "resolution": [*check.resolution, *resolution],
                    "stack": child.stack() if check.status == "running" else [],
                }
            )
        in_a_check = len(unfinished) == 1 and unfinished[0].phase in ("checking", "importing")
        return _AGAIN if in_a_check and not overdue and not memory.killed() else self._fail(1)

    def _conclude(self, verdict: int) -> int:
        if verdict:
            return self._fail(verdict)
        self._record.enter("ready")
        self._log.ready(self._record)
        return 0

    def _fail(self, status: int) -> int:
        """Report, leave the summary to the platform, and answer once more whoever is waiting."""
        from probes.gate.diagnostics import diagnose
        from probes.gate.report import summary, write_termination_log

        self._record.enter("failed")
        self._log.failed(self._record, status, diagnose(self._environment) | self._record.diagnostics)
        write_termination_log(self._environment.termination_log, summary(self._record, status))
        self._probes.answer_what_waits(_LAST_ANSWERS_SECONDS)
        return status
