"""What the kernel knows of processes: children, descriptors, processor time, and when they end."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.boot import PATIENCE, Boot


def children(pid: int) -> list[int]:
    """The processes that are waited for by `pid`, zombies included."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def service_of(process: Boot) -> int:
    """The child of a gate that has one."""
    (child,) = children(process.process.pid)
    return child


def command(pid: int) -> str:
    """The arguments that the process was started with, each ended by a zero byte."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def resident(pid: int) -> int:
    """Its resident memory, in pages."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


def descriptors(pid: int, kind: str) -> set[str]:
    """What the process has open of a kind (`socket`, `pipe`), beside the standard streams."""
    links = {}
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links[int(descriptor.name)] = os.readlink(descriptor)
        except FileNotFoundError:
            continue
    streams = {links.pop(number, "") for number in (0, 1, 2)}
    return {link for link in links.values() if link.startswith(kind)} - streams


def eventually(condition: Callable[[], bool]) -> None:
    """Returns when the condition holds; for what the kernel announces to nobody."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def must_end(*pids: int) -> Iterator[None]:
    """Processes that run now have ended soon after the body; one that has not is killed, so that none is left."""
    watched = {pid: os.pidfd_open(pid) for pid in pids}
    try:
        yield
        left = [pid for pid, descriptor in watched.items() if not select.select([descriptor], [], [], PATIENCE)[0]]
        assert not left
    finally:
        for descriptor in watched.values():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            os.close(descriptor)


def processor_seconds(pid: int) -> float:
    """User and system time that the process has used, as /proc/PID/stat counts it: in ticks of commonly 10 ms."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
