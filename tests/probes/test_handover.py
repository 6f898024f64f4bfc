"""The hand-over: one socket from the first probe to the last request."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections import Counter

import pytest

from tests.boot import PATIENCE, request
from tests.conftest import BootModule

BOOTS = 100
PARALLEL = 2


class Visitor(threading.Thread):
    """Connects and asks for `/health` again and again, each time on a new connection, until told to stop.

    What happens before the first connection is accepted is not counted; afterwards everything is.
    """

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.stopping = threading.Event()
        self.faults: Counter[str] = Counter()
        self.statuses: list[int] = []
        self.ready = threading.Event()

    def run(self) -> None:
        """Visit until `stopping` is set."""
        while not self.stopping.is_set():
            self._visit()

    def _visit(self) -> None:
        connected = False
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connected = True
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: airlock\r\nConnection: close\r\n\r\n")
                answer = b""
                while chunk := connection.recv(65536):
                    answer += chunk
        except OSError as error:
            if self.statuses or connected:
                self.faults[errno.errorcode.get(error.errno or 0, str(error))] += 1
            return
        if not answer.startswith(b"HTTP/1.1 "):
            self.faults["unanswered"] += 1
            return
        self.statuses.append(int(answer[9:12]))
        if self.statuses[-1] == 200:
            self.ready.set()


@pytest.fixture
def reserved_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.timeout(300)
def test_a_hundred_boots_refuse_reset_and_forget_nobody(boot: BootModule, reserved_port: int) -> None:
    """Under clients that connect from before the bind on, no connection is lost and readiness never lies."""
    for number in range(BOOTS):
        visitors = [Visitor(reserved_port) for _ in range(PARALLEL)]
        for visitor in visitors:
            visitor.start()
        with boot({"PORT": str(reserved_port)}) as process:
            process.wait_ready()
            for visitor in visitors:
                assert visitor.ready.wait(PATIENCE), f"boot {number}: never ready: {visitor.statuses[-3:]}"
            seen_ready = [len(visitor.statuses) for visitor in visitors]
            while any(
                len(v.statuses) < seen + 5 and v.is_alive() for v, seen in zip(visitors, seen_ready, strict=True)
            ):
                assert process.process.poll() is None, process.output
            for visitor in visitors:
                visitor.stopping.set()
                visitor.join(PATIENCE)
        for visitor in visitors:
            assert not visitor.faults, f"boot {number}: {visitor.faults}"
            assert set(visitor.statuses) <= {200, 503}
            assert 503 in visitor.statuses
            first_ready = visitor.statuses.index(200)
            assert set(visitor.statuses[first_ready:]) == {200}, f"boot {number}: not ready after ready"


def test_what_waits_in_the_queue_is_served_by_the_application(boot: BootModule) -> None:
    """A connection made during the boot whose request comes after it is answered truthfully, not dropped."""
    with boot() as process, socket.create_connection(("127.0.0.1", process.port), timeout=PATIENCE) as early:
        process.wait_ready()
        early.sendall(b"GET /health HTTP/1.1\r\nHost: airlock\r\n\r\n")
        assert early.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_an_early_connection_is_not_told_ready_when_new_ones_are_not(boot: BootModule) -> None:
    """What the gate still answers after the hand-over agrees with what the application would say."""
    indicator = {"name": "database", "call": "routed:follows_a_file", "critical": True}
    with (
        boot({"INDICATOR_FILE": "/nowhere/at/all"}, app="routed:app", indicators=(indicator,)) as process,
        socket.create_connection(("127.0.0.1", process.port), timeout=PATIENCE) as early,
    ):
        process.wait_ready()
        early.sendall(b"GET /health HTTP/1.1\r\nHost: airlock\r\n\r\n")
        assert early.recv(65536).startswith(b"HTTP/1.1 503 ")
        assert process.get("/health").status == 503


def test_the_gate_keeps_no_copy_of_the_listening_socket(boot: BootModule) -> None:
    """After the hand-over the listening socket is open in the child alone."""
    with boot() as process:
        process.wait_ready()
        gate = process.process.pid
        (child,) = map(int, _read(f"/proc/{gate}/task/{gate}/children").split())
        inodes = {line.split()[9] for line in _read("/proc/net/tcp6").splitlines()[1:] if _listens(line, process.port)}
        assert len(inodes) == 1
        assert not inodes & _sockets(gate)
        assert inodes <= _sockets(child)


def test_both_doors_open_on_the_management_port_too(boot: BootModule, reserved_port: int) -> None:
    """With MANAGEMENT_PORT the probes' paths are there before and after, and `/metrics` is only there."""
    with boot({"MANAGEMENT_PORT": str(reserved_port)}) as process:
        process.wait_ready()
        traffic, management = process.port, reserved_port
        for port in (traffic, management):
            assert request(port, "GET", "/health").status == 200
            assert request(port, "GET", "/healthz").status == 200
        assert b"airlock_state" in request(management, "GET", "/metrics").body
        assert request(traffic, "GET", "/metrics").body == b"hello from the application"
        assert request(management, "GET", "/").status == 404
        assert request(traffic, "GET", "/").body == b"hello from the application"


def _listens(line: str, port: int) -> bool:
    fields = line.split()
    return fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port


def _sockets(pid: int) -> set[str]:
    targets = []
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            targets.append(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
        except FileNotFoundError:
            continue
    return {target.removeprefix("socket:[").rstrip("]") for target in targets if target.startswith("socket:[")}


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()
