"""Drafts: replies that are proposed. None is ever sent by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.api import pages
from service.api.operation import command, read
from service.commands.command import Refused
from service.commands.drafts import One
from service.inputs import View
from service.store.tables import Draft
from service.views import DraftState, DraftView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Filters(pages.Page):
    """Which drafts."""

    state: DraftState | None = None


class Drafts(View):
    """A page of drafts, the latest first."""

    drafts: list[DraftView]
    next: pages.Next


def list_drafts(session: Session, given: Filters) -> Drafts:
    """A page of the drafts."""
    query = select(Draft) if given.state is None else select(Draft).where(Draft.state == given.state)
    rows, next_ = pages.page(session, query, Draft.updated_at, Draft.id, given)
    return Drafts(drafts=[DraftView.model_validate(row) for row in rows], next=next_)


def get_draft(session: Session, given: One) -> DraftView:
    """A draft."""
    draft = session.get(Draft, given.id)
    if draft is None:
        raise Refused(404, f"there is no draft {given.id}")
    return DraftView.model_validate(draft)


OPERATIONS = (
    read("drafts.list", "/drafts", "List drafts", Drafts, list_drafts, Filters),
    read("drafts.get", "/drafts/{id}", "Show a draft", DraftView, get_draft, One, (404,)),
    command("drafts.edit", "PATCH", "/drafts/{id}", refusals=(404, 409)),
    command("drafts.discard", "POST", "/drafts/{id}/discard", refusals=(404, 409)),
    command("drafts.send", "POST", "/drafts/{id}/send", refusals=(404, 409)),
)
