"""Building images with the command line: testcontainers' own way to build has no BuildKit."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "image" / "Dockerfile"


def build(tag: str, *options: str, file: Path = DOCKERFILE, context: Path = ROOT) -> str:
    """Build `tag` and return it. Raises AssertionError with what the build printed when it fails."""
    built = attempt(tag, *options, file=file, context=context)
    assert built.returncode == 0, built.stdout
    return tag


def attempt(tag: str, *options: str, file: Path = DOCKERFILE, context: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Try to build `tag`; what was printed is in `stdout`."""
    return subprocess.run(
        ["docker", "build", "--progress=plain", "--tag", tag, "--file", file, *options, context],
        env={**os.environ, "DOCKER_BUILDKIT": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1200,
    )
