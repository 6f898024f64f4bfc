"""Schemathesis asks a service all that its description allows, and what it does not, as a caller with these headers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.api import OPERATIONS, auth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.boot import Boot

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
SEED = 20260131
PATIENCE = 60.0
CONFIG = """
# An account, a message, a thread and a draft that are there.
[parameters]
"path.id" = 1
"""
DESTROYING = ("everything.delete", "accounts.delete")
"""Operations after which there would be nothing left to ask for."""


def conform(
    boot: Boot,
    folder: Path,
    headers: Mapping[str, str],
    *options: str,
    without: Sequence[str] = DESTROYING,
    providers: Sequence[str] = (),
) -> None:
    """Raise AssertionError unless every answer is one that is described: no 5xx, no other status, header or body."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    asked = [str(SCHEMATHESIS), "--config-file", str(config), "run", f"{boot.url}/openapi.json"]
    asked += ["--seed", str(SEED), "--checks", "all", "--generation-database", "none", "--no-color"]
    asked += ["--request-timeout", str(PATIENCE)]
    # What fits the schema is refused all the same where things are not so, as with rules that make no sense.
    asked += ["--exclude-checks", "positive_data_acceptance", *options]
    asked += [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
    asked += [f"--exclude-operation-id={name}" for name in without]
    done = subprocess.run(asked, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    there = len(OPERATIONS) + len(list(auth.described(providers)))
    assert f"Tested: {there - len(without)}" in done.stdout, done.stdout
    assert " ERROR " not in boot.output
