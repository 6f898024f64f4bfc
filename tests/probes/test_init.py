"""The gate as an init: signals, orphans, its own end and the child's, and what it leaves in between (nothing)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.boot import APPS, PATIENCE, Boot
from tests.conftest import BootModule, WriteModule
from tests.probes.clients import connect
from tests.probes.proc import (
    children,
    command,
    descriptors,
    eventually,
    must_end,
    processor_seconds,
    resident,
    service_of,
)

PID_NAMESPACE = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")
HANGS = {
    "an import": "import threading\nthreading.Event().wait()\n",
    "an import that holds the interpreter": "import ctypes\nctypes.PyDLL(None).sleep(600)\n",
    "an endless loop": "while True:\n    pass\n",
}

WAITS = """\
import os
import probes
def check():
    if not os.path.exists(os.environ["AWAITED"]):
        raise probes.Waiting("not there yet")
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2])
def test_signals_reach_the_application(number: signal.Signals, boot: BootModule) -> None:
    """What is sent to the gate is handled by the application, which goes on."""
    with boot({"PYTHONUNBUFFERED": "1"}, app="processes:app") as process:
        process.wait_ready()
        for _ in range(2):
            process.signal(number)
        process.wait_for(f"got {number.name}")
        assert process.get("/health").status == 200
        assert process.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_to_stop_end_the_service_cleanly(number: signal.Signals, boot: BootModule) -> None:
    """Both mean a drain, the application's own shutdown, and exit status 0."""
    with boot() as process:
        process.wait_ready()
        process.signal(number)
        assert process.wait() == 0
        assert "lifespan shutdown ran" in process.output


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/exit/7", 7, "the service ended with exit status 7"),
        ("/kill/9", 137, r"the service was killed by SIGKILL (killed from outside)"),
        ("/kill/11", 139, r"the service was killed by SIGSEGV (segmentation fault)"),
        ("/kill/12", 140, "the service was killed by SIGUSR2"),
        ("/kill/40", 168, "the service was killed by signal 40"),
    ],
)
def test_it_ends_as_the_service_ends_and_says_why(
    path: str, status: int, words: str, boot: BootModule, tmp_path: Path
) -> None:
    """The service's own status, or 128+N for signal N; log and termination log name the cause."""
    log = tmp_path / "termination-log"
    with boot({"TERMINATION_LOG": str(log)}, app="processes:app") as process:
        process.wait_ready()
        with pytest.raises(OSError):
            process.get(path)
        assert process.wait() == status
    assert f"[BOOT] {words}\n" in process.output
    assert log.read_text() == words


def test_an_end_with_status_0_needs_no_words(boot: BootModule) -> None:
    """A service that ends by itself and is content with it ends the gate the same way."""
    with boot(app="processes:app") as process:
        process.wait_ready()
        with pytest.raises(OSError):
            process.get("/exit/0")
        assert process.wait() == 0
    assert "the service" not in process.output


@pytest.mark.skipif(
    subprocess.run([*PID_NAMESPACE, "true"], capture_output=True).returncode != 0,
    reason="this machine does not permit PID namespaces",
)
def test_as_pid_1_it_reaps_orphans(tmp_path: Path) -> None:
    """In a PID namespace of its own no zombie is left of processes that daemonised, and SIGTERM still ends it."""
    with Boot({"app": "processes:app"}, folder=tmp_path, prefix=PID_NAMESPACE) as process:
        process.wait_ready()
        gate = service_of(process)
        (service,) = children(gate)
        process.get("/orphans/20")
        assert len(children(gate)) == 21
        process.get("/release/all")
        eventually(lambda: children(gate) == [service])
        os.kill(gate, signal.SIGTERM)
        assert process.wait() == 0


