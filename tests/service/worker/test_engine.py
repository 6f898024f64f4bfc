"""The engine: it ends as it should, whenever that is asked of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.boot import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_worker_that_is_stopped_while_it_starts_ends(tmp_path: Path) -> None:
    """`python -m probes check` stops the service as soon as it has started, while the engine is being launched."""
    ran = subprocess.run(
        [sys.executable, "-m", "probes", "check"],
        cwd=ROOT,
        env={"DATA_DIR": str(tmp_path), "DEMO": "false", "ACCESS_TOKEN": "for-tests-alone-1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "[OK] lifespan shutdown" in ran.stdout
    assert "before DBOS was launched" not in ran.stdout + ran.stderr
