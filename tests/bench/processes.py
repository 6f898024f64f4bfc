"""Starts the processes that are compared, and ends them without a trace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 30.0
"""Seconds after which a process that does not do what it should breaks its benchmark."""


class Broken(Exception):
    """A benchmark can't be measured; the message says what the process did instead, with its last words."""


@dataclass(frozen=True)
class Program:
    """A command that listens on the port it is given: `{port}` in an argument, or PORT in its environment."""

    command: tuple[str, ...]
    python_path: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


class Running:
    """A started program; use it as a context manager. `started` is on the monotonic clock, before the spawn."""

    def __init__(self, program: Program) -> None:
        self.port = _free_port()
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command = [argument.format(port=self.port) for argument in program.command]
        environment = _environment(program, self.port)
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in (*self.descendants(), self.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        _wait_until_refused(self.port)
        self._output.close()

    @property
    def pid(self) -> int:
        """Of the process that was spawned."""
        return self._process.pid

    def descendants(self) -> list[int]:
        """The process ids below this one."""
        return list(_below(self.pid))

    def check(self) -> None:
        """Raises `Broken` when the process has ended, or has had more than its time."""
        if self._process.poll() is not None:
            raise self.broken(f"ended with status {self._process.returncode}")
        if time.monotonic() - self.started > PATIENCE:
            raise self.broken(f"did not answer as expected within {PATIENCE:g} s")

    def broken(self, what: str) -> Broken:
        """The error that says what this process did, and its last words."""
        self._output.seek(0)
        words = self._output.read().decode(errors="replace").splitlines()[-15:]
        return Broken("\n    ".join([f"{self._process.args!r} {what}:", *words]))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _environment(program: Program, port: int) -> dict[str, str]:
    """As clean as in a container; bytecode is written, whatever this shell says, so that both sides have theirs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    python_path = os.pathsep.join(map(str, program.python_path))
    return {**kept, "PYTHONPATH": python_path, "PORT": str(port), **program.environment}


def _wait_until_refused(port: int) -> None:
    """A process that is not spawned by us but by what we killed may need a moment to let go of the port."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
        except ConnectionRefusedError:
            return
        except OSError:
            pass
        time.sleep(0.002)
    raise Broken(f"port {port} was still open {PATIENCE:g} s after its process was killed")


def _below(pid: int) -> Iterator[int]:
    """A process that ends meanwhile has none."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in map(int, children.split()):
        yield child
        yield from _below(child)
