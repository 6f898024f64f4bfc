"""What runs here: the identity of this process, as people and clients are told it."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from probes import __version__

if TYPE_CHECKING:
    from service.settings import Mode

NAME = "airlock"
VERSION = __version__


@dataclass(frozen=True, slots=True)
class Instance:
    """One start of the service."""

    mode: Mode
    commit: str | None
    started: float = field(default_factory=time.monotonic)
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    """Tells this start from every other."""

    def uptime(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started
