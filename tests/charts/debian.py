"""Programs from PATH or from Debian's packages, which need no installation."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.lacking import lack


def find(program: str, package: str, folder: Path) -> str:
    """The program; the test lacks it where it can be had neither way. `folder` keeps it for the next run."""
    on_path = shutil.which(program)
    if on_path:
        return on_path
    kept = folder / "usr" / "bin" / program
    if not kept.exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            lack(program, f"needs {program}, of Debian's package {package}: there is neither the command nor apt")
        loaded = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, text=True)
        packages = list(folder.glob(f"{package}_*.deb"))
        if not packages:
            lack(program, f"needs {program}, and apt-get has no package {package}: {loaded.stderr.strip()[:200]}")
        subprocess.run(["dpkg-deb", "--extract", packages[0], folder], check=True)
        packages[0].unlink()
    return str(kept)
