"""What of a tree the image leaves out: the patterns of a list such as image/pruned.txt."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_patterns(text: str) -> list[str]:
    """The patterns, several a line; a line that starts with `#` is a reason."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return [pattern for line in lines for pattern in line.split()]


def prune(root: Path, patterns: list[str]) -> None:
    """Remove what matches, and folders that are empty then."""
    for pattern in patterns:
        for path in list(root.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    for folder, _, names in os.walk(root, topdown=False):
        if not names and folder != str(root) and not os.listdir(folder):
            os.rmdir(folder)
