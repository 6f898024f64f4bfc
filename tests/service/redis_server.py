"""A real Redis server that tests start, kill, freeze and start again on the same port."""

from __future__ import annotations

import shutil
import signal
import subprocess
import uuid
from typing import Self

import pytest

from tests.service.process import free_port

IMAGE = "redis:8"
BINARY = shutil.which("redis-server")
MARKS = [] if BINARY else [pytest.mark.docker]
"""For tests that use a server: without the program on PATH it runs in a container."""


class RedisServer:
    """A server on `port` of this machine, with the `options` of redis-server; as a context manager it is left dead."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self._options = ("--save", "", *options)
        self._name = ""
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def url(self, user: str = "") -> str:
        """Where it is, or will be again."""
        return f"redis://{user}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it accepts connections."""
        if BINARY:
            command = [BINARY, "--port", str(self.port), "--bind", "127.0.0.1"]
        else:
            self._name = f"airlock-test-{uuid.uuid4().hex}"
            command = ["docker", "run", "--rm", "--name", self._name, "-p", f"127.0.0.1:{self.port}:6379", IMAGE]
        self._process = subprocess.Popen(
            [*command, *self._options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if "Ready to accept connections" in line:
                return
        raise AssertionError(f"Redis has not started:\n{''.join(lines)}")

    def kill(self) -> None:
        """SIGKILL; returns when its port is free."""
        if self._process is not None:
            self._send(signal.SIGKILL)
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Have it accept connections, as the kernel does for it, and answer nothing."""
        self._send(signal.SIGSTOP)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        if BINARY:
            self._process.send_signal(number)
        else:
            subprocess.run(["docker", "kill", "--signal", number.name, self._name], capture_output=True)
