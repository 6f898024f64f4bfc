"""Commands on proposed replies. One is sent when its writer says so, and never by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from sqlalchemy import Text, cast, func, select

from service.commands.command import Command, Done, Refused
from service.core.draft import BLANK
from service.core.outgoing import Unsendable, compose
from service.inputs import Id, Input
from service.mail.registry import GMAIL
from service.store.database import one_at_a_time
from service.store.events import New
from service.store.replies import outgoing
from service.store.tables import Account, Draft, Message
from service.views import DraftView

if TYPE_CHECKING:
    from service.commands.command import Work


MOST = 20_000_000
"""Characters of all drafts of one user, addressees included."""


class Addressee(Input):
    """Whom a reply is addressed to."""

    name: Annotated[str, Field(max_length=320)] = ""
    address: Annotated[str, Field(min_length=1, max_length=320)]


class Edit(Input):
    """What is to be different about a draft; what is left out stays."""

    id: Id
    subject: Annotated[str, Field(max_length=1000)] | None = None
    to: Annotated[list[Addressee], Field(max_length=100)] | None = None
    text: Annotated[str, Field(max_length=500_000)] | None = None


class One(Input):
    """Which draft."""

    id: Id


def edit(work: Work, given: Edit) -> Done[DraftView]:
    """Change a draft; a model does not overwrite it any more."""
    one_at_a_time(work.session, work.user_id)  # or two that are measured at once could each be the last one
    draft = _open(work, given.id)
    before = _size(work)
    for name, value in given.model_dump(exclude={"id"}, exclude_none=True).items():
        setattr(draft, name, value)
    work.session.flush()
    if before < (size := _size(work)) > MOST:
        raise Refused(409, f"your drafts would have {size} characters, and at most {MOST} are kept: shorten some first")
    return _done(work, draft, "edited")


def discard(work: Work, given: One) -> Done[DraftView]:
    """Put a draft aside; editing it brings it back."""
    return _done(work, _open(work, given.id), "discarded")


def send(work: Work, given: One) -> Done[DraftView]:
    """Have a draft sent as it is; that it is to be sent is noted before anything is."""
    draft = _open(work, given.id)
    google = work.allowed.google
    if google is None or not google.sends:
        raise Refused(409, "no replies are sent here: the operator sets GMAIL_SEND=true first")
    account = work.session.get_one(Account, work.session.get_one(Message, draft.message_id).account_id)
    if account.kind != GMAIL or account.secret is None:
        raise Refused(409, "the reply is to mail of a mailbox that is not at Gmail, and sent from those alone")
    if draft.state == "discarded":
        raise Refused(409, f"draft {draft.id} is discarded: edit it first")
    if BLANK in draft.text:
        raise Refused(409, f"draft {draft.id} has {BLANK} where something is still to be written: edit it first")
    try:
        compose(outgoing(work.vault, account, draft), work.now)
    except Unsendable as unsendable:
        raise Refused(409, str(unsendable)) from None
    work.queue.send(work.session, work.user_id, draft.id)
    return _done(work, draft, "queued")


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("drafts.edit", "Change a draft", Edit, DraftView, edit),
    Command("drafts.discard", "Discard a draft", One, DraftView, discard),
    Command("drafts.send", "Send a draft", One, DraftView, send),
)


def _size(work: Work) -> int:
    """Characters of all drafts."""
    return int(work.session.scalar(select(func.sum(func.length(Draft.text) + func.length(cast(Draft.to, Text))))) or 0)


def _find(work: Work, draft_id: int) -> Draft:
    draft = work.session.get(Draft, draft_id, with_for_update=True)
    if draft is None:
        raise Refused(404, f"there is no draft {draft_id}")
    return draft


def _open(work: Work, draft_id: int) -> Draft:
    """A draft that is not on its way."""
    draft = _find(work, draft_id)
    if draft.state in ("queued", "sending", "sent"):
        told = "was sent" if draft.state == "sent" else "is being sent"
        raise Refused(409, f"draft {draft_id} {told} already")
    return draft


def _done(work: Work, draft: Draft, state: str) -> Done[DraftView]:
    draft.state, draft.updated_at = state, work.now
    ids = {"draft_id": draft.id, "message_id": draft.message_id}
    return Done(DraftView.model_validate(draft), (New(f"draft.{state}", ids),), ids)
