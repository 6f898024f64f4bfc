"""Where and as what this process runs: what every support request asks for first. Standard library only."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from probes.environment import Environment


def diagnose(environment: Environment) -> dict[str, Any]:
    """Python, working directory, sys.path, origin of the gate, commit, mode and the user's id."""
    return {
        "python": f"{sys.version.split()[0]} ({sys.executable})",
        "working directory": _working_directory(),
        "sys.path": list(sys.path),
        "probes from": os.path.dirname(__file__),
        "commit": environment.commit or "unknown",
        "mode": environment.mode,
        "user": os.getuid(),
        "pid": os.getpid(),
    }


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        return f"none that can be named ({error.strerror})"
