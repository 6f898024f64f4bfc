"""Commands on messages whose work failed as often as it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.commands.command import Command, Done, Refused
from service.inputs import Id, Input
from service.store.events import New
from service.store.tables import DeadLetter, Message
from service.views import DeadLetterView

if TYPE_CHECKING:
    from service.commands.command import Work


class One(Input):
    """Which dead letter."""

    id: Id


def retry(work: Work, given: One) -> Done[DeadLetterView]:
    """Have the work on a message tried again, as if it had arrived now."""
    letter = work.session.get(DeadLetter, given.id, with_for_update=True)
    if letter is None:
        raise Refused(404, f"there is no dead letter {given.id}")
    message = work.session.get_one(Message, letter.message_id)
    message.analysed_at = None
    work.session.delete(letter)
    work.queue.understand(work.session, letter.account_id)
    ids = {"message_id": letter.message_id}
    return Done(DeadLetterView.model_validate(letter), (New("message.retried", ids, letter.account_id),), ids)


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("dead-letters.retry", "Try a failed message again", One, DeadLetterView, retry),
)
