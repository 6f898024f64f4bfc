"""An endpoint that is no operation of the API, as the description shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service import inputs


@dataclass(frozen=True, slots=True)
class Described:
    """What `Operation` says of itself, without what serves it. An answer of () has no body."""

    id: str
    method: str
    path: str
    summary: str
    input: type[inputs.Input]
    answer: type[inputs.View] | tuple[str, ...]
    status: int = 200
    refusals: tuple[int, ...] = ()
    """Statuses of all problems that it may have."""
    bodies: Mapping[str, Callable[[str], Any]] | None = None
    is_closed: bool = True
    """Whether it wants a token or a session."""

    @property
    def takes_key(self) -> bool:
        """No idempotency key."""
        return False

    @property
    def problems(self) -> set[int]:
        """Statuses of problems."""
        return {*self.refusals, *({401, 403} if self.is_closed else ())}
