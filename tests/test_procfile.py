"""The Procfile as a process manager runs it: each command in a shell, with the platform's PORT."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probes.drift.procfile import entries
from tests.boot import ROOT

PROCESSES = {name: command for _, name, command in entries((ROOT / "Procfile").read_text())}


@pytest.mark.parametrize(("name", "mode"), [("web", "all"), ("worker", "worker")])
def test_a_process_of_the_procfile_boots_and_drains(tmp_path: Path, name: str, mode: str) -> None:
    """It becomes ready in its mode, and on the SIGTERM that goes to its group it drains."""
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    with subprocess.Popen(
        ["sh", "-c", PROCESSES[name]],
        cwd=ROOT, env={"PATH": path, "PORT": "0", "DATA_DIR": str(tmp_path)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "SYSTEM READY" in line:
                os.killpg(process.pid, signal.SIGTERM)
    assert f", mode {mode}\n" in said
    assert "drained in" in said, said
    assert set(PROCESSES) == {"web", "worker"}
