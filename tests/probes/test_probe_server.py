"""The probe server under what the internet sends to an open port, while an application hangs in its import."""

from __future__ import annotations

import os
import resource
import select
import selectors
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.boot import PATIENCE, Boot, request
from tests.conftest import BootModule, WriteModule
from tests.probes.clients import GET, HOSTILE, PROMPT, connect, probed_promptly, read_to_end, status_of
from tests.probes.proc import descriptors, eventually, processor_seconds

ENDS_WITHIN = 2.0  # seconds in which every client gets a status or a close
MANY_DESCRIPTORS = 6000


@pytest.fixture
def hanging(boot: BootModule) -> Iterator[Boot]:
    """A gate whose application hangs in its import."""
    with boot(critical_imports=["hangs"]) as process:
        process.wait_for("hanging")
        yield process
        assert process.process.poll() is None, process.output


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Room for thousands of connections in this process and those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY_DESCRIPTORS), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("client", HOSTILE)
def test_whatever_is_sent_gets_a_status_and_a_close(client: str, hanging: Boot) -> None:
    """Exactly one response with the right status, then the end, within two seconds."""
    data, status = HOSTILE[client]
    with probed_promptly(hanging), connect(hanging) as connection:
        began = time.monotonic()
        connection.sendall(data)
        assert status_of(read_to_end(connection)) == status
        assert time.monotonic() - began < ENDS_WITHIN


@pytest.mark.parametrize(("data", "status"), [(GET, 200), (b"", None), (GET[:20], None)])
def test_a_half_closed_client_is_answered_or_let_go(data: bytes, status: int | None, hanging: Boot) -> None:
    """A client that has closed its side still gets its answer; one that asked nothing gets the end."""
    with probed_promptly(hanging), connect(hanging) as connection:
        began = time.monotonic()
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = read_to_end(connection)
        assert status_of(answer) == status if status else answer[9:12] in (b"", b"408")
        assert time.monotonic() - began < ENDS_WITHIN


def test_a_client_that_sends_one_byte_a_second_is_told_that_time_is_up(hanging: Boot) -> None:
    """Slowness is no way to keep a connection: 408 and the end."""
    with probed_promptly(hanging), connect(hanging) as connection:
        began = time.monotonic()
        for byte in GET:
            connection.sendall(bytes([byte]))
            if select.select([connection], [], [], 1.0)[0]:
                break
        assert status_of(read_to_end(connection)) == 408
        assert time.monotonic() - began < ENDS_WITHIN


def test_a_client_that_never_reads_is_cut_off(boot: BootModule) -> None:
    """An answer that does not fit into the buffers, and that nobody takes, ends with its connection."""
    with boot(checks=[f"waits_loudly:check{number}" for number in range(60)]) as process:
        process.wait_for("waits_loudly:check59: loud")
        with probed_promptly(process), connect(process, receive_buffer=4096) as deaf:
            began = time.monotonic()
            deaf.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            reset = select.poll()
            reset.register(deaf, select.POLLHUP | select.POLLERR)
            with suppress(ConnectionError):
                while not reset.poll(50):  # once the other side has closed, what is sent to it causes a reset
                    deaf.send(b"x")
            assert time.monotonic() - began < ENDS_WITHIN


def test_a_half_closed_client_gets_the_whole_of_a_long_answer(boot: BootModule) -> None:
    """Closing one's own side says nothing about reading: the answer is not cut short."""
    with boot(checks=[f"waits_loudly:check{number}" for number in range(60)]) as process:
        process.wait_for("waits_loudly:check59: loud")
        with probed_promptly(process), connect(process, receive_buffer=4096) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            connection.shutdown(socket.SHUT_WR)
            head, _, body = read_to_end(connection).partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}\r\n".encode() in head
        assert body.endswith(b"}")


