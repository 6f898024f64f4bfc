"""The audit, which is kept for as long as its user is here; of many entries the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from service.store.chunks import chunks
from service.store.tables import Audit, User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST = 100_000
"""Entries of one user."""


def shorten(session: Session, limit: int) -> int:
    """Forget the entries beyond `MOST`, at most `limit` of each user; returns how many there were."""
    forgotten = 0
    for user_id in session.scalars(select(User.id).order_by(User.id)).all():
        newest = select(Audit.id).where(Audit.user_id == user_id).order_by(Audit.at.desc(), Audit.id.desc())
        old = session.scalars(newest.offset(MOST).limit(limit)).all()
        for some in chunks(old):
            session.execute(delete(Audit).where(Audit.id.in_(some)))
        forgotten += len(old)
    return forgotten
