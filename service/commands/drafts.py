"""Commands on proposed replies. There is none that sends one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from service.commands.command import Command, Done, Refused
from service.inputs import Id, Input
from service.store.events import New
from service.store.tables import Draft
from service.views import DraftView

if TYPE_CHECKING:
    from service.commands.command import Work


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
    draft = _find(work, given.id)
    for name, value in given.model_dump(exclude={"id"}, exclude_none=True).items():
        setattr(draft, name, value)
    return _done(work, draft, "edited")


def discard(work: Work, given: One) -> Done[DraftView]:
    """Put a draft aside; editing it brings it back."""
    return _done(work, _find(work, given.id), "discarded")


COMMANDS: tuple[Command[Any, Any], ...] = (
    Command("drafts.edit", "Change a draft", Edit, DraftView, edit),
    Command("drafts.discard", "Discard a draft", One, DraftView, discard),
)


def _find(work: Work, draft_id: int) -> Draft:
    draft = work.session.get(Draft, draft_id, with_for_update=True)
    if draft is None:
        raise Refused(404, f"there is no draft {draft_id}")
    return draft


def _done(work: Work, draft: Draft, state: str) -> Done[DraftView]:
    draft.state, draft.updated_at = state, work.now
    ids = {"draft_id": draft.id, "message_id": draft.message_id}
    return Done(DraftView.model_validate(draft), (New(f"draft.{state}", ids),), ids)
