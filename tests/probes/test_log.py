"""The gate's words: nobody who reads them slowly, or not at all, holds up the probes; and no secret is among them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.boot import APPS, PATIENCE, ROOT, request, write_contract
from tests.conftest import BootModule, WriteModule
from tests.probes.reports import failed


def test_a_reader_that_has_stalled_holds_up_nothing(tmp_path: Path, write_module: WriteModule) -> None:
    """With a full pipe for its output the gate answers, keeps to the boot timeout, and obeys signals."""
    write_module("victim", "import probes\ndef check():\n    raise probes.Waiting('loud ' * 10_000)\n")
    contract = write_contract(tmp_path, app="plain:app", checks=["victim:check"])
    outgoing, incoming = os.pipe()
    environment = {
        "PATH": os.environ["PATH"],
        "PORT": "0",
        "BOOT_TIMEOUT": "600",
        "AIRLOCK_CONTRACT": str(contract),
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{APPS}",
    }
    with subprocess.Popen([sys.executable, "-m", "probes"], cwd=ROOT, env=environment, stdout=incoming) as gate:
        try:
            os.close(incoming)
            port = int(re.search(rb"listening on \S*:(\d+)", _read_until(outgoing, rb":\d+\n"))[1])  # type: ignore[index]
            attempts = 0
            while attempts < 5:  # each attempt writes more than a pipe holds
                reply = request(port, "GET", "/health")
                assert reply.status == 503
                (attempts,) = [
                    int(re.search(r"attempt (\d+)", check["detail"])[1]) if check["status"] == "waiting" else 0  # type: ignore[index]
                    for check in reply.json()["checks"]
                    if check["name"] == "check victim:check"
                ] or [0]
            began = time.monotonic()
            gate.terminate()
            assert gate.wait(PATIENCE) == 0
            assert time.monotonic() - began < 2
        finally:
            gate.kill()
            os.close(outgoing)


def _read_until(descriptor: int, pattern: bytes) -> bytes:
    data = b""
    while not re.search(pattern, data):
        data += os.read(descriptor, 4096)
    return data


def test_a_termination_log_that_nobody_reads_holds_up_nothing(boot: BootModule, tmp_path: Path) -> None:
    """A FIFO without a reader is skipped."""
    fifo = tmp_path / "termination-log"
    os.mkfifo(fifo)
    with boot({"TERMINATION_LOG": str(fifo)}, critical_imports=["missing"]) as process:
        assert process.wait() == 1
        assert "EXIT STATUS: 1" in process.output


def test_passwords_in_urls_are_not_told(boot: BootModule, write_module: WriteModule) -> None:
    """What a check or an exception says of a URL keeps its password to itself, and strangers get the phase alone."""
    write_module(
        "victim",
        "import probes\ndef check():\n    raise probes.Waiting('cannot reach postgres://app:hunter2@db/mail')\n",
    )
    with boot(checks=["victim:check"]) as process:
        process.wait_for("cannot reach postgres://app:")
        shown = process.get("/health").body.decode()
        assert "postgres://app:***@db/mail" in shown
        assert set(process.get("/anything").json()) == {"status", "phase"}
        assert process.stop() == 0
        assert "hunter2" not in shown + process.output


def test_a_start_that_goes_wrong_outside_a_check_is_told_as_it_is(boot: BootModule, write_module: WriteModule) -> None:
    """An application that takes a metric's name, or exits in its lifespan, reads why in the report."""
    write_module(
        "victim",
        """
        import prometheus_client
        from plain import app

        total = prometheus_client.Counter("http_requests_total", "mine")
        """,
    )
    with boot(app="victim:app") as process:
        assert process.wait() == 1
        assert "the application has metrics of its own by the gate's names" in process.output
        assert "request-metrics = false" in process.output
        assert "os._exit" not in process.output
    write_module("leaver", "import sys\nasync def app(scope, receive, send):\n    sys.exit('no database')\n")
    with boot(app="leaver:app") as process:
        assert process.wait() == 1
        assert "lifespan startup raised RuntimeError: SystemExit('no database')" in process.output


def test_the_summary_goes_to_the_termination_log(boot: BootModule, tmp_path: Path) -> None:
    """The platform gets every error in at most 4096 bytes of valid UTF-8."""
    log = tmp_path / "termination-log"
    names = [f"missing_módulo_{number}" for number in range(100)]
    with boot({"TERMINATION_LOG": str(log)}, critical_imports=names) as process:
        report = failed(process)
    assert "100 errors" in report
    data = log.read_bytes()
    assert len(data) <= 4096
    text = data.decode()
    assert text.startswith("CRITICAL: STARTUP VALIDATION FAILED - CANNOT PROCEED (100 errors, exit status 1)")
    assert "import missing_módulo_0:" in text


def test_the_report_shows_diagnostics(boot: BootModule, tmp_path: Path) -> None:
    """Python, working directory, sys.path, commit and mode are in every report."""
    with boot({"AIRLOCK_COMMIT": "abc1234", "WORKER_MODE": "true"}, critical_imports=["missing"]) as process:
        report = failed(process)
    assert re.search(r"python: 3\.\d+", report)
    assert "working directory:" in report
    assert str(APPS) in report
    assert "commit: abc1234" in report
    assert "mode: worker" in report


def test_the_json_log_has_one_object_a_line_and_the_whole_report(boot: BootModule) -> None:
    """With LOG_FORMAT=json every line parses, and the last holds the errors, the diagnostics and the exit status."""
    with boot({"LOG_FORMAT": "json"}, critical_imports=["missing"]) as process:
        assert process.wait() == 1
        entries = [json.loads(line) for line in process.output.splitlines()]
    assert all({"time", "level", "logger", "message"} <= entry.keys() for entry in entries)
    last = entries[-1]
    assert last["level"] == "critical"
    assert last["exit_status"] == 1
    assert last["diagnostics"]["sys.path"]
    (error,) = [check for check in last["checks"] if check["status"] == "failed"]
    assert error["name"] == "import missing"
    assert error["resolution"]
