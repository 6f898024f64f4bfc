"""Applies a user's rules to the mail that is stored already, from the first message to the last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.core.category import CATEGORIES
from service.core.rules import Facts, evaluate
from service.store import events, rules
from service.store.database import one_at_a_time
from service.store.reading import stored_email
from service.store.tables import Analysis, Correction, Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from service.core.rules import Application
    from service.store.database import Database

    Applied = Mapping[int, Sequence[Application]]

BATCH = 50
"""Messages in one transaction."""


def apply_next(database: Database, user_id: int, after: int) -> int | None:
    """Apply the rules to the next messages after an id; the id to go on after, or None at the end."""
    now = datetime.now(UTC)
    with database.read() as session:
        applied = _evaluate(session, user_id, after, now)
    if not applied:
        return None
    with database.write() as session:
        _keep(session, user_id, applied, now)
    return max(applied)


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


def _evaluate(session: Session, user_id: int, after: int, now: datetime) -> Applied:
    """The rules that hold for each of the next messages, by its id; nobody waits while it is read."""
    in_force = rules.enabled(session, user_id)
    following = (
        select(Analysis.message_id, Analysis.triaged)
        .where(Analysis.user_id == user_id, Analysis.message_id > after)
        .order_by(Analysis.message_id)
        .limit(BATCH)
    )
    applied = {}
    for row in session.execute(following).all():
        email = stored_email(session, row.message_id)
        category = next(name for name in CATEGORIES if name == row.triaged)
        applied[row.message_id] = evaluate(in_force, Facts(email, category, now)) if email else ()
    return applied


def _keep(session: Session, user_id: int, applied: Applied, now: datetime) -> None:
    """Have the messages shown so that are still there, beside what their user has said of them meanwhile."""
    one_at_a_time(session, user_id)
    here = (
        select(Analysis, Correction.category, Message.account_id)
        .join(Message, Message.id == Analysis.message_id)
        .outerjoin(Correction, Correction.message_id == Analysis.message_id)
        .where(Analysis.message_id.in_(applied))
        .order_by(Analysis.message_id)
        .with_for_update(of=Analysis)
    )
    told: list[events.New] = []
    for analysis, corrected, account_id in session.execute(here).all():
        applications = applied[analysis.message_id]
        rules.audit(session, analysis, applications, now)
        if rules.show(analysis, applications, corrected):
            told.append(events.New("message.ruled", shown(analysis), account_id))
    events.append(session, user_id, *told)