def test_it_uses_no_processor_time(boot: BootModule) -> None:
    """While the service works the gate is blocked in one call, and never wakes up."""
    with boot() as process:
        process.wait_ready()
        folder = Path(f"/proc/{process.process.pid}")

        def used() -> tuple[float, list[str]]:
            status = (folder / "status").read_text().splitlines()
            return processor_seconds(process.process.pid), [line for line in status if "ctxt_switches" in line]

        def blocked() -> bool:
            return "sigtimedwait" in (folder / "wchan").read_text()

        eventually(lambda: blocked() and not descriptors(process.process.pid, "socket"))
        before = used()
        for path in ("/slow/2", "/", "/health", "/metrics"):
            assert process.get(path).status == 200
        assert used() == before
        assert blocked()


@pytest.mark.parametrize("ready", [False, True])
def test_a_killed_gate_leaves_no_process_and_a_free_port(ready: bool, boot: BootModule) -> None:
    """After SIGKILL, during the boot and after it, the child goes too, and the next instance takes the port."""
    with boot(critical_imports=[] if ready else ["hangs"]) as process:
        process.wait_for("SYSTEM READY" if ready else "hanging")
        port = process.port
        with must_end(service_of(process)):
            process.signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
    with boot({"PORT": str(port)}) as successor:
        successor.wait_ready()
        assert successor.stop() == 0


