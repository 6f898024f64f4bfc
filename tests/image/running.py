"""Running a program in Python in an image."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable


def python(image: str, program: str, *options: str, stdin: str = "") -> str:
    """What the program prints. Raises AssertionError with everything that it said when it fails."""
    ran = attempt(image, program, *options, stdin=stdin)
    assert ran.returncode == 0, f"exit status {ran.returncode}: {ran.stderr}{ran.stdout}"
    return ran.stdout


def attempt(
    image: str, program: str, *options: str, arguments: Iterable[str] = (), stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the program as the image's user; `options` are those of `docker run`, `arguments` the program's."""
    command = ["docker", "run", "--rm", "--interactive", "--network=none", "--entrypoint=python", *options, image]
    return subprocess.run(
        [*command, "-c", program, *arguments], input=stdin, capture_output=True, text=True, timeout=120
    )
