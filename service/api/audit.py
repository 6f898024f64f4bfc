"""The audit: who had the service do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.api import pages
from service.api.operation import read
from service.inputs import View
from service.store.tables import Audit
from service.views import AuditView

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Entries(View):
    """A page of the audit, the latest first."""

    entries: list[AuditView]
    next: pages.Next


def list_entries(session: Session, given: pages.Page) -> Entries:
    """A page of the audit."""
    rows, next_ = pages.page(session, select(Audit), Audit.at, Audit.id, given)
    return Entries(entries=[AuditView.model_validate(row) for row in rows], next=next_)


OPERATIONS = (read("audit.list", "/audit", "List what was done", Entries, list_entries, pages.Page),)
