"""Who of the users is the owner, and who is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from service.store.scope import read_as
from service.store.tables import User

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from service.store.database import Database


def owner(session: Session) -> int | None:
    """The id of the first user, whose the service is: what the access token opens; None before the first boot."""
    return session.scalar(select(User.id).order_by(User.id).limit(1))


def is_owner(database: Database, user_id: int) -> bool:
    """Whether it is the owner who asks."""
    with read_as(database, "everybody") as session:
        return owner(session) == user_id


def forgotten(session: Session, user_ids: Collection[int]) -> set[int]:
    """Those of the users who deleted everything, and so have no name; the owner comes back by the access token."""
    first = select(func.min(User.id)).scalar_subquery()
    return set(session.scalars(select(User.id).where(User.id.in_(user_ids), User.name == "", User.id != first)))
