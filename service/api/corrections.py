"""Corrections: what the user said that messages are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.api import pages
from service.api.operation import command, read
from service.inputs import View
from service.store.tables import Correction
from service.views import CorrectionView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Corrections(View):
    """A page of corrections, the latest first."""

    corrections: list[CorrectionView]
    next: pages.Next


def list_corrections(session: Session, given: pages.Page) -> Corrections:
    """A page of the corrections."""
    rows, next_ = pages.page(session, select(Correction), Correction.at, Correction.id, given)
    return Corrections(corrections=[CorrectionView.model_validate(row) for row in rows], next=next_)


OPERATIONS = (
    read("corrections.list", "/corrections", "List corrections", Corrections, list_corrections, pages.Page),
    command("messages.correct", "PUT", "/messages/{id}/correction", refusals=(404, 409)),
    command("messages.uncorrect", "DELETE", "/messages/{id}/correction", refusals=(404, 409)),
)
"""The correction of a message is below it."""
