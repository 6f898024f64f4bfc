"""After the hand-over: forward signals, reap orphans, and end as the child ends. Standard library only.

This is a program of its own, by which the gate replaces itself: what only the boot needed is given back. It is blocked
in one call until something happens and uses no processor time.
"""

from __future__ import annotations

import os
import sys
import time

from probes.gate.signals import FORWARDED, STOP, WATCHED, kill_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
else:
    import _signal as signal

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from probes.gate import init; sys.exit(init.main(sys.argv[2:]))"


class Charge:
    """The child to keep, and what its end is told to: times in seconds, `kills` the OOM kills before this boot."""

    def __init__(self, child: int, grace_period: float, log_format: str, termination_log: str, kills: int) -> None:
        self.child = child
        self.grace_period = grace_period
        self.log_format = log_format
        self.termination_log = termination_log
        self.kills = kills

    def arguments(self) -> list[str]:
        """What `main` is started with."""
        return [str(self.child), repr(self.grace_period), self.log_format, self.termination_log, str(self.kills)]

    def say(self, text: str) -> None:
        """A line in the boot's log."""
        from probes.gate.report import log_for

        log_for(self.log_format).say(text)

    def end(self, wait_status: int, killed_by: int = 0) -> int:
        """Say how the child ended, if it is worth it; the exit status: its own, or 128+N for signal N."""
        code = os.waitstatus_to_exitcode(wait_status)
        if killed_by:
            return 128 + killed_by
        if code:
            from probes.gate.cgroup import MemoryGroup
            from probes.gate.death import explain_end
            from probes.gate.report import write_termination_log

            text = explain_end(wait_status, MemoryGroup(kills_before=self.kills))
            self.say(text)
            write_termination_log(self.termination_log, text)
        return code if code >= 0 else 128 - code


def become(charge: Charge) -> int:
    """Replace this process by this program, whose signals have to be blocked. Where that can't be, the exit status."""
    packages = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    if sys.executable and os.path.exists(__file__):  # not in an archive
        try:
            # without site: no third-party module is within reach, and nothing runs that this process doesn't need
            os.execv(sys.executable, [sys.executable, "-S", "-P", "-c", _PROGRAM, packages, *charge.arguments()])  # noqa: S606
        except OSError:
            pass
    return keep(charge)


def keep(charge: Charge) -> int:
    """Watch over the child until it ends; the exit status.

    The child drains on the first SIGTERM or SIGINT; on a second one, or when its time is over, it is killed.
    """
    watched = [number for number in WATCHED if signal.getsignal(number) != signal.SIG_IGN]  # nohup's wish, for one
    draining = False
    killed_by = 0
    deadline: float | None = None
    while (status := _reap(charge.child)) is None:
        number = _wait(watched, deadline)
        if number == 0:
            charge.say("the service did not end in time: killing it")
            kill_group(charge.child)
            deadline = None
        elif number in STOP and draining:
            if not killed_by:
                charge.say(f"a second {'SIGTERM' if number == signal.SIGTERM else 'SIGINT'}: killing the service")
            killed_by = number
            kill_group(charge.child)
        elif number in FORWARDED:
            os.kill(charge.child, number)
            if number in STOP:
                draining, deadline = True, time.monotonic() + charge.grace_period
    kill_group(charge.child)
    return charge.end(status, killed_by)


def _wait(watched: Sequence[int], deadline: float | None) -> int:
    """The next signal, or 0 at the deadline."""
    if deadline is None:
        return signal.sigwait(watched)
    info = signal.sigtimedwait(watched, max(0.0, deadline - time.monotonic()))
    return info.si_signo if info else 0


def _reap(child: int) -> int | None:
    """Collect every process that has ended, as PID 1 the orphans of the container too; the child's wait status."""
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            return status
        if pid == 0:
            return None


def main(arguments: list[str]) -> int:
    """The program, with the arguments of a `Charge`."""
    child, grace_period, log_format, termination_log, kills = arguments
    return keep(Charge(int(child), float(grace_period), log_format, termination_log, int(kills)))
