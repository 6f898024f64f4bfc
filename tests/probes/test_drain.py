"""The drain: whatever the clients do, the instance leaves the rotation, lets everybody finish or go, and ends."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
import socketio
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.boot import PATIENCE, Boot, request
from tests.conftest import BootModule, WriteModule
from tests.probes.proc import children, eventually

GRACE = "4"


@pytest.fixture(params=["this Python", "another Python"])
def python(request: pytest.FixtureRequest) -> str:
    """The whole drain is tested on both sides of Python 3.12."""
    if request.param == "this Python":
        return sys.executable
    found: str = request.getfixturevalue("another_python")
    return found


def open_request(process: Boot, path: str, *, keep_alive: bool = False) -> socket.socket:
    """A connection on which a request was sent; `keep_alive` reads the response of a first one before."""
    connection = socket.create_connection(("127.0.0.1", process.port), timeout=PATIENCE)
    if keep_alive:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: airlock\r\n\r\n")
        read_response(connection)
    if path:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: airlock\r\n\r\n".encode())
    return connection


def read_response(connection: socket.socket) -> bytes:
    """A chunked response, whole; less if the connection ends first."""
    data = b""
    while not data.endswith(b"0\r\n\r\n"):
        chunk = connection.recv(65536)
        if not chunk:
            break
        data += chunk
    return data


def samples(management: int) -> dict[str, str]:
    """What the management port's metrics say, by name and labels."""
    text = request(management, "GET", "/metrics").body.decode()
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def is_refused(port: int) -> bool:
    """Whether nobody accepts connections there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def drained(process: Boot, *, within: float) -> str:
    """The output of a process that must end cleanly within so many seconds of now."""
    began = time.monotonic()
    assert process.wait() == 0, process.output
    assert time.monotonic() - began < within
    assert "lifespan shutdown ran" in process.output
    return process.output


def test_readiness_says_draining_while_traffic_goes_on(boot: BootModule) -> None:
    """For DRAIN_DELAY seconds `/health` is 503 and `/healthz` 200, and the application answers with close."""
    with boot({"DRAIN_DELAY": "2", "GRACE_PERIOD": "6"}) as process:
        process.wait_ready()
        process.signal()
        process.wait_for("draining")
        health = process.get("/health")
        assert health.status == 503
        assert health.json()["status"] == "draining"
        assert process.get("/healthz").status == 200
        assert 'airlock_state{state="draining"} 1.0' in process.get("/metrics").body.decode()
        reply = process.get("/")
        assert reply.status == 200
        assert reply.fields["connection"] == "close"
        drained(process, within=6)


def test_idle_keep_alive_connections_do_not_hold_up_the_end(boot: BootModule) -> None:
    """A connection that has had its answer and says nothing more is closed at once."""
    with boot({"GRACE_PERIOD": GRACE}) as process:
        process.wait_ready()
        with open_request(process, "", keep_alive=True) as idle:
            process.signal()
            assert idle.recv(1) == b""
            drained(process, within=2)


def test_a_connection_without_a_request_does_not_hold_up_the_end(boot: BootModule) -> None:
    """Neither silence nor half a request head keeps the process alive."""
    with boot({"GRACE_PERIOD": GRACE}) as process:
        process.wait_ready()
        with open_request(process, "") as silent, open_request(process, "") as half:
            half.sendall(b"GET / HTTP/1.1\r\nHost:")
            process.get("/")
            process.signal()
            drained(process, within=2)
            assert silent.recv(1) == b""


@pytest.mark.parametrize("path", ["/slow/2", "/stream/20"])
def test_requests_in_flight_finish(path: str, boot: BootModule) -> None:
    """A slow request and a streaming response arrive whole, and the process ends right after them."""
    with boot({"GRACE_PERIOD": "10"}) as process:
        process.wait_ready()
        with open_request(process, path) as connection:
            first = b"" if path.startswith("/slow") else connection.recv(65536)
            if not first:
                process.wait_for("request began")
            process.signal()
            assert (first + read_response(connection)).endswith(b"hello from the application\r\n0\r\n\r\n")
            drained(process, within=3)


@pytest.mark.parametrize("path", ["/slow/8", "/stream/80"])
def test_requests_that_outlast_the_grace_period_are_cut_off_and_named(path: str, boot: BootModule) -> None:
    """The deadline is hard, the exit status 0, the lifespan still ends, and the log says what was cut off."""
    with boot({"GRACE_PERIOD": "2"}) as process:
        process.wait_ready()
        with open_request(process, path) as connection:
            if path.startswith("/slow"):
                process.wait_for("request began")
            else:
                connection.recv(1)
            process.signal()
            output = drained(process, within=2.2)
            head = read_response(connection).lower().split(b"\r\n")
    assert f"cut off after 2 s of grace: 1 request (GET {path})" in output
    if path.startswith("/slow"):
        assert head[0] == b"http/1.1 500 "
        assert head.count(b"connection: close") == 1
        assert any(field.startswith(b"x-request-id: ") for field in head)


def test_a_client_that_reads_nothing_is_cut_off(boot: BootModule) -> None:
    """A response that nobody takes ends with the grace period."""
    with boot({"GRACE_PERIOD": "2"}) as process:
        process.wait_ready()
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", process.port))
            deaf.sendall(b"GET /flood HTTP/1.1\r\nHost: airlock\r\n\r\n")
            process.wait_for("flooding")
            process.signal()
            output = drained(process, within=2.2)
    assert "cut off after 2 s of grace: 1 request (GET /flood)" in output


def test_websockets_are_closed_with_service_restart(boot: BootModule) -> None:
    """A client gets close code 1012, the application its disconnect, and the process ends."""
    with boot({"GRACE_PERIOD": GRACE}) as process:
        process.wait_ready()
        with connect(f"ws://127.0.0.1:{process.port}/ws") as websocket:
            websocket.send("hello")
            assert websocket.recv(PATIENCE) == "hello"
            process.signal()
            with pytest.raises(ConnectionClosed) as closed:
                websocket.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        output = drained(process, within=2)
    assert "websocket disconnected with 1012" in output


def test_mute_websockets_are_freed(boot: BootModule) -> None:
    """A peer that never answers the close does not hold up the end."""
    with boot({"GRACE_PERIOD": GRACE}) as process:
        process.wait_ready()
        with socket.create_connection(("127.0.0.1", process.port), timeout=PATIENCE) as mute:
            mute.sendall(
                b"GET /ws HTTP/1.1\r\nHost: airlock\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            assert b"101" in mute.recv(4096)
            process.signal()
            output = drained(process, within=2)
    assert "websocket disconnected with 1012" in output


def test_the_management_port_does_not_keep_websockets_waiting(boot: BootModule) -> None:
    """With two listening sockets the drain is the same."""
    with boot({"GRACE_PERIOD": "8", "MANAGEMENT_PORT": "0"}) as process:
        process.wait_ready()
        with connect(f"ws://127.0.0.1:{process.port}/ws") as websocket:
            websocket.send("hello")
            websocket.recv(PATIENCE)
            process.signal()
            with pytest.raises(ConnectionClosed) as closed:
                websocket.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        drained(process, within=3)


def test_the_management_port_answers_until_the_process_ends(boot: BootModule) -> None:
    """When the traffic port is closed, it still says what is being waited for, and for how long yet."""
    with boot({"GRACE_PERIOD": "10", "MANAGEMENT_PORT": "0"}) as process:
        process.wait_ready()
        management = process.management_port
        assert {"airlock_drain_seconds_left": "+Inf", 'airlock_in_flight{kind="request"}': "0.0"}.items() <= (
            samples(management).items()
        )
        with open_request(process, "/slow/2") as connection:
            process.wait_for("request began")
            process.signal()
            eventually(lambda: is_refused(process.port))
            assert request(management, "GET", "/healthz").status == 200
            health = request(management, "GET", "/health")
            assert (health.status, health.json()["status"]) == (503, "draining")
            seen = samples(management)
            assert seen['airlock_in_flight{kind="request"}'] == "1.0"
            assert 5 < float(seen["airlock_drain_seconds_left"]) < 8.1
            assert read_response(connection).endswith(b"hello from the application\r\n0\r\n\r\n")
        drained(process, within=3)


def test_what_was_cut_off_is_counted_while_the_application_shuts_down(
    boot: BootModule, write_module: WriteModule
) -> None:
    """Until the very end the management port has the number of requests and websockets that did not finish."""
    write_module(
        "lingers",
        """
        import asyncio
        from plain import app as plain

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await asyncio.sleep(1)
                print("lifespan shutdown ran", flush=True)
                await send({"type": "lifespan.shutdown.complete"})
            else:
                await plain(scope, receive, send)
        """,
    )
    with boot({"GRACE_PERIOD": "10", "MANAGEMENT_PORT": "0"}, app="lingers:app") as process:
        process.wait_ready()
        management = process.management_port
        assert samples(management)['airlock_cut_off_total{kind="request"}'] == "0.0"
        with open_request(process, "/slow/20"):
            process.wait_for("request began")
            process.signal()
            process.wait_for("cut off after")
            seen = samples(management)
            assert seen['airlock_cut_off_total{kind="request"}'] == "1.0"
            assert seen['airlock_cut_off_total{kind="websocket"}'] == "0.0"
            assert seen["airlock_drain_seconds_left"] == "0.0"
            drained(process, within=2)


def test_clients_of_the_management_port_do_not_hold_up_the_end(boot: BootModule) -> None:
    """Neither one that is silent, nor one that keeps its connection, nor one that stops within a request."""
    with boot({"GRACE_PERIOD": GRACE, "MANAGEMENT_PORT": "0"}) as process:
        process.wait_ready()
        addresses = [("127.0.0.1", process.management_port)] * 3
        silent, kept, half = (socket.create_connection(address, timeout=PATIENCE) for address in addresses)
        with silent, kept, half:
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: airlock\r\n\r\n")
            assert kept.recv(4096).startswith(b"HTTP/1.1 200")
            half.sendall(b"POST /healthz HTTP/1.1\r\nHost: airlock\r\nContent-Length: 5\r\n\r\n")
            process.signal()
            drained(process, within=2)


def test_a_signal_to_every_process_is_one_signal(boot: BootModule) -> None:
    """Supervisors that signal gate and child both start one drain; requests in flight still finish."""
    with boot({"GRACE_PERIOD": "10"}) as process:
        process.wait_ready()
        with open_request(process, "/slow/1") as connection:
            process.wait_for("request began")
            (child,) = children(process.process.pid)
            process.signal()
            os.kill(child, signal.SIGTERM)
            assert read_response(connection).endswith(b"hello from the application\r\n0\r\n\r\n")
        drained(process, within=3)


def test_a_blocked_event_loop_does_not_outlive_the_grace_period(boot: BootModule) -> None:
    """A handler that blocks the loop is cut off from a thread, with the stack of the place that blocks."""
    with boot({"GRACE_PERIOD": "2"}) as process:
        process.wait_ready()
        with open_request(process, "/block/30"):
            process.wait_for("blocking")
            process.signal()
            began = time.monotonic()
            assert process.wait() in (0, 137)
            assert time.monotonic() - began < 3


def test_a_second_signal_ends_everything_at_once(boot: BootModule) -> None:
    """Whoever asks twice does not want to wait: the status is that of the signal."""
    with boot({"GRACE_PERIOD": "30"}) as process:
        process.wait_ready()
        with open_request(process, "/slow/20"):
            process.wait_for("request began")
            process.signal()
            process.wait_for("draining")
            began = time.monotonic()
            process.signal()
            assert process.wait() == 143
            assert time.monotonic() - began < 2


def test_a_lifespan_shutdown_that_fails_is_told_by_the_exit_status(boot: BootModule, tmp_path: Path) -> None:
    """Clients cut off are no failure of the service; its own shutdown that raises or hangs is: status 1."""
    for number, (last, words) in enumerate(
        [("raise OSError('disk full')", "disk full"), ("await asyncio.sleep(60)", "did not finish in time")]
    ):
        name = f"leaver{number}"
        (tmp_path / f"{name}.py").write_text(
            "import asyncio\nasync def app(scope, receive, send):\n"
            "    await receive()\n    await send({'type': 'lifespan.startup.complete'})\n    await receive()\n"
            f"    {last}\n"
        )
        with boot({"GRACE_PERIOD": "5"}, app=f"{name}:app") as process:
            process.wait_ready()
            process.signal()
            assert process.wait() == 1
            assert words in process.output


async def _socketio_clients(port: int, count: int, transport: str) -> tuple[list[socketio.AsyncClient], asyncio.Event]:
    gone = asyncio.Event()
    left = 0

    async def connected() -> socketio.AsyncClient:
        nonlocal left
        client = socketio.AsyncClient(reconnection=True, reconnection_delay=0.1, reconnection_delay_max=0.5)

        async def disconnected(*_: object) -> None:
            nonlocal left
            left += 1
            if left == count:
                gone.set()

        client.on("disconnect", disconnected)
        await client.connect(f"http://127.0.0.1:{port}", transports=[transport])
        return client

    return list(await asyncio.gather(*(connected() for _ in range(count)))), gone


@pytest.mark.parametrize(("transport", "count"), [("websocket", 200), ("polling", 20)])
def test_socketio_clients_come_back_to_the_next_instance(transport: str, count: int, boot: BootModule) -> None:
    """Every client leaves at once, and connects again by itself where the next instance listens."""

    async def scenario(port: int, first: Boot) -> None:
        clients, gone = await _socketio_clients(port, count, transport)
        first.signal()
        await asyncio.wait_for(gone.wait(), PATIENCE)
        status = await asyncio.to_thread(first.wait)
        assert status == 0, first.output
        with boot({"PORT": str(port)}, app="live:app") as second:
            await asyncio.to_thread(second.wait_ready)
            async with asyncio.timeout(PATIENCE):
                for client in clients:
                    while not client.connected:
                        await asyncio.sleep(0.05)
            await asyncio.gather(*(client.eio.disconnect(abort=True) for client in clients))

    with boot({"GRACE_PERIOD": "8"}, app="live:app") as process:
        process.wait_ready()
        asyncio.run(scenario(process.port, process))
        assert "cut off" not in process.output
