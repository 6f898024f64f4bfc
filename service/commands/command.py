"""What a command is: a name, what it takes, what it answers, and the function that does it in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from service.inputs import Error
    from service.mail.registry import Allowed
    from service.store.events import New
    from service.store.queue import Queue
    from service.store.vault import Vault

I = TypeVar("I", bound=BaseModel)  # noqa: E741
A = TypeVar("A", bound=BaseModel)


class Refused(Exception):
    """A command that is not done: the HTTP status that says so, a sentence, and each error of the input."""

    def __init__(self, status: int, detail: str, errors: list[Error] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors or []


@dataclass(frozen=True, slots=True)
class Work:
    """What a command is done with. The session sees one user's rows, and is committed when the command returns."""

    session: Session
    user_id: int
    vault: Vault
    queue: Queue
    allowed: Allowed
    now: datetime
    prepared: Any = None
    """What the command's `prepare` has returned."""


@dataclass(frozen=True, slots=True)
class Done(Generic[A]):
    """What a command has done: its answer, the events that tell of it, and what the audit says (ids, no mail)."""

    answer: A
    events: tuple[New, ...] = ()
    audit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command(Generic[I, A]):
    """A command, as HTTP and Socket.IO know it. `run` raises `Refused`."""

    name: str
    summary: str
    input: type[I]
    answer: type[A]
    run: Callable[[Work, I], Done[A]]
    changes: bool = True
    """Whether it changes anything; one that does not has no events, no audit and needs no key."""
    prepare: Callable[[Session, I], Any] | None = None
    """What takes long: done before the transaction, on what the user's session sees then, while nobody waits."""
