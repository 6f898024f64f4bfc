"""Applies a user's rules to the mail that is stored already, from the first message to the last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.core.category import CATEGORIES
from service.core.rules import Facts, evaluate
from service.store import events, rules
from service.store.reading import email_of
from service.store.tables import Analysis, Correction, Message, Raw

if TYPE_CHECKING:
    from service.store.database import Database

BATCH = 50
"""Messages in one transaction."""


def apply_next(database: Database, user_id: int, after: int) -> int | None:
    """Apply the rules to the next messages after an id; the id to go on after, or None at the end."""
    now = datetime.now(UTC)
    with database.write() as session:
        stored = (
            select(Message, Raw, Analysis, Correction.category)
            .join(Raw, Raw.message_id == Message.id)
            .join(Analysis, Analysis.message_id == Message.id)
            .outerjoin(Correction, Correction.message_id == Message.id)
            .where(Message.user_id == user_id, Message.id > after)
            .order_by(Message.id)
            .limit(BATCH)
        )
        in_force = rules.enabled(session, user_id)
        told: list[events.New] = []
        last = None
        for message, raw, analysis, corrected in session.execute(stored):
            category = next(name for name in CATEGORIES if name == analysis.triaged)
            applications = evaluate(in_force, Facts(email_of(raw), category, now))
            rules.audit(session, analysis, applications, now)
            if rules.show(analysis, applications, corrected):
                told.append(events.New("message.ruled", shown(analysis), message.account_id))
            last = message.id
        events.append(session, user_id, *told)
    return last


def shown(analysis: Analysis) -> dict[str, Any]:
    """How a message is shown, for an event."""
    return {
        "message_id": analysis.message_id,
        "category": analysis.category,
        "labels": analysis.labels,
        "hidden": analysis.hidden,
        "pinned": analysis.pinned,
        "priority": analysis.priority,
    }
