"""A tree of files that goes into the image: compiled, stripped, and without a time on anything in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def compile_python(root: Path, below: Path, *, keep_sources: bool) -> None:
    """Compile every module `below` with unchecked hashes (PEP 552), under the paths that they will have in the image.

    Without sources it is `image.bytecode` that does it. Raises SystemExit when a module does not compile.
    """
    hashes = ["--invalidation-mode", "unchecked-hash"]
    paths = ["-s", str(root), "-p", "/", str(below)]
    with_sources = ["-m", "compileall", "-q", "-f", *hashes, *paths]
    without = ["-X", "no_debug_ranges", "-m", "image.bytecode", str(root), str(below)]
    if subprocess.run([sys.executable, *(with_sources if keep_sources else without)], check=False).returncode:
        raise SystemExit(f"{below}: not every module compiles, see above")


def strip(root: Path) -> None:
    """Take the symbols for debuggers and linkers out of every ELF file below `root`."""
    for path in files(root):
        with path.open("rb") as file:
            is_elf = file.read(4) == b"\x7fELF"
        if is_elf:
            subprocess.run(["strip", "--strip-unneeded", path], check=True)


def files(root: Path) -> list[Path]:
    """The regular files below `root`, in order."""
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def settle(root: Path) -> None:
    """Take the time from everything (an engine's cache does not look at it), and let all read and only root write."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)


if __name__ == "__main__":
    settle(Path(sys.argv[1]))
