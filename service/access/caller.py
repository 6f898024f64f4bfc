"""A caller: the user that a request stands for, and what proved it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Proof = Literal["access token", "API token", "session"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is served. `digest` names the proof, so that it can be asked for again whether it still stands."""

    user_id: int
    proof: Proof
    digest: str
    writes: bool = True
    """Whether it may change anything."""


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256, which is enough for a random one of 256 bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
