"""What a person's mail may cost on a day (UTC): reserved before the model is asked, corrected after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from service.store import clock
from service.store.tables import AiUsage, User

if TYPE_CHECKING:
    from datetime import date

    from service.store.database import Database


@dataclass(frozen=True, slots=True)
class Reserved:
    """Tokens that are set aside for one question, on the day that pays for it."""

    user_id: int
    day: date
    tokens: int


def reserve(database: Database, user_id: int, tokens: int, limit: int) -> Reserved | None:
    """Set tokens aside; None when the day's rest is smaller."""
    with database.write() as session:
        # One at a time for each user, also for the day's first, for which there is no row to lock.
        session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
        day = clock.now(session).date()
        usage = session.get(AiUsage, (user_id, day))
        if usage is None:
            usage = AiUsage(user_id=user_id, day=day, requests=0, tokens=0)
            session.add(usage)
        if usage.tokens + tokens > limit:
            return None
        usage.tokens += tokens
        usage.requests += 1
        return Reserved(user_id, day, tokens)


def correct(database: Database, reserved: Reserved, tokens: int) -> None:
    """Count what the question has cost instead of what was reserved for it."""
    with database.write() as session:
        session.execute(
            update(AiUsage)
            .where(AiUsage.user_id == reserved.user_id, AiUsage.day == reserved.day)
            .values(tokens=AiUsage.tokens - reserved.tokens + tokens)
        )
