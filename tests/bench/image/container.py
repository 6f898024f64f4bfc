"""Starts a container, asks it from the first moment, and ends it without a trace."""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.image.engine import docker
from tests.bench.image.execs import Execs
from tests.bench.processes import PATIENCE, Broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.image.bridge import Bridge
    from tests.bench.image.images import Side

PORT = 8000
EAGER = 0.001
"""Seconds between two attempts before the first answer, and those that a connection on this machine may take."""
STEADY = 0.005
"""Seconds between two attempts after it: asked every millisecond, the boot that answers is slower."""


class Boot(NamedTuple):
    """A container that is ready; on the monotonic clock when it was asked for, ran, answered first, and was ready."""

    pid: int
    asked: float
    ran: float
    first: float
    ready: float


@contextmanager
def run(side: Side, bridge: Bridge) -> Iterator[Boot]:
    """`docker run`."""
    with _boot(["run", "--detach", *bridge.options, side.image], side, bridge) as boot:
        yield boot


@contextmanager
def start(side: Side, bridge: Bridge) -> Iterator[Boot]:
    """`docker start` of a container that is there."""
    docker("create", *bridge.options, side.image)
    with _boot(["start", bridge.container], side, bridge) as boot:
        yield boot


@contextmanager
def _boot(command: list[str], side: Side, bridge: Bridge) -> Iterator[Boot]:
    with Execs() as execs:
        asked = time.monotonic()
        with subprocess.Popen(
            ["docker", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as client:
            first, ready = _watch(bridge.address, side.path, asked + PATIENCE)
            _, errors = client.communicate()
        try:
            if client.returncode:
                raise Broken(f"`docker {' '.join(command)}` ended with status {client.returncode}: {errors.strip()}")
            if ready is None or first is None:
                raise _broken(side, bridge.container)
            pid = int(docker("inspect", "--format", "{{.State.Pid}}", bridge.container))
            yield Boot(pid, asked, execs.of(pid, first), first, ready)
        finally:  # unchecked, because after a failure there may be nothing to remove
            subprocess.run(["docker", "rm", "--force", "--volumes", bridge.container], capture_output=True)


def _broken(side: Side, container: str) -> Broken:
    state = json.loads(docker("inspect", "--format", "{{json .State}}", container))
    ended = subprocess.run(["docker", "logs", "--tail", "15", container], capture_output=True, text=True)
    words = (ended.stdout + ended.stderr).splitlines()
    what = f"{side.image} ({state['Status']}, exit status {state['ExitCode']}) was not ready within {PATIENCE:g} s:"
    return Broken("\n    ".join([what, *words]))


def _watch(address: str, path: str, deadline: float) -> tuple[float | None, float | None]:
    """When `GET path` was answered first, and when with 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode()
    first = None
    while time.monotonic() < deadline:
        status = _ask(address, request)
        now = time.monotonic()
        if status is not None:
            first = first or now
        if status == 200:
            return first, now
        time.sleep(STEADY if first else EAGER)
    return first, None


def _ask(address: str, request: bytes) -> int | None:
    """The status of an answer; None when there is no network yet, nobody who listens, or nothing that is HTTP."""
    with socket.socket() as connection, selectors.DefaultSelector() as selector:
        connection.setblocking(False)
        connection.connect_ex((address, PORT))
        selector.register(connection, selectors.EVENT_WRITE)
        if not selector.select(EAGER):
            return None
        connection.settimeout(PATIENCE)
        try:
            connection.sendall(request)
            head = connection.recv(4096)
        except OSError:
            return None
    return int(head[9:12]) if head.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")) else None
