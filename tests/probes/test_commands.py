"""The commands beside the boot: `check`, `health` and the console script."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.boot import APPS, PATIENCE, ROOT, Boot, write_contract
from tests.conftest import BootModule, WriteModule


def test_health_command_tells_readiness_by_its_exit_status(boot: BootModule, tmp_path: Path) -> None:
    """0 when ready, 1 while starting or when nobody answers, 2 for a URL that is none."""

    def health(*arguments: str, **variables: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "probes", "health", *arguments],
            cwd=ROOT, env={"PATH": "/usr/bin:/bin", **variables}, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    (tmp_path / "victim.py").write_text("import threading\nthreading.Event().wait()\n")
    with boot(critical_imports=["victim"]) as process:
        status, said = health(f"{process.url}/health")
        assert status == 1
        assert "not ready: 503" in said
    with boot() as process:
        process.wait_ready()
        assert health(PORT=str(process.port))[0] == 0
        assert health(f"{process.url}/health") == (0, '{"status": "ok"}\n')
        port = process.port
    status, said = health(PORT=str(port))
    assert status == 1
    assert "nothing answers at" in said
    assert health("ftp://example")[0] == 2
    assert health(PORT="http")[0] == 2


def test_check_runs_the_whole_contract_without_a_socket(tmp_path: Path, boot: BootModule) -> None:
    """`check` starts and stops the application, prints one JSON document, and its status is the verdict."""
    contract = write_contract(tmp_path, app="plain:app", critical_imports=["json"])
    with Boot(contract, args=("check", "--format", "json")) as process:
        assert process.wait() == 0
        document = json.loads(process.output[process.output.index("{") :])
    assert "lifespan shutdown ran" in process.output
    assert document["status"] == "ok"
    assert [check["name"] for check in document["checks"]][-2:] == ["lifespan startup", "lifespan shutdown"]
    broken = write_contract(tmp_path, app="plain:app", critical_imports=["jsno"])
    with Boot(broken, args=("check",), path=(APPS,)) as process:
        assert process.wait() == 1
        assert "listening" not in process.output
        assert "ERROR 1: import jsno" in process.output
    with Boot(args=("check", "--contract", str(tmp_path / "none.toml"))) as process:
        assert process.wait() == 2
    with Boot(args=("chekc",)) as process:
        assert process.wait() == 2


def test_an_application_knows_whether_it_is_only_checked(tmp_path: Path, write_module: WriteModule) -> None:
    """What is worth doing once is not for a start that serves nobody."""
    write_module(
        "victim",
        """
        import probes

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                await receive()
                print("rehearsal:", probes.is_rehearsal(), flush=True)
                await send({"type": "lifespan.startup.complete"})
                await receive()
                await send({"type": "lifespan.shutdown.complete"})
        """,
    )
    contract = write_contract(tmp_path, app="victim:app")
    with Boot(contract, args=("check",), path=(tmp_path,)) as process:
        assert process.wait() == 0
        assert "rehearsal: True" in process.output
    with Boot(contract, path=(tmp_path,)) as process:
        process.wait_ready().wait_for("rehearsal: False")


def test_a_check_that_is_stopped_has_not_held(boot: BootModule, tmp_path: Path) -> None:
    """An interrupted `check` is not taken for a contract that holds."""
    (tmp_path / "victim.py").write_text("import threading\nprint('hanging', flush=True)\nthreading.Event().wait()\n")
    contract = write_contract(tmp_path, app="plain:app", critical_imports=["victim"])
    with Boot(contract, args=("check",), path=(tmp_path, APPS)) as process:
        process.wait_for("hanging")
        process.signal()
        assert process.wait() == 143


def test_the_console_script_is_the_same_command(tmp_path: Path) -> None:
    """`airlock` is `python -m probes`, and passes the check that it was started as a package."""
    contract = write_contract(tmp_path, app="plain:app")
    done = subprocess.run(
        [Path(sys.executable).with_name("airlock"), "check"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(APPS), "AIRLOCK_CONTRACT": str(contract)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ALL STARTUP CHECKS PASSED - SYSTEM READY" in done.stdout
