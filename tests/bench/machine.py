"""What a run ran on, and the bytecode that both sides start from."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version

from tests.bench.processes import ROOT
from tests.bench.sides import PROGRAMS

_DISTRIBUTIONS = ("hypercorn", "h11", "starlette", "prometheus-client")


def compile_all() -> None:
    """Compile everything that is imported; what can't be written is compiled by the warm-up, or by neither side."""
    folders = [*(str(ROOT / room) for room in ("probes", "service", "tests/probes/apps")), str(PROGRAMS)]
    folders += [sysconfig.get_path("purelib"), sysconfig.get_path("stdlib")]
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", *folders], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def describe() -> str:
    """Python, the distributions, processors and load."""
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"Python {platform.python_version()}, {', '.join(map(_named, _DISTRIBUTIONS))}\n"
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, load {load}"
    )


def _named(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return f"no {distribution}"
