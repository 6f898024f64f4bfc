"""How a child ended, in words and as an exit status. Standard library only."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probes.gate.cgroup import MemoryGroup

_MEANINGS: dict[int, str] = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGILL: "illegal instruction",
    signal.SIGFPE: "arithmetic error",
    signal.SIGABRT: "aborted by native code",
    signal.SIGKILL: "killed from outside",
    signal.SIGSYS: "a system call that the sandbox forbids",
}
_NATIVE = (signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT)


def exit_status(wait_status: int) -> int:
    """The child's own exit status, or 128+N for signal N, as a shell has it."""
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else by_signal(-code)


def by_signal(number: int) -> int:
    """The exit status of what a signal has ended, as a shell has it."""
    return 128 + number


def explain_end(wait_status: int, memory: MemoryGroup) -> str:
    """How a child that had been serving ended, in words."""
    code = os.waitstatus_to_exitcode(wait_status)
    if code >= 0:
        return f"the service ended with exit status {code}"
    return f"the service was {_killing(-code, memory)[0]}"


def explain(wait_status: int, memory: MemoryGroup) -> tuple[str, list[str]]:
    """How a booting child ended, as a sentence, and what to do about it."""
    code = os.waitstatus_to_exitcode(wait_status)
    if code < 0:
        cause, resolution = _killing(-code, memory)
        return f"took the process down: it was {cause}", resolution
    return (
        f"took the process down: it ended with exit status {code} without a Python exception (os._exit?)",
        ["look for os._exit, or for native code that calls exit(), in what was being run",
         "move it out of import time: an import must only define things"],
    )  # fmt: skip


def explain_overdue(seconds: float) -> tuple[str, list[str]]:
    """What a boot that reached its timeout is told."""
    return (
        f"did not finish within BOOT_TIMEOUT={seconds:g} seconds",
        ["if a stack is shown, its first line is the place that hangs: bound it with a timeout of its own",
         "if the boot is only slow, raise BOOT_TIMEOUT (and the platform's own start-up limit with it)"],
    )  # fmt: skip


def _killing(number: int, memory: MemoryGroup) -> tuple[str, list[str]]:
    if number == signal.SIGKILL and memory.killed():
        limit = memory.limit_mib()
        reason = f"its memory limit is {limit} MiB" if limit is not None else "the machine has no more memory"
        return f"killed by the kernel for memory (OOM); {reason}", [
            "raise the memory limit (docker run --memory, resources.limits.memory, or the plan's size)",
            "or load less: fewer imports, smaller models, caches filled later",
        ]
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    meaning = _MEANINGS.get(number)
    cause = f"killed by {name}{f' ({meaning})' if meaning else ''}"
    if number in _NATIVE:
        return cause, [
            "the fault is in native code: the stack below names the Python line that called it",
            "check that compiled packages match this Python, libc and processor; reinstall or pin them",
        ]
    return cause, [f"find out who sends {name}: a supervisor, a deadline of the platform, or a person"]
