"""Who of the users is the owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.store.scope import read_as
from service.store.tables import User

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store.database import Database


def owner(session: Session) -> int | None:
    """The id of the first user, whose the service is: what the access token opens; None before the first boot."""
    return session.scalar(select(User.id).order_by(User.id).limit(1))


def is_owner(database: Database, user_id: int) -> bool:
    """Whether it is the owner who asks."""
    with read_as(database, "everybody") as session:
        return owner(session) == user_id