def test_a_half_closed_client_that_never_reads_costs_no_processor_time(boot: BootModule) -> None:
    """Until its time is up the gate waits for it in the selector, not in a loop."""
    with boot(checks=[f"waits_loudly:check{number}" for number in range(60)]) as process:
        process.wait_for("waits_loudly:check59: loud")
        gate = process.process.pid
        doors = descriptors(gate, "socket")
        with connect(process, receive_buffer=4096) as deaf:
            before = processor_seconds(gate)
            deaf.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            deaf.shutdown(socket.SHUT_WR)
            eventually(lambda: descriptors(gate, "socket") > doors)
            eventually(lambda: descriptors(gate, "socket") == doors)
            assert processor_seconds(gate) - before < ENDS_WITHIN / 4


@pytest.mark.usefixtures("many_descriptors")
def test_five_thousand_idle_connections_end_and_delay_nobody(hanging: Boot) -> None:
    """Each is told that its time is up; the oldest make room for the next."""
    with probed_promptly(hanging), ExitStack() as crowd, selectors.DefaultSelector() as open_ones:
        for _ in range(5000):
            open_ones.register(crowd.enter_context(connect(hanging)), selectors.EVENT_READ)
        deadline = time.monotonic() + ENDS_WITHIN
        statuses = []
        while open_ones.get_map() and time.monotonic() < deadline + PATIENCE:
            for key, _ in open_ones.select(PATIENCE):
                assert isinstance(key.fileobj, socket.socket)
                open_ones.unregister(key.fileobj)
                statuses.append(status_of(read_to_end(key.fileobj)))
        assert time.monotonic() < deadline + PROMPT
        assert statuses == [408] * 5000


@pytest.fixture
def short_of_descriptors(tmp_path: Path) -> Iterator[Boot]:
    """A gate that may have 64 descriptors open, and whose application hangs in its import."""
    contract = {"app": "plain:app", "critical_imports": ["hangs"]}
    prefix = ("sh", "-c", 'ulimit -n 64 && exec "$@"', "sh")
    with Boot(contract, folder=tmp_path, prefix=prefix) as process:
        process.wait_for("hanging")
        yield process
        assert process.process.poll() is None, process.output


def test_few_descriptors_are_enough(short_of_descriptors: Boot) -> None:
    """With `ulimit -n 64` it survives 500 connections at a time, and answers between them."""
    with ExitStack() as crowd:
        idle = []
        for _ in range(50):
            idle += [crowd.enter_context(connect(short_of_descriptors)) for _ in range(10)]
            began = time.monotonic()
            assert short_of_descriptors.get("/healthz").status == 200, short_of_descriptors.output
            assert time.monotonic() - began < PROMPT
        assert {status_of(read_to_end(connection)) for connection in idle} == {408}


def test_connections_that_speak_as_they_make_room_are_no_trouble(short_of_descriptors: Boot) -> None:
    """New connections and bytes on the oldest ones that arrive at the same moment are served in either order."""
    process = short_of_descriptors
    for _ in range(10):  # the moment is missed when the gate is stopped while it accepts
        with ExitStack() as crowd:
            old = [crowd.enter_context(connect(process)) for _ in range(64)]
            assert process.get("/healthz").status == 200, process.output  # so those before have been accepted
            process.signal(signal.SIGSTOP)
            os.waitpid(process.process.pid, os.WUNTRACED)
            for _ in range(300):
                crowd.enter_context(connect(process))
            for connection in old:
                with suppress(ConnectionError):  # it has made room already
                    connection.sendall(GET)
            process.signal(signal.SIGCONT)
            assert process.get("/healthz").status == 200, process.output


STARTING = [
    ("GET", "/healthz", 200), ("HEAD", "/healthz", 200), ("POST", "/healthz", 405),
    ("GET", "/health", 503), ("HEAD", "/health", 503), ("PUT", "/health", 405), ("GET", "/health?verbose", 503),
    ("GET", "/metrics", 200), ("HEAD", "/metrics", 200), ("DELETE", "/metrics", 405),
    ("GET", "/", 503), ("HEAD", "/", 503), ("POST", "/api", 503), ("OPTIONS", "*", 503), ("GET", "/health/", 503),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "status"), STARTING)
