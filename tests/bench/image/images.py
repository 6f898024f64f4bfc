"""What is compared: the image, and the same service in images made in the documented ways."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.bench.image.engine import there
from tests.bench.processes import Broken
from tests.image.build import build

DISTROLESS = "distroless-python3:debian13"
PEERS = Path(__file__).parent.parent / "images" / "peers.Dockerfile"


@dataclass(frozen=True)
class Side:
    """An image that serves on port 8000; `path` is 200 once it is ready."""

    name: str
    image: str
    path: str = "/"


@dataclass(frozen=True)
class Images:
    """The image with its base part, and the peers that can be built here, distroless first."""

    ours: Side
    base: str
    bare: str | None
    """Distroless without anything on it, if it is here."""
    peers: list[Side]


def images() -> Images:
    """Ours is the image that IMAGE names, or one built from this tree; its base part and the peers always are."""
    ours = os.environ.get("IMAGE") or _build("airlock-bench")
    base = _build("airlock-bench-base", "--target", "base")
    peers = [Side("Debian with a venv", _build("airlock-bench-debian", "--target", "debian", file=PEERS))]
    bare = DISTROLESS if there(DISTROLESS) else None
    if bare:
        peers.insert(0, Side("distroless", _build("airlock-bench-distroless", "--target", "distroless", file=PEERS)))
    else:
        _say(
            f"there is no {DISTROLESS}, so its rows are left out: pull the distroless project's image of Python 3 on "
            "Debian 13, and give it this name with `docker tag`"
        )
    return Images(Side("ours", ours, "/health"), base, bare, peers)


def _build(tag: str, *options: str, file: Path | None = None) -> str:
    _say(f"building {tag}")
    try:
        return build(tag, *options, file=file) if file else build(tag, *options)
    except AssertionError as error:
        raise Broken(f"{tag} cannot be built:\n{error}") from error


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
