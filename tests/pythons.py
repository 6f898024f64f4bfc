"""Another Python than the one that runs the tests, with the project installed: what differs between them is tested."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.boot import ROOT
from tests.lacking import lack


def other_python(folder: Path) -> str:
    """An interpreter of the other side of Python 3.12, in a fresh virtual environment.

    asyncio's own server waits differently for its connections from 3.12 on. AIRLOCK_OTHER_PYTHON names one; otherwise
    PATH and pyenv are searched. Without any the test is skipped, but in CI it fails.
    """
    found = os.environ.get("AIRLOCK_OTHER_PYTHON") or _search()
    if found is None:
        lack("python", "no other Python was found: install python3.13 (or 3.11), or name it with AIRLOCK_OTHER_PYTHON")
    python = str(folder / "bin" / "python")
    subprocess.run([found, "-m", "venv", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "-q", "-e", ROOT], check=True)
    return python


def _search() -> str | None:
    wanted = ("3.11",) if sys.version_info >= (3, 12) else ("3.13", "3.14", "3.12")
    for version in wanted:
        on_path = shutil.which(f"python{version}")
        if on_path and _runs(on_path):
            return on_path
        pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
        for folder in sorted(pyenv.glob(f"{version}.*"), key=_newest, reverse=True):
            if _runs(str(folder / "bin" / "python")):
                return str(folder / "bin" / "python")
    return None


def _newest(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.name)]


def _runs(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0
    except OSError:
        return False
