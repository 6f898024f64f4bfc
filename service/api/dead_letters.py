"""Dead letters: messages whose work failed as often as it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.api import pages
from service.api.operation import command, read
from service.inputs import View
from service.store.tables import DeadLetter
from service.views import DeadLetterView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class DeadLetters(View):
    """A page of dead letters, the latest first."""

    dead_letters: list[DeadLetterView]
    next: pages.Next


def list_dead_letters(session: Session, given: pages.Page) -> DeadLetters:
    """A page of the dead letters."""
    rows, next_ = pages.page(session, select(DeadLetter), DeadLetter.at, DeadLetter.id, given)
    return DeadLetters(dead_letters=[DeadLetterView.model_validate(row) for row in rows], next=next_)


OPERATIONS = (
    read("dead-letters.list", "/dead-letters", "List failed messages", DeadLetters, list_dead_letters, pages.Page),
    command("dead-letters.retry", "POST", "/dead-letters/{id}/retry", refusals=(404,)),
)
