"""The end of a container: `docker stop` drains and ends within the grace period, and PID 1 leaves nothing behind."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import socketio
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.boot import PATIENCE
from tests.image.browser import Browser
from tests.image.containers import Container
from tests.probes.proc import eventually
from tests.service.engine import run_client

ENGINE = 2.0
"""Seconds that the engine itself may take to end a container, on a busy machine."""
WORKER = 2.0
"""Seconds between two looks of DBOS whether its work is done, and what its threads need."""
HELLO = b"hello from the application"


def test_docker_stop_lets_requests_finish_and_sends_websockets_away(image: str, tmp_path: Path) -> None:
    """A running request gets its whole answer and websockets close code 1012; then the status is 0 at once."""
    with Container(image, tmp_path, {}, {"GRACE_PERIOD": "20"}) as container:
        container.ready()
        with websocket(container) as socket, running(container, "/slow/2") as request:
            seconds = stop(container)
            assert request.getresponse().read() == HELLO
            assert close_code(socket) == 1012
        assert container.inspect("State", "ExitCode") == 0
        assert seconds < 2 + ENGINE
        for words in ("websocket disconnected with 1012", "lifespan shutdown ran", "drained in "):
            assert words in container.output
        assert "cut off" not in container.output


def test_docker_stop_lets_live_clients_go(image: str) -> None:
    """Socket.IO clients of the service, over either transport, do not hold up the end."""

    async def scenario() -> float:
        async with Browser(container.url, "websocket") as one, Browser(container.url, "polling") as two:
            seconds = await asyncio.to_thread(stop, container)
            for browser in (one, two):
                with pytest.raises(socketio.exceptions.DisconnectedError):
                    await browser.hears("nothing that is sent")
            return seconds

    with Container(image, env={"GRACE_PERIOD": "20"}) as container:
        container.ready()
        assert run_client(scenario()) < WORKER + ENGINE
        assert container.inspect("State", "ExitCode") == 0
        assert "cut off" not in container.output


def test_the_grace_period_is_a_deadline(image: str, tmp_path: Path) -> None:
    """What takes longer is cut off and named; the status is 0 all the same, and `docker stop` has not to kill."""
    with Container(image, tmp_path, {}, {"GRACE_PERIOD": "2"}) as container:
        container.ready()
        with running(container, "/slow/20") as request:
            assert stop(container) < 2 + ENGINE
            assert request.getresponse().status >= 500
        assert container.inspect("State", "ExitCode") == 0
        assert "cut off after 2 s of grace: 1 request (GET /slow/20)" in container.output
        assert "lifespan shutdown ran" in container.output


def test_a_limit_of_processes_does_not_keep_it_from_draining(image: str, tmp_path: Path) -> None:
    """Where not even a thread can be started the drain runs all the same."""
    with Container(image, tmp_path, {}, pids_limit=2) as container:
        container.ready()
        assert stop(container) < ENGINE
        assert container.inspect("State", "ExitCode") == 0
        assert "can't start new thread" in container.output
        assert "lifespan shutdown ran" in container.output


def test_a_second_signal_ends_the_container_at_once(image: str, tmp_path: Path) -> None:
    """Whoever asks twice does not want to wait, and the status is the signal's."""
    with Container(image, tmp_path, {}, {"GRACE_PERIOD": "60"}) as container:
        container.ready()
        with running(container, "/slow/50"):
            container.signal("SIGTERM")
            container.wait_for("draining")
            began = time.monotonic()
            container.signal("SIGTERM")
            assert container.wait() == 143
            assert time.monotonic() - began < ENGINE


def test_docker_stop_ends_a_boot_at_once(image: str, tmp_path: Path) -> None:
    """An import that hangs is not waited for."""
    with Container(image, tmp_path, {"critical_imports": ["hangs"]}) as container:
        container.wait_for("hanging")
        assert stop(container) < ENGINE
        assert container.inspect("State", "ExitCode") == 0
        assert "SIGTERM during the boot: stopped" in container.output


def test_pid_1_reaps_what_the_application_daemonised(image: str, tmp_path: Path) -> None:
    """Orphans become the gate's; when they end none stays as a zombie, and those that live on don't hold up the end."""
    with Container(image, tmp_path, {"app": "processes:app"}) as container:
        container.ready()
        assert len(container.processes()) == 2
        container.get("/orphans/10")
        assert len(container.processes()) == 12
        container.get("/release/all")
        eventually(lambda: len(container.processes()) == 2)
        container.get("/orphans/3")
        assert len(container.processes()) == 5
        assert stop(container) < ENGINE
        assert container.inspect("State", "ExitCode") == 0


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/kill/9", 137, "the service was killed by SIGKILL (killed from outside)"),
        ("/kill/11", 139, "the service was killed by SIGSEGV (segmentation fault)"),
        ("/exit/7", 7, "the service ended with exit status 7"),
    ],
)
def test_the_container_ends_as_the_service_ends(path: str, status: int, words: str, image: str, tmp_path: Path) -> None:
    """Its status is the service's, or 128+N for signal N; the log and the termination log say why."""
    log = tmp_path / "termination-log"
    log.touch()
    log.chmod(0o666)
    container = Container(image, tmp_path, {"app": "processes:app"})
    with container.with_volume_mapping(log, "/dev/termination-log", "rw"):
        container.ready()
        with pytest.raises((OSError, http.client.HTTPException)):
            container.get(path)
        assert container.wait() == status
        assert f"[BOOT] {words}\n" in container.output
    assert log.read_text() == words


def stop(container: Container) -> float:
    """The seconds that `docker stop` takes; with the engine's SIGKILL out of reach."""
    began = time.monotonic()
    container.get_wrapped_container().stop(timeout=50)
    return time.monotonic() - began


@contextmanager
def running(container: Container, path: str) -> Iterator[http.client.HTTPConnection]:
    """A request that the application has begun to answer."""
    connection = http.client.HTTPConnection(container.get_container_host_ip(), container.host_port, timeout=PATIENCE)
    connection.request("GET", path)
    try:
        container.wait_for("request began")
        yield connection
    finally:
        connection.close()


@contextmanager
def websocket(container: Container) -> Iterator[ClientConnection]:
    """A websocket that the application has accepted."""
    with connect(container.url.replace("http", "ws", 1) + "/ws") as connection:
        connection.send("hello")
        assert connection.recv(PATIENCE) == "hello"
        yield connection


def close_code(connection: ClientConnection) -> int | None:
    """The code that the server closes a websocket with."""
    with pytest.raises(ConnectionClosed) as closed:
        connection.recv(PATIENCE)
    return closed.value.rcvd.code if closed.value.rcvd else None