def test_every_path_has_its_answer_while_starting(method: str, target: str, status: int, hanging: Boot) -> None:
    """The table of states: liveness 200, readiness 503, metrics 200, anything else 503 to be tried again."""
    reply = request(hanging.port, method, target)
    assert reply.status == status
    path = target.partition("?")[0]
    assert reply.fields.get("allow") == ("GET, HEAD" if status == 405 else None)
    assert reply.fields.get("retry-after") == (None if path in ("/healthz", "/health", "/metrics") else "1")
    assert reply.fields["connection"] == "close"
    if method == "HEAD":
        assert reply.body == b""
        assert int(reply.fields["content-length"]) > 0
    elif path == "/metrics" and status == 200:
        assert reply.fields["content-type"].startswith("text/plain; version=0.0.4")
    else:
        assert reply.fields["content-type"] == "application/json"
        reply.json()


def test_progress_is_shown_while_starting(hanging: Boot) -> None:
    """Readiness shows phase, elapsed time and every check so far; the metrics say the same."""
    body = hanging.get("/health").json()
    assert (body["status"], body["phase"]) == ("starting", "importing")
    assert body["elapsed_seconds"] > 0
    running = [check for check in body["checks"] if check["status"] == "running"]
    assert [check["name"] for check in running] == ["import hangs"]
    assert hanging.get("/").json()["phase"] == "importing"
    families = text_string_to_metric_families(hanging.get("/metrics").body.decode())
    samples = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    assert samples["airlock_state", "importing"] == 1
    assert samples["airlock_boot_seconds", "importing"] > 0
    assert samples["airlock_check_seconds", "import hangs"] > 0


def test_metrics_want_the_token_from_the_first_moment_on(boot: BootModule) -> None:
    """With METRICS_TOKEN: 401 without it, 200 with it; probes never need it."""
    with boot({"METRICS_TOKEN": "s3cret"}, critical_imports=["hangs"]) as process:
        for wrong in ("", "s3cret", "Bearer", "Bearer S3CRET", "Basic s3cret", "Bearer s3cret2", "Bearer \xe9"):
            reply = process.get("/metrics", Authorization=wrong)
            assert reply.status == 401, wrong
            assert reply.fields["www-authenticate"] == "Bearer"
            assert b"airlock" not in reply.body
        for right in ("Bearer s3cret", "bearer s3cret"):
            assert process.get("/metrics", Authorization=right).status == 200
        assert process.get("/healthz").status == 200


def test_the_management_port_answers_from_the_first_moment_on(boot: BootModule) -> None:
    """With MANAGEMENT_PORT both doors answer probes, and `/metrics` is behind that one alone."""
    with boot({"MANAGEMENT_PORT": "0"}, critical_imports=["hangs"]) as process:
        traffic, management = process.port, process.management_port
        for port in (traffic, management):
            assert request(port, "GET", "/healthz").status == 200
            assert request(port, "GET", "/health").json()["status"] == "starting"
            assert request(port, "GET", "/").status == 503
        assert request(management, "GET", "/metrics").status == 200
        reply = request(traffic, "GET", "/metrics")
        assert (reply.status, reply.fields["retry-after"]) == (503, "1")


def test_a_message_that_is_no_unicode_does_not_end_the_gate(boot: BootModule, write_module: WriteModule) -> None:
    """What a check says of a file whose name is not UTF-8 is shown in some form, and the boot goes on."""
    write_module("victim", "import probes\ndef check():\n    raise probes.Waiting('caf\\udce9 is not there')\n")
    with boot(checks=["victim:check"]) as process:
        process.wait_for("is not there")
        (check,) = [c for c in process.get("/health").json()["checks"] if c["status"] == "waiting"]
        assert "is not there" in check["detail"]


def test_a_failure_that_is_no_unicode_is_reported(boot: BootModule, write_module: WriteModule, tmp_path: Path) -> None:
    """The report and the termination log show such a message too; neither is lost to a traceback of the gate."""
    log = tmp_path / "termination-log"
    write_module("victim", "raise ValueError('caf\\udce9 is not there')\n")
    with boot({"TERMINATION_LOG": str(log)}, critical_imports=["victim"]) as process:
        assert process.wait() == 1
    assert "EXIT STATUS: 1" in process.output
    assert "Traceback" not in process.output
    assert "is not there" in log.read_text()
