"""The forked child as the gate sees it: its pid, its reports, its stack when it hangs. Standard library only."""

from __future__ import annotations

import os
import signal
import socket

from probes.gate.signals import WATCHED, kill_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Links:
    """The child's ends: reports go out on `channel` as JSON lines; a fatal error's stack goes to `stack_fd`."""

    def __init__(self, channel: socket.socket, stack_fd: int) -> None:
        self.channel = channel
        self.stack_fd = stack_fd

    def raised(self, error: Exception) -> None:
        """Report what the child's own work raised, and a verdict."""
        import json

        place = error.__traceback__
        while place and place.tb_next:
            place = place.tb_next
        where = f" at {place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        failure = {
            "check": "start",
            "status": "failed",
            "seconds": 0.0,
            "detail": f"raised {type(error).__name__}: {error}{where}",
            "resolution": ["a part of Python or of this package is damaged or hidden: install it again"],
        }
        self.channel.sendall(b"".join(json.dumps(event).encode() + b"\n" for event in (failure, {"verdict": 1})))


class Offspring:
    """A child process; `status` is its wait status once it has ended."""

    def __init__(self, pid: int, channel: socket.socket, stack_fd: int) -> None:
        self.pid = pid
        self.channel = channel
        self.stack_fd = stack_fd
        self.status: int | None = None
        self._open = [channel.fileno(), stack_fd]
        self._partial = b""
        self._stack = b""

    @property
    def sources(self) -> list[int]:
        """The descriptors that turn readable when the child has something to say."""
        return list(self._open)

    def reports(self) -> list[dict[str, Any]]:
        """The events that have arrived since the last call."""
        import json

        data = self._partial + self._read(self.channel.fileno())
        *lines, self._partial = data.split(b"\n")
        return [json.loads(line) for line in lines]

    def read_stack(self) -> None:
        """Take in what the fault handler has written so far."""
        self._stack += self._read(self.stack_fd)

    def stack(self) -> list[str]:
        """The Python stack that the fault handler wrote, innermost frame first; empty if it wrote none."""
        self.read_stack()
        return self._stack.decode(errors="replace").splitlines()

    def admit(self) -> None:
        """Tell the child that the listening socket is now its own; one that has just died needs no word."""
        try:
            self.channel.send(b"open\n")
        except OSError:
            pass

    def kill(self, number: int) -> None:
        """Send a signal to the child alone, if it has not ended."""
        if self.status is None:
            os.kill(self.pid, number)

    def kill_group(self) -> None:
        """Kill the child and whatever it started and left behind."""
        kill_group(self.pid)

    def _read(self, descriptor: int) -> bytes:
        chunks = []
        try:
            while chunk := os.read(descriptor, 65536):
                chunks.append(chunk)
            if descriptor in self._open:
                self._open.remove(descriptor)  # the child has closed its end, which stays readable for ever
        except (BlockingIOError, ConnectionResetError):
            pass
        return b"".join(chunks)

    def close(self) -> None:
        """Close the gate's ends."""
        self.channel.close()
        os.close(self.stack_fd)


def fork() -> Offspring | Links:
    """Fork; the gate gets an `Offspring`, the child its `Links`, with every signal at its default again."""
    ours, theirs = socket.socketpair()
    stack_out, stack_in = os.pipe()
    for descriptor in (stack_out, stack_in):
        os.set_blocking(descriptor, False)
    gate = os.getpid()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        theirs.close()
        os.close(stack_in)
        ours.setblocking(False)
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass  # the child has done it, or has gone
        return Offspring(pid, ours, stack_out)
    signal.set_wakeup_fd(-1)
    for number in WATCHED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    os.setpgid(0, 0)  # the terminal's Ctrl-C then reaches the gate alone, which forwards it once
    _die_with(gate)
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    ours.close()
    os.close(stack_out)
    return Links(theirs, stack_in)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when the gate goes: prctl(2), PR_SET_PDEATHSIG."""
    import ctypes
    import sys

    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