@pytest.mark.parametrize("hang", HANGS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_boot_ends_both_at_once(
    number: signal.Signals, hang: str, boot: BootModule, write_module: WriteModule
) -> None:
    """Whatever the child is doing, it is gone within a second, and the exit status is 0."""
    write_module("victim", f"print('hanging', flush=True)\n{HANGS[hang]}")
    with boot(critical_imports=["victim"]) as process:
        process.wait_for("hanging")
        with must_end(service_of(process)):
            began = time.monotonic()
            process.signal(number)
            assert process.wait() == 0
            assert time.monotonic() - began < 1
    assert f"{number.name} during the boot" in process.output


def test_late_signals_do_not_change_the_exit_status(boot: BootModule) -> None:
    """An impatient sender who goes on until the process has gone still gets status 0 of a stopped boot."""
    for _ in range(5):
        with boot(critical_imports=["hangs"]) as process:
            process.wait_for("hanging")
            while process.process.poll() is None:
                process.signal(signal.SIGTERM)
            assert process.wait() == 0


def test_a_signal_during_the_boot_ends_what_the_import_has_started(boot: BootModule) -> None:
    """The child's own children go with it."""
    with (
        boot(critical_imports=["starts_sleeper"]) as process,
        must_end(int(process.wait_for(r"sleeper is (\d+)").group(1))),
    ):
        assert process.stop() == 0


def test_more_signals_do_not_postpone_the_end(boot: BootModule) -> None:
    """Whoever asks again and again while the event loop is blocked is not made to wait for each time."""
    with boot({"GRACE_PERIOD": "300"}) as process:
        process.wait_ready()
        with connect(process) as connection:
            connection.sendall(b"GET /block/300 HTTP/1.1\r\nHost: airlock\r\n\r\n")
            process.wait_for("blocking")
            deadline = time.monotonic() + PATIENCE
            while process.process.poll() is None:
                assert time.monotonic() < deadline
                process.signal(signal.SIGTERM)
                try:
                    process.process.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
        assert process.wait() == 143
    assert process.output.count("killing the service") == 1


def modules_of_the_gate(process: Boot) -> set[str]:
    """The top-level modules that the parent had loaded when it ended."""
    return {name.partition(".")[0] for name in process.wait_for("MODULES OF THE GATE: (.*)").group(1).split()}


@pytest.mark.parametrize("outcome", ["served", "failed", "died", "stopped", "checked"])
def test_the_gate_loads_nothing_but_the_standard_library(outcome: str, tmp_path: Path) -> None:
    """Whatever became of the boot, the parent's modules are Python's and ours, up to its end or its life as an init."""
    broken = {"failed": ["no_such_module"], "died": ["dies"], "stopped": ["hangs"]}.get(outcome, [])
    (tmp_path / "dies.py").write_text("import os\nos.abort()\n")
    contract = {"app": "plain:app", "critical_imports": broken}
    args = ("check",) if outcome == "checked" else ()
    prefix = (sys.executable, str(APPS / "shows_modules.py"))
    with Boot(contract, folder=tmp_path, path=(tmp_path, APPS), prefix=prefix, args=args) as process:
        if outcome == "served":
            process.wait_ready()
            assert process.get("/metrics").status == 200
        if outcome == "stopped":
            process.wait_for("hanging")
        if outcome in ("served", "stopped"):
            process.signal()
        assert process.wait() == (outcome in ("failed", "died"))
        loaded = modules_of_the_gate(process)
    assert "probes" in loaded
    assert loaded - {"probes"} <= sys.stdlib_module_names


def test_as_an_init_it_has_given_back_what_only_the_boot_needed(boot: BootModule) -> None:
    """It goes on as a program of its own in the same process, without a way to modules that are not Python's."""
    with boot() as process:
        process.wait_ready()
        gate = process.process.pid
        eventually(lambda: "init.main" in command(gate))
        assert command(gate).split("\0")[1:3] == ["-S", "-P"]
        files = {line.split()[5] for line in Path(f"/proc/{gate}/maps").read_text().splitlines() if line.count("/")}
        assert not [file for file in files if "site-packages" in file]
        assert resident(gate) < resident(service_of(process)) / 2


@pytest.mark.parametrize("at_once", [True, False])
def test_who_was_let_in_before_the_hand_over_is_answered(
    at_once: bool, boot: BootModule, write_module: WriteModule, tmp_path: Path
) -> None:
    """A client that is still writing its request does not lose it; a signal to stop does not wait for the client."""
    write_module("awaited", WAITS)
    awaited = tmp_path / "awaited"
    with boot({"AWAITED": str(awaited)}, checks=["awaited:check"]) as process:
        process.wait_for("not there yet")
        with connect(process) as client:
            client.sendall(b"GET /health HTTP/1.1\r\n")
            assert process.get("/healthz").status == 200  # so the one before has been accepted
            awaited.touch()
            process.wait_for("SYSTEM READY")
            if at_once:
                process.signal()
                assert process.wait() == 0
                return
            client.sendall(b"Host: airlock\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
            eventually(lambda: "init.main" in command(process.process.pid))
            assert process.stop() == 0


def test_nothing_that_the_gate_has_open_leaks_into_the_service(boot: BootModule) -> None:
    """After the hand-over they have no descriptor in common but the standard streams."""
    with boot() as process:
        process.wait_ready()
        gate, service = process.process.pid, service_of(process)
        eventually(lambda: not descriptors(gate, "socket"))
        for kind in ("socket", "pipe"):
            assert not descriptors(gate, kind) & descriptors(service, kind)


def test_a_child_that_takes_over_gets_no_connection_of_the_gate(boot: BootModule, tmp_path: Path) -> None:
    """When the checks go on in a second child, clients of the gate stay its own: only the door is shared."""
    crash = tmp_path / "crash-when"
    os.mkfifo(crash)
    checks = ["crashes_then_hangs:crashes", "crashes_then_hangs:hangs"]
    with boot({"CRASH_WHEN": str(crash)}, checks=checks) as process, ExitStack() as clients:
        for _ in range(10):
            clients.enter_context(connect(process))
        assert process.get("/healthz").status == 200  # so those before have been accepted
        gate = process.process.pid
        first = service_of(process)
        with must_end(first):
            os.close(os.open(crash, os.O_WRONLY))  # returns when the child has opened the other end
        process.wait_for("hanging")
        second = service_of(process)
        assert second != first
        assert len(descriptors(gate, "socket")) >= 10
        assert len(descriptors(gate, "socket") & descriptors(second, "socket")) == 1
        assert len(descriptors(gate, "pipe") & descriptors(second, "pipe")) == 1  # for the stack of a hang
