"""The Docker command, as people use it."""

from __future__ import annotations

import subprocess

from tests.bench.processes import Broken


def docker(*arguments: str) -> str:
    """What `docker` printed. Raises `Broken` with its complaint when it failed."""
    try:
        ended = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    except FileNotFoundError:
        raise Broken("there is no command `docker`: install a Docker engine and its command") from None
    if ended.returncode:
        raise Broken(
            f"`docker {' '.join(arguments)}` ended with status {ended.returncode}:\n    {ended.stderr.strip()}"
        )
    return ended.stdout.strip()


def there(image: str) -> bool:
    """Whether the engine has `image`; nothing is pulled."""
    return bool(docker("image", "ls", "--quiet", image))
